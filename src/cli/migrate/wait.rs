//! `--wait`: for a database that starts at the same time as we do.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Engine;
use crate::database::{DatabaseError, Migrator};

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(250);

/// Tries until the server answers. A `SQLite` file needs no server.
///
/// # Errors
/// The last try's, once `patience` is at its end.
pub(super) async fn until_it_answers(
    migrator: &Migrator,
    patience: Duration,
) -> Result<(), DatabaseError> {
    let deadline = Instant::now() + patience;
    if migrator.engine() == Engine::Sqlite {
        return Ok(());
    }
    let mut told = false;
    loop {
        let Err(error @ DatabaseError::Connect { .. }) = migrator.ledger().await else {
            // Whatever else is wrong, it answers.
            return Ok(());
        };
        if Instant::now() >= deadline {
            return Err(error);
        }
        if !told {
            tracing::info!(error = %error, for_s = patience.as_secs(), "waiting for the database");
            told = true;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
