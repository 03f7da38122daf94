//! One turn of a variant: so many tasks that do the same over and over, and what came of it.

use std::fmt;
use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Reads a row by its key.
    Select,
    /// Inserts a row.
    Insert,
    /// Reads one of a few rows and writes it back with one more, in a transaction.
    Increment,
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Increment => "increment",
        })
    }
}

impl FromStr for Work {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Select, Self::Insert, Self::Increment]
            .into_iter()
            .find(|work| work.to_string() == text)
            .ok_or_else(|| format!("no work is called {text}"))
    }
}

/// What came of a turn.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// Operations a second that succeeded.
    pub(crate) rate: f64,
    /// How many succeeded.
    pub(crate) done: u64,
    /// How many failed.
    pub(crate) failed: u64,
    /// What the last failure said.
    pub(crate) said: String,
}

/// The form in which a peer answers.
impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self.said.replace('\n', " ");
        write!(f, "{} {} {} {said}", self.rate, self.done, self.failed)
    }
}

impl FromStr for Turn {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let mut parts = line.trim_end().splitn(4, ' ');
        let mut next = || parts.next().unwrap_or_default();
        let unfit = || format!("a peer answered: {line}");
        Ok(Self {
            rate: next().parse().map_err(|_| unfit())?,
            done: next().parse().map_err(|_| unfit())?,
            failed: next().parse().map_err(|_| unfit())?,
            said: next().to_owned(),
        })
    }
}

/// Has so many tasks do the operation over and over. It is given a number that is another each time, for
/// most of the time.
pub(crate) fn run<F, R, E>(runtime: &Runtime, tasks: u64, time: Duration, operation: F) -> Turn
where
    F: Fn(u64) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<(), E>> + Send,
    E: fmt::Display,
{
    let done = Arc::new(AtomicU64::new(0));
    let failed = Arc::new(AtomicU64::new(0));
    let said = Arc::new(Mutex::new(String::new()));
    let start = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|task| {
            let operation = operation.clone();
            let (done, failed, said) = (Arc::clone(&done), Arc::clone(&failed), Arc::clone(&said));
            runtime.spawn(async move {
                let mut number = task * 977;
                while start.elapsed() < time {
                    number += 1;
                    match operation(number).await {
                        Ok(()) => done.fetch_add(1, Ordering::Relaxed),
                        Err(error) => {
                            *said.lock().unwrap() = error.to_string();
                            failed.fetch_add(1, Ordering::Relaxed)
                        }
                    };
                }
            })
        })
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    let done = done.load(Ordering::Relaxed);
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let rate = done as f64 / start.elapsed().as_secs_f64();
    let said = std::mem::take(&mut *said.lock().unwrap());
    Turn {
        rate,
        done,
        failed: failed.load(Ordering::Relaxed),
        said,
    }
}
