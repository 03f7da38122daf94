//! Every kind of error, provoked for real on both engines, with the constraint's name and table.

mod foreign_keys;
mod names;
mod provoked;

use sqlx::AnyConnection;
use twinbase::config::Engine;
use twinbase::database::{DatabaseError, ErrorKind, Violation};
use twinbase::migration::translate::translate;
use twinbase::testing::TestDatabase;

/// A connection to a database with these tables, written as portable migrations are.
async fn with_tables(database: &TestDatabase, tables: &str) -> AnyConnection {
    let mut conn = database.open().connect().await.unwrap();
    let sql = translate(tables, database.engine()).unwrap();
    run(&mut conn, &sql).await.unwrap();
    conn
}

/// Runs text without arguments.
async fn run(conn: &mut AnyConnection, sql: &str) -> Result<(), sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql).execute(conn).await.map(drop)
}

/// The error of a statement that fails.
async fn provoke(conn: &mut AnyConnection, sql: &str) -> sqlx::Error {
    let query = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()));
    query.execute(conn).await.expect_err(sql)
}

/// The kind, the table, the constraint and the columns.
type Seen = (ErrorKind, Option<String>, Option<String>, Vec<String>);

fn seen(error: sqlx::Error) -> Seen {
    let error = DatabaseError::from(error);
    let violation = error.violation().cloned();
    let (table, constraint, columns) = match violation {
        Some(Violation {
            table,
            constraint,
            columns,
            ..
        }) => (table, constraint, columns),
        None => (None, None, Vec::new()),
    };
    (error.kind(), table, constraint, columns)
}

fn broken(kind: ErrorKind, table: &str, constraint: &str, columns: &[&str]) -> Seen {
    let columns = columns.iter().map(|column| (*column).to_owned()).collect();
    (
        kind,
        Some(table.to_owned()),
        Some(constraint.to_owned()),
        columns,
    )
}

/// The text for the engine, where the two have no common one.
fn either<'a>(engine: Engine, sqlite: &'a str, postgres: &'a str) -> &'a str {
    match engine {
        Engine::Sqlite => sqlite,
        Engine::Postgres => postgres,
    }
}
