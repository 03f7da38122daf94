//! What a connection tells the one who opened it, beside what sqlx lets through.
//!
//! sqlx hands a driver a URL and gives an `AnyConnection` back, behind which the driver's own type is
//! out of reach. So whoever opens the connection offers a [`Link`], whose number travels as a private
//! parameter of the URL, and the driver takes it when it connects.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use url::Url;

/// The private parameter of the URL.
pub(crate) const PARAMETER: &str = "twinbase_link";

/// The links that were offered and not taken back.
static OFFERED: Mutex<Option<HashMap<u64, Arc<Link>>>> = Mutex::new(None);

/// A process of a PostgreSQL server: its number alone may be another's on another server, or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backend {
    pub(crate) pid: i32,
    /// When it began to serve the connection, in microseconds since 1970.
    pub(crate) since: i64,
}

/// What both sides of a connection know.
#[derive(Debug)]
pub(crate) struct Link {
    /// The process of PostgreSQL that serves the connection.
    backend: OnceLock<Backend>,
    /// Whether a statement may have left something behind that outlives its transaction: a setting, a
    /// temporary table, a lock of the session's.
    session_changed: AtomicBool,
    /// Whether the connection was lost.
    lost: AtomicBool,
    /// How long a statement may run, in milliseconds; below zero it is as the connection was opened.
    statement_timeout: AtomicI64,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            backend: OnceLock::new(),
            session_changed: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            statement_timeout: AtomicI64::new(-1),
        }
    }
}

impl Link {
    /// Offers a link to the connection that is opened next with [`Offer::parameter`].
    pub(crate) fn offer() -> Offer {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let link = Arc::<Self>::default();
        with_offered(|offered| offered.insert(number, Arc::clone(&link)));
        Offer { number, link }
    }

    /// The link that the URL names; one that nobody looks at where it names none.
    pub(super) fn taken(url: &Url) -> Arc<Self> {
        let number = url
            .query_pairs()
            .find(|(key, _)| key == PARAMETER)
            .and_then(|(_, value)| value.parse::<u64>().ok());
        number
            .and_then(|number| with_offered(|offered| offered.get(&number).cloned()))
            .unwrap_or_default()
    }

    /// The process of PostgreSQL that serves the connection.
    pub(crate) fn backend(&self) -> Option<Backend> {
        self.backend.get().copied()
    }

    pub(super) fn set_backend(&self, backend: Backend) {
        // A connection has one, and is opened once.
        let _ = self.backend.set(backend);
    }

    /// Whether the connection is no longer as it was opened.
    pub(crate) fn is_session_changed(&self) -> bool {
        self.session_changed.load(Ordering::Acquire)
    }

    pub(super) fn note_session_change(&self) {
        self.session_changed.store(true, Ordering::Release);
    }

    /// Whether the server or the network has ended the connection.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    pub(super) fn note_lost(&self) {
        self.lost.store(true, Ordering::Release);
    }

    /// How long a statement may run, zero without limit, instead of what the connection was opened
    /// with; `None` where it is that. SQLite's driver keeps it; PostgreSQL's gives a server that is
    /// silent for longer up.
    pub(crate) fn statement_timeout(&self) -> Option<Duration> {
        let millis = u64::try_from(self.statement_timeout.load(Ordering::Acquire)).ok()?;
        Some(Duration::from_millis(millis))
    }

    pub(crate) fn set_statement_timeout(&self, limit: Option<Duration>) {
        let millis = limit.map_or(-1, |limit| {
            // Less than one would be none, which means no limit.
            let least = i64::from(!limit.is_zero());
            i64::try_from(limit.as_millis())
                .unwrap_or(i64::MAX)
                .max(least)
        });
        self.statement_timeout.store(millis, Ordering::Release);
    }

    /// The change was the pool's own, which knows of it.
    pub(crate) fn forget_session_change(&self) {
        self.session_changed.store(false, Ordering::Release);
    }
}

fn with_offered<T>(act: impl FnOnce(&mut HashMap<u64, Arc<Link>>) -> T) -> T {
    let mut offered = OFFERED.lock().unwrap_or_else(PoisonError::into_inner);
    act(offered.get_or_insert_default())
}

/// A link on offer, until it is dropped.
#[derive(Debug)]
pub(crate) struct Offer {
    number: u64,
    link: Arc<Link>,
}

impl Offer {
    /// The private parameter of the URL.
    pub(crate) fn parameter(&self) -> (&'static str, String) {
        (PARAMETER, self.number.to_string())
    }

    /// The link; the offer ends.
    pub(crate) fn accept(self) -> Arc<Link> {
        Arc::clone(&self.link)
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        with_offered(|offered| offered.remove(&self.number));
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_taken_while_it_is_on_offer() {
        let offer = Link::offer();
        let (key, value) = offer.parameter();
        let url = Url::parse(&format!("sqlite::memory:?{key}={value}")).unwrap();
        let taken = Link::taken(&url);
        let link = offer.accept();
        let backend = Backend { pid: 7, since: 1 };
        taken.set_backend(backend);
        assert_eq!(link.backend(), Some(backend));
        assert_eq!(Link::taken(&url).backend(), None);
    }
}
