//! Whole transactions, run again where another one was in the way.

use std::time::{Duration, Instant};

use super::session::Home;
use super::{Backoff, DatabaseError, ErrorKind, Lane, SessionFailed, SessionGuard};

/// The pause before the first repetition.
const FIRST_PAUSE: Duration = Duration::from_millis(2);

/// The longest pause between two runs.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Counts the transactions that were run again, by the kind of error.
const RETRIES: &str = "twinbase_transaction_retries_total";

/// Counts the transactions that were not run again because time was up.
const GIVEN_UP: &str = "twinbase_transaction_retries_exhausted_total";

/// Runs the work in a session of its own until it is committed, its error is none that another run
/// may mend, or time is up.
pub(super) async fn run<T, E, F, R>(lane: &Lane, work: &F) -> Result<T, E>
where
    F: Fn(SessionGuard) -> R,
    R: Future<Output = Result<T, E>>,
    E: From<DatabaseError>,
{
    let start = Instant::now();
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    for run in 1_u32.. {
        let (session, home) = Home::lend(lane.session());
        let result = work(session).await;
        let (error, kind) = match finish(&home, result).await {
            Ok(value) => return Ok(value),
            Err(failed) => failed,
        };
        if !kind.is_some_and(may_run_again) {
            return Err(error);
        }
        let kind = kind.map_or_else(String::new, |kind| format!("{kind:?}"));
        let pause = backoff.pause();
        if start.elapsed() + pause >= lane.retry_deadline() {
            tracing::warn!(
                kind,
                runs = run,
                seconds = start.elapsed().as_secs_f64(),
                "a transaction is not run again: database.retry_deadline is over"
            );
            metrics::counter!(GIVEN_UP, "kind" => kind).increment(1);
            return Err(error);
        }
        tracing::debug!(kind, run, "a transaction is run again");
        metrics::counter!(RETRIES, "kind" => kind).increment(1);
        tokio::time::sleep(pause).await;
    }
    unreachable!("the loop has no end but its returns")
}

/// Commits, or rolls back where the work has failed: its error, and the kind of what failed first.
pub(super) async fn finish<T, E>(
    home: &Home,
    result: Result<T, E>,
) -> Result<T, (E, Option<ErrorKind>)>
where
    E: From<DatabaseError>,
{
    let Some(session) = home.take() else {
        let kept = DatabaseError::from(SessionFailed::kept());
        return Err((result.err().unwrap_or_else(|| kept.into()), None));
    };
    let failure = session.failure();
    match result {
        Ok(value) => match session.commit().await {
            Ok(()) => Ok(value),
            // Of a lost connection it is not known whether it has committed: that is a kind of its own.
            Err(error) => {
                let kind = failure.or_else(|| Some(error.kind()));
                Err((error.into(), kind))
            }
        },
        Err(error) => {
            if let Err(error) = session.rollback().await {
                tracing::debug!(%error, "a transaction that is over could not be rolled back");
            }
            Err((error, failure))
        }
    }
}

/// Whether another run may succeed and can do no harm: nothing of this one was committed.
pub(super) fn may_run_again(kind: ErrorKind) -> bool {
    kind.is_retryable() || kind == ErrorKind::Connection
}
