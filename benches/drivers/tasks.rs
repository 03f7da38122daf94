//! Work that is done over and over for a time: by tasks of the runtime, or by this thread.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::runtime::Runtime;

use crate::rounds::Work;

/// So many tasks of the runtime that do the same over and over. The operation is given a number
/// that is another each time, for most of the time.
pub(crate) fn tasks<F, R>(runtime: &Runtime, count: u64, operation: F) -> Work<'_>
where
    F: Fn(u64) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = ()> + Send,
{
    Box::new(move |time| {
        let done = Arc::new(AtomicU64::new(0));
        let start = Instant::now();
        let tasks: Vec<_> = (0..count)
            .map(|task| {
                let (operation, done) = (operation.clone(), Arc::clone(&done));
                runtime.spawn(async move {
                    let mut number = task * 977;
                    while start.elapsed() < time {
                        number += 1;
                        operation(number).await;
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        rate(done.load(Ordering::Relaxed), start)
    })
}

/// This thread alone.
pub(crate) fn thread<'a>(mut operation: impl FnMut(i64) + 'a) -> Work<'a> {
    Box::new(move |time| {
        let (mut done, start) = (0, Instant::now());
        while start.elapsed() < time {
            done += 1;
            operation(i64::try_from(done).unwrap());
        }
        rate(done, start)
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn rate(done: u64, start: Instant) -> f64 {
    done as f64 / start.elapsed().as_secs_f64()
}
