"""The peer of the lanes' bench: SQLAlchemy 2 async (Core), over aiosqlite or psycopg.

Its arguments are a database URL and SQLite's `synchronous`. It reads lines of what to do, by how many
tasks at a time and for how many seconds, and answers each with operations a second, how many were done,
how many failed, and what the last failure said.
"""

import asyncio
import sys
import time

from sqlalchemy import BigInteger, Column, Double, MetaData, Table, Text, event, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

TABLE_ROWS = 100_000
COUNTERS = 8

url, synchronous = sys.argv[1:]
# As the plan has it: 20 connections and 10 more, tested before use, renewed each hour.
engine = create_async_engine(
    url, pool_size=20, max_overflow=10, pool_pre_ping=True, pool_recycle=3600, pool_timeout=30
)

if engine.dialect.name == "sqlite":

    @event.listens_for(engine.sync_engine, "connect")
    def as_the_others_do(connection, _record):
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")


def table(name):
    texts = [Column(column, Text) for column in ("name", "note")]
    floats = [Column(column, Double) for column in ("price", "weight")]
    return Table(name, MetaData(), Column("id", BigInteger), *texts, *floats, Column("stock", BigInteger))


READ, WRITTEN = table("t"), table("w")
COUNTED = Table("counters", MetaData(), Column("id", BigInteger), Column("n", BigInteger))


async def point_select(number):
    identity = number % TABLE_ROWS + 1
    async with engine.connect() as connection:
        row = (await connection.execute(select(READ).where(READ.c.id == identity))).one()
    assert row.id == identity


async def single_insert(number):
    row = {
        "id": number,
        "name": "a short name",
        "note": "a note that is longer than the name",
        "price": 12.25,
        "weight": 0.125,
        "stock": -number,
    }
    async with engine.begin() as connection:
        await connection.execute(insert(WRITTEN).values(row))


async def increment(number):
    identity = number % COUNTERS + 1
    # On SQLite there is no FOR UPDATE, and SQLAlchemy leaves it out.
    read = select(COUNTED.c.n).where(COUNTED.c.id == identity).with_for_update()
    async with engine.begin() as connection:
        n = (await connection.execute(read)).scalar_one()
        await connection.execute(update(COUNTED).where(COUNTED.c.id == identity).values(n=n + 1))


WORKS = {"select": point_select, "insert": single_insert, "increment": increment}


class Turn:
    def __init__(self, work, seconds):
        self.work, self.seconds = work, seconds
        self.done, self.failed, self.said = 0, 0, ""
        self.start = time.perf_counter()

    def elapsed(self):
        return time.perf_counter() - self.start

    async def task(self, number):
        number *= 977
        while self.elapsed() < self.seconds:
            number += 1
            try:
                await self.work(number)
                self.done += 1
            except SQLAlchemyError as error:
                self.failed += 1
                self.said = " ".join(str(getattr(error, "orig", error)).split())


async def main():
    for line in sys.stdin:
        name, tasks, seconds = line.split()
        turn = Turn(WORKS[name], float(seconds))
        await asyncio.gather(*(turn.task(number) for number in range(int(tasks))))
        print(turn.done / turn.elapsed(), turn.done, turn.failed, turn.said, flush=True)


asyncio.run(main())
