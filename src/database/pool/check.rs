//! Whether a connection is still good when it is taken.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use sqlx::Executor as _;
use tokio::time::timeout;

use super::figures::Count;
use super::seat::{Member, Mode};
use super::{Inner, order};
use crate::config::Engine;
use crate::database::alive;

/// The part of its lifetime by which a connection's own may be shorter, so that those that were
/// opened together are not replaced together.
const JITTER: f64 = 0.1;

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It serves.
    Good,
    /// It is closed, and another opened for it.
    Replace,
}

/// The age at which a new connection is replaced; `None` for never.
pub(super) fn lifetime(recycle: Duration) -> Option<Duration> {
    if recycle.is_zero() {
        return None;
    }
    // A hasher with fresh keys is the standard library's source of randomness.
    let part = RandomState::new().hash_one(recycle) % 1000;
    let part = f64::from(u16::try_from(part).unwrap_or(0)) / 1000.0;
    Some(recycle.mul_f64(1.0 - JITTER * part))
}

/// Looks at a connection that is taken: its age, whether it is alive, and what it may do. `None` where
/// that takes a question to the database, which [`ask`] asks.
pub(super) fn look(pool: &Inner, member: &Member, mode: Option<Mode>) -> Option<Verdict> {
    let now = Instant::now();
    let age = now.saturating_duration_since(member.opened);
    if pool.generation.is_over(age) || member.lifetime.is_some_and(|lifetime| age >= lifetime) {
        tracing::debug!(
            pool = pool.name,
            age_seconds = age.as_secs_f64(),
            "connection recycled"
        );
        pool.figures.add(Count::Recycled);
        return Some(Verdict::Replace);
    }
    let may_do_so = mode.is_none_or(|mode| mode == member.mode);
    (may_do_so && !is_ping_due(pool, now, member)).then_some(Verdict::Good)
}

/// Asks a connection that [`look`] can't judge.
pub(super) async fn ask(pool: &Inner, member: &mut Member, mode: Option<Mode>) -> Verdict {
    let alive = (!is_ping_due(pool, Instant::now(), member) || is_alive(pool, member).await)
        && match mode {
            Some(mode) if mode != member.mode => is_told(pool, member, mode).await,
            _ => true,
        };
    if !alive {
        pool.generation.retire();
        order::close_idle_of_before(pool);
        return Verdict::Replace;
    }
    Verdict::Good
}

/// Whether it was idle for so long, or since before another was lost.
fn is_ping_due(pool: &Inner, now: Instant, member: &Member) -> bool {
    let (Some(limit), Some(since)) = (pool.settings.pre_ping_idle, member.idle_since) else {
        return false;
    };
    now.saturating_duration_since(since) >= limit || member.is_suspect
}

async fn is_alive(pool: &Inner, member: &mut Member) -> bool {
    let limit = pool.settings.ping_timeout;
    let asked = alive::ask(&mut member.conn, pool.connector.target().engine());
    let failure = match timeout(limit, asked).await {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {limit:?}"),
    };
    tracing::warn!(
        pool = pool.name,
        failure,
        "a pooled connection had died; all that are older than this are replaced"
    );
    pool.figures.add(Count::DroppedByPing);
    false
}

/// Tells a connection to PostgreSQL what statements outside of a transaction may do on it.
async fn is_told(pool: &Inner, member: &mut Member, mode: Mode) -> bool {
    if pool.connector.target().engine() == Engine::Sqlite {
        return true;
    }
    let sql = match mode {
        Mode::ReadWrite => "SET default_transaction_read_only = off",
        Mode::ReadOnly => "SET default_transaction_read_only = on",
    };
    let limit = pool.settings.ping_timeout;
    let failure = match timeout(limit, member.conn.execute(sqlx::raw_sql(sql))).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("no answer within {limit:?}")),
    };
    if let Some(failure) = failure {
        tracing::warn!(
            pool = pool.name,
            failure,
            "a pooled connection did not change between reading and writing; all that are older than this \
             are replaced"
        );
        pool.figures.add(Count::DroppedByPing);
        return false;
    }
    // Where this was dropped half-way, the connection counts as changed and is closed.
    member.link.forget_session_change();
    member.mode = mode;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_differ_by_up_to_a_tenth() {
        assert_eq!(lifetime(Duration::ZERO), None);
        let hour = Duration::from_hours(1);
        let lifetimes: Vec<_> = (0..100).filter_map(|_| lifetime(hour)).collect();
        assert!(
            lifetimes
                .iter()
                .all(|lifetime| *lifetime <= hour && *lifetime >= hour.mul_f64(0.9))
        );
        assert!(lifetimes.iter().any(|lifetime| *lifetime != lifetimes[0]));
    }
}
