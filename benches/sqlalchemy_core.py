"""The peer of the drivers' bench that runs SQLAlchemy Core over Python's sqlite3.

It reads lines of what to do and for how many seconds, and answers each with operations a second.
"""

import sys
import time

from sqlalchemy import BigInteger, Column, Double, MetaData, Table, Text, create_engine, event, insert, select

ROWS = 1000

engine = create_engine(f"sqlite:///{sys.argv[1]}", connect_args={"timeout": 60})


@event.listens_for(engine, "connect")
def as_the_others_do(connection, _record):
    connection.execute("PRAGMA synchronous = NORMAL")


def table(name):
    texts = [Column(column, Text) for column in ("name", "note")]
    floats = [Column(column, Double) for column in ("price", "weight")]
    return Table(name, MetaData(), Column("id", BigInteger), *texts, *floats, Column("stock", BigInteger))


READ, WRITTEN = table("t"), table("w")


def rows():
    with engine.connect() as connection:
        found = connection.execute(select(READ).where(READ.c.id <= ROWS)).all()
    assert len(found) == ROWS
    return found


def values():
    read = [(row.id, row.name, row.note, row.price, row.weight, row.stock) for row in rows()]
    assert read[-1][0] == ROWS


def inserts():
    items = [
        {
            "id": number,
            "name": "a short name",
            "note": "a note that is longer than the name",
            "price": 12.25,
            "weight": 0.125,
            "stock": -number,
        }
        for number in range(ROWS)
    ]
    with engine.begin() as connection:
        connection.execute(insert(WRITTEN), items)


for line in sys.stdin:
    name, seconds = line.split()
    work = {"rows": rows, "values": values, "inserts": inserts}[name]
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < float(seconds):
        work()
        done += 1
    print(done / (time.perf_counter() - start), flush=True)
