//! Whether a connection is alive.

use sqlx::{AnyConnection, Connection as _, Error, Executor as _};

use crate::config::Engine;

/// Asks the database, whatever it has answered a moment ago: the PostgreSQL driver's ping goes by that.
///
/// # Errors
/// Where the connection is of no more use.
pub(super) async fn ask(connection: &mut AnyConnection, engine: Engine) -> Result<(), Error> {
    match engine {
        Engine::Sqlite => connection.ping().await,
        Engine::Postgres => connection
            .execute(sqlx::raw_sql("SELECT 1"))
            .await
            .map(drop),
    }
}
