//! Who holds a connection and for how long, and the watch over them.

use std::fmt;
use std::panic::Location;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::Inner;
use super::figures::Count;

/// Who asked for a connection.
#[derive(Debug, Clone)]
pub(in crate::database) enum Holder {
    /// The place in the source that asked.
    Place(&'static Location<'static>),
    /// The name that it gave itself.
    Name(Arc<str>),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place) => write!(f, "{}:{}", place.file(), place.line()),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[derive(Debug)]
struct Hold {
    holder: Holder,
    since: Instant,
    warned: bool,
}

/// The connections in use.
#[derive(Debug, Default)]
pub(super) struct Holders {
    holds: Vec<Option<Hold>>,
    free: Vec<usize>,
}

impl Holders {
    /// Takes note of a holder; gives the key by which to remove it.
    pub(super) fn add(&mut self, holder: Holder, since: Instant) -> usize {
        let hold = Some(Hold {
            holder,
            since,
            warned: false,
        });
        if let Some(key) = self.free.pop() {
            self.holds[key] = hold;
            return key;
        }
        self.holds.push(hold);
        self.holds.len() - 1
    }

    pub(super) fn remove(&mut self, key: usize) {
        if self.holds[key].take().is_some() {
            self.free.push(key);
        }
    }

    /// Removes a holder, where there is one.
    pub(super) fn end(&mut self, key: Option<usize>) {
        if let Some(key) = key {
            self.remove(key);
        }
    }

    /// How many connections are in use.
    pub(super) fn len(&self) -> usize {
        self.holds.len() - self.free.len()
    }

    /// Who has held a connection for the longest time, and since when.
    pub(super) fn longest(&self) -> Option<(&Holder, Instant)> {
        let oldest = self.holds.iter().flatten().min_by_key(|hold| hold.since)?;
        Some((&oldest.holder, oldest.since))
    }

    /// Those who have held a connection for longer than this, each told once.
    fn overdue(&mut self, limit: Duration) -> Vec<(String, Duration)> {
        let overdue = |hold: &&mut Hold| !hold.warned && hold.since.elapsed() >= limit;
        self.holds
            .iter_mut()
            .flatten()
            .filter(overdue)
            .map(|hold| {
                hold.warned = true;
                (hold.holder.to_string(), hold.since.elapsed())
            })
            .collect()
    }
}

/// Warns of connections that are held for longer than `leak_warning`, while the pool lives.
pub(super) fn watch(pool: &Arc<Inner>) {
    let limit = pool.settings.leak_warning;
    if limit.is_zero() {
        return;
    }
    let pool = Arc::downgrade(pool);
    let watching = Watching(pool.clone());
    tokio::spawn(async move {
        let _watching = watching;
        let mut pause = tokio::time::interval((limit / 4).max(Duration::from_millis(1)));
        loop {
            pause.tick().await;
            let Some(pool) = Weak::upgrade(&pool) else {
                return;
            };
            let (overdue, closed) = {
                let mut state = pool.state();
                (state.holders.overdue(limit), state.closed)
            };
            for (holder, held) in overdue {
                tracing::warn!(
                    pool = pool.name,
                    holder,
                    held_seconds = held.as_secs_f64(),
                    "a connection is held for long: it may be leaked, or its holder waits for something else"
                );
                pool.figures.add(Count::Leaked);
            }
            if closed {
                return;
            }
        }
    });
}

/// Lets another watch begin when this one ends, with its runtime say.
struct Watching(Weak<Inner>);

impl Drop for Watching {
    fn drop(&mut self) {
        if let Some(pool) = self.0.upgrade() {
            pool.state().is_watched = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_holder_is_told_and_each_is_warned_of_once() {
        let mut holders = Holders::default();
        let now = Instant::now();
        let first = holders.add(Holder::Name("first".into()), now);
        let second = holders.add(Holder::Name("second".into()), now + Duration::from_secs(1));
        assert_eq!(holders.len(), 2);
        assert_eq!(
            holders
                .longest()
                .map(|(holder, _)| holder.to_string())
                .as_deref(),
            Some("first")
        );
        assert_eq!(holders.overdue(Duration::ZERO).len(), 2);
        assert_eq!(holders.overdue(Duration::ZERO).len(), 0);
        holders.remove(first);
        assert_eq!(
            holders
                .longest()
                .map(|(holder, _)| holder.to_string())
                .as_deref(),
            Some("second")
        );
        holders.remove(second);
        assert_eq!(holders.add(Holder::Name("third".into()), now), second);
        assert_eq!(holders.len(), 1);
    }
}
