//! Variants that take turns, and the ratios between them.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

/// Odd, so that the median is one of them.
const ROUNDS: usize = 7;
const TURN: Duration = Duration::from_millis(300);
const WARM_UP: Duration = Duration::from_millis(50);

/// Works for about so long; operations a second.
pub(crate) type Work<'a> = Box<dyn FnMut(Duration) -> f64 + 'a>;

/// A thing to do, and the ways of doing it. The first one's figures are divided by the others'.
pub(crate) struct Subject<'a> {
    title: String,
    variants: Vec<(&'static str, Work<'a>)>,
    /// The ratios to a variant that are asked for.
    goals: Vec<(&'static str, f64)>,
    before_turn: Box<dyn FnMut() + 'a>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            variants: Vec::new(),
            goals: Vec::new(),
            before_turn: Box::new(|| ()),
        }
    }

    /// What to put in order before each turn, outside of the time.
    pub(crate) fn before_turn(mut self, work: impl FnMut() + 'a) -> Self {
        self.before_turn = Box::new(work);
        self
    }

    pub(crate) fn variant(mut self, name: &'static str, work: Work<'a>) -> Self {
        self.variants.push((name, work));
        self
    }

    /// The first variant is to be so many times as fast as the one that was named last.
    pub(crate) fn goal(mut self, ratio: f64) -> Self {
        if let Some((name, _)) = self.variants.last() {
            self.goals.push((name, ratio));
        }
        self
    }

    pub(crate) fn run(mut self, wanted: &[String]) {
        let title = self.title.to_lowercase();
        if !wanted.is_empty() && !wanted.iter().any(|part| title.contains(part)) {
            return;
        }
        let count = self.variants.len();
        let mut figures = vec![Vec::new(); count];
        for (_, work) in &mut self.variants {
            (self.before_turn)();
            work(WARM_UP);
        }
        for round in 0..ROUNDS {
            // Each round starts with another variant, so that none always follows the same one.
            for turn in 0..count {
                let at = (round + turn) % count;
                (self.before_turn)();
                figures[at].push((self.variants[at].1)(TURN));
            }
        }
        println!("\n{}", self.title);
        for (at, (name, _)) in self.variants.iter().enumerate() {
            let rate = middle(&mut figures[at].clone());
            if at == 0 {
                println!("  {name:34} {rate:10.0} a second");
                continue;
            }
            let mut ratios: Vec<f64> = figures[0]
                .iter()
                .zip(&figures[at])
                .map(|(a, b)| a / b)
                .collect();
            let ratio = middle(&mut ratios);
            let (least, greatest) = (ratios[0], ratios[ROUNDS - 1]);
            let goal = self.goals.iter().find(|(of, _)| of == name);
            let goal = goal.map_or_else(String::new, |(_, goal)| {
                // Rounds on both sides of a goal decide nothing: the machine was too busy.
                let verdict = match goal {
                    goal if least >= *goal => "met",
                    goal if greatest < *goal => "missed",
                    goal if ratio >= *goal => "met by the median, not by each round",
                    _ => "missed by the median, not by each round",
                };
                format!("   goal {goal:.2}: {verdict}")
            });
            println!(
                "  {name:34} {rate:10.0} a second   x {ratio:5.2}   ({least:.2} to {greatest:.2}){goal}"
            );
        }
    }
}

fn middle(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

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
