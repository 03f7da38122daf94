//! Short reads of connections that are alike go through the one that their thread used last.
//!
//! Its pages and statements are in the processor's caches. sqlx's pool hands out the connection that has
//! been idle for longest, so that tasks which read one row each would go through all there are, and begin
//! each time with one that is cold.
//!
//! A read outside of a transaction sees what is committed, through whichever connection it goes. What
//! differs from one to the other keeps a connection to itself: an open transaction, a changed session,
//! and the functions that tell of its own last write, which never run on a caller's thread.

use super::engine::{Engine, Request};
use super::file::NamedFile;
use super::gathered::Gathered;
use super::inline::Inline;
use super::options::Options;
use super::read_mark::{OpenConnection, ReadMark};
use super::turn::Turn;
use super::worker::Shared;
use sqlx_core::Error;
use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Connections that were opened with the same options to the same file.
#[derive(Debug)]
pub(super) struct Kin {
    url: String,
    file: NamedFile,
    read_mark: Arc<ReadMark>,
}

/// Those that have connections, or had.
static KIN: Mutex<Vec<Weak<Kin>>> = Mutex::new(Vec::new());

thread_local! {
    /// The connection that this thread used last.
    static LAST: Cell<Option<Arc<Shared>>> = const { Cell::new(None) };
}

impl Kin {
    /// The kin of a connection with these options, which `open` opens; `None` where its file can't be
    /// told: its name may have gone to another one meanwhile. An open that finds no file makes it.
    pub(super) fn of_opened<T>(
        options: &Options,
        open: impl FnOnce() -> T,
    ) -> (T, Option<Arc<Self>>) {
        let before = NamedFile::of(&options.path());
        let opened = open();
        let kin = Self::of(options);
        let is_same = |kin: &Arc<Self>| {
            let before = before.as_ref();
            before.is_none_or(|file| file.is_same(&kin.file))
        };
        (opened, kin.filter(is_same))
    }

    fn of(options: &Options) -> Option<Arc<Self>> {
        // Nothing tells such a connection what was written since it was opened.
        if options.at_rest {
            return None;
        }
        let url = options.to_url();
        let file = NamedFile::of(&options.path())?;
        let mut all = KIN.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|kin| kin.strong_count() > 0);
        if let Some(known) = all
            .iter()
            .filter_map(Weak::upgrade)
            .find(|one| one.url == url && one.file.is_same(&file))
        {
            return Some(known);
        }
        let kin = Arc::new(Self {
            url,
            read_mark: ReadMark::of(&file),
            file,
        });
        all.push(Arc::downgrade(&kin));
        Some(kin)
    }

    /// Counts a connection that is open.
    pub(super) fn enter(&self) -> OpenConnection {
        self.read_mark.enter()
    }
}

/// Runs a request on the caller's thread: a read outside of a transaction through the connection that
/// this thread used last, if that is of `own`'s kin and free, and else through `own`. `None` where it has to
/// run elsewhere.
pub(super) fn run(own: &Arc<Shared>, request: &Request) -> Option<Result<Gathered, Error>> {
    if !own.is_idle() {
        return None;
    }
    if !own.is_like_new() || own.kin.is_none() {
        return own.run_inline(request, |_| true).done();
    }
    // It is back when the request is done: nothing that this calls finds it half used.
    let last = take_last();
    let is_own = last.as_ref().is_some_and(|last| Arc::ptr_eq(last, own));
    if let Some(other) = &last
        && !is_own
        && other.is_kin_of(own)
        && other.is_idle()
    {
        let like_own = |engine: &Engine| other.is_like_new() && engine.is_outside_of_transactions();
        match other.run_inline(request, like_own) {
            Inline::Refused => {}
            stopped_or_done => {
                keep_last(last);
                return stopped_or_done.done();
            }
        }
    }
    let inline = own.run_inline(request, |_| true);
    keep_last(match inline {
        Inline::Done(_) if !is_own => Some(Arc::clone(own)),
        _ => last,
    });
    inline.done()
}

/// None too where the thread's own values have gone: it ends.
fn take_last() -> Option<Arc<Shared>> {
    LAST.try_with(Cell::take).ok().flatten()
}

fn keep_last(last: Option<Arc<Shared>>) {
    // A thread that ends reads no more.
    let _ = LAST.try_with(|kept| kept.set(last));
}

impl Inline {
    fn done(self) -> Option<Result<Gathered, Error>> {
        match self {
            Self::Done(result) => Some(result),
            Self::Refused | Self::Stopped => None,
        }
    }
}

impl Shared {
    /// Whether all that was sent to its thread is done.
    fn is_idle(&self) -> bool {
        self.control.pending.load(Ordering::Acquire) == 0
    }

    /// Whether it has neither a transaction nor anything else that the others of its kin have not.
    fn is_like_new(&self) -> bool {
        self.control.depth.load(Ordering::Acquire) == 0 && !self.control.link.is_session_changed()
    }

    fn is_kin_of(&self, other: &Self) -> bool {
        match (&self.kin, &other.kin) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// Runs the request on this thread where nobody else has the engine, and it is `fit`.
    fn run_inline(&self, request: &Request, fit: impl FnOnce(&Engine) -> bool) -> Inline {
        match self.engine.try_lock().as_deref_mut() {
            Ok(Some(engine)) if fit(engine) => {
                let inline = engine.run_inline(request);
                if matches!(inline, Inline::Done(_)) {
                    self.follow_pace(engine);
                }
                inline
            }
            _ => Inline::Refused,
        }
    }

    /// Counts a read, and has the read mark held where they are many. One in a transaction takes none, and a
    /// session that was changed may have no log any more.
    fn follow_pace(&self, engine: &mut Engine) {
        if self.is_like_new()
            && let (Some(pace), Some(kin)) = (&mut engine.pace, &self.kin)
            && pace.count(Turn::last_look())
        {
            kin.read_mark.want();
        }
    }
}

impl Engine {
    fn is_outside_of_transactions(&self) -> bool {
        self.depth == 0 && self.connection.is_autocommit()
    }
}
