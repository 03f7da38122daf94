//! The lanes, as an application uses them.

use twinbase::config::Engine;
use twinbase::database::{Database, DatabaseError, SessionGuard};

use super::{
    COUNTERS, INSERT, NAME, NOTE, PRICE, SELECT, TABLE_ROWS, UPDATE_COUNTER, WEIGHT, site,
};
use sqlx::Row as _;

pub(crate) async fn select(database: Database, number: u64) -> Result<(), sqlx::Error> {
    let id = i64::try_from(number).unwrap() % TABLE_ROWS + 1;
    let query = sqlx::query(SELECT).bind(id);
    let row = query.fetch_one(database.reader()).await?;
    assert_eq!(row.get::<i64, _>(0), id);
    Ok(())
}

pub(crate) async fn insert(database: Database, number: u64) -> Result<(), sqlx::Error> {
    insert_by(database.writer(), number).await
}

/// An insert by [`Database::write`], in a COMMIT that others share.
pub(crate) async fn insert_in_write(database: Database, number: u64) -> Result<(), DatabaseError> {
    let work = move |mut session: SessionGuard| async move {
        insert_by(&mut *session, number).await?;
        Ok(())
    };
    database.write(work).await
}

async fn insert_by<'e>(
    executor: impl sqlx::AnyExecutor<'e>,
    number: u64,
) -> Result<(), sqlx::Error> {
    let number = i64::try_from(number).unwrap();
    let query = sqlx::query(INSERT).bind(number).bind(NAME).bind(NOTE);
    let query = query.bind(PRICE).bind(WEIGHT).bind(-number);
    query.execute(executor).await?;
    Ok(())
}

pub(crate) async fn increment_in_write(
    database: Database,
    number: u64,
) -> Result<(), DatabaseError> {
    let is_sqlite = database.engine() == Engine::Sqlite;
    let work = move |session| increment(session, is_sqlite, number);
    database.write(work).await
}

pub(crate) async fn increment_in_transaction(
    database: Database,
    number: u64,
) -> Result<(), DatabaseError> {
    let is_sqlite = database.engine() == Engine::Sqlite;
    let work = move |session| increment(session, is_sqlite, number);
    database.writer().transaction(work).await
}

async fn increment(
    mut session: SessionGuard,
    is_sqlite: bool,
    number: u64,
) -> Result<(), DatabaseError> {
    let id = i64::try_from(number).unwrap() % COUNTERS + 1;
    let (_, read) = site::increment(is_sqlite);
    let query = sqlx::query_scalar::<_, i64>(read).bind(id);
    let n = query.fetch_one(&mut *session).await?;
    let query = sqlx::query(UPDATE_COUNTER).bind(n + 1).bind(id);
    query.execute(&mut *session).await?;
    Ok(())
}
