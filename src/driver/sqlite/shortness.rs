//! Whether a statement is short enough to run on the caller's thread: what its runs have shown.

use super::opcodes::Stops;
use std::time::Duration;

/// What a run on the caller's thread may take before it is stopped and moved away.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Limits {
    pub(super) time: Duration,
    pub(super) rows: usize,
}

/// Of a statement that can be stopped at once. With what its rows cost, a poll stays under 1 ms.
const LIMITS: Limits = Limits {
    time: Duration::from_micros(750),
    rows: 1024,
};

/// Of one that sorts: what it has gathered by then it may sort in one go.
const LIMITS_OF_SORTING: Limits = Limits {
    time: Duration::from_micros(200),
    rows: 64,
};

/// A statement may take so many times what it took when it proved short, and this at least.
const TOLERANCE: u32 = 2;
const LEAST_TIME: Duration = Duration::from_micros(200);

/// A statement may run on the caller's thread after so many short runs.
const PROVEN: i32 = 3;

/// What a statement has to show after a run on the caller's thread that was not short.
struct Penalty {
    /// So many short runs at first.
    least: i32,
    /// So many times more each time.
    growth: i32,
    /// And no more than this.
    highest: i32,
    /// So many short runs on the caller's thread in a row let it begin anew.
    forgiven_after: i32,
}

/// Where the run was more work than the others: the statement varies.
const VARYING: Penalty = Penalty {
    least: PROVEN + 4,
    growth: 4,
    highest: 4096,
    forgiven_after: 256,
};

/// Where it was no more work: the machine was busy elsewhere, or the disk slow.
const STALLED: Penalty = Penalty {
    least: 1,
    growth: 2,
    highest: 64,
    forgiven_after: 16,
};

/// A run that came to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) time: Duration,
    pub(super) rows: usize,
    /// The instructions of SQLite's machine, which a busy machine does not change.
    pub(super) steps: i32,
}

/// What the runs of a statement have shown.
#[derive(Debug)]
pub(super) struct Shortness {
    /// How many times in a row it was short; may be below zero after it was not on the caller's
    /// thread.
    short_runs: i32,
    /// How many short runs it last had to show after that; 0 where it is forgiven.
    penalty: i32,
    forgiven_after: i32,
    /// The longest and the most of the runs that proved it short.
    time: Duration,
    steps: i32,
    /// How soon it can be stopped; known once that matters.
    stops: Option<Stops>,
}

impl Shortness {
    pub(super) const fn new() -> Self {
        Self {
            short_runs: 0,
            penalty: 0,
            forgiven_after: 0,
            time: Duration::ZERO,
            steps: 0,
            stops: None,
        }
    }

    /// The statement was prepared anew.
    pub(super) const fn forget_stops(&mut self) {
        self.stops = None;
    }

    /// What it may take on the caller's thread; `None` where it may not run there.
    pub(super) fn limits(&self) -> Option<Limits> {
        if self.short_runs < PROVEN {
            return None;
        }
        let most = most_of(self.stops?)?;
        let time = (TOLERANCE * self.time).clamp(LEAST_TIME, most.time);
        Some(Limits { time, ..most })
    }

    /// Whether it has to run on its own connection's thread, or that is not known.
    pub(super) fn is_late(&self) -> bool {
        self.stops.and_then(most_of).is_none()
    }

    /// Notes a run of a statement that only reads; `stops` tells how soon it can be stopped, and is
    /// asked once the statement has proven short.
    pub(super) fn note(&mut self, run: Run, stops: impl FnOnce() -> Option<Stops>) {
        if let Some(limits) = self.limits() {
            // A run on the connection's own thread is not stopped.
            if run.time > limits.time || run.rows > limits.rows {
                self.short_runs = 0;
            } else if run.time <= self.time {
                self.steps = self.steps.max(run.steps);
            }
            return;
        }
        // Where it is not known yet, the greater limits hold until it is.
        let most = self.stops.map_or(Some(LIMITS), most_of);
        let is_short = most.is_some_and(|most| run.rows <= most.rows && run.time <= short(most));
        if !is_short {
            self.short_runs = self.short_runs.min(0);
            return;
        }
        if self.short_runs <= 0 {
            (self.time, self.steps) = (Duration::ZERO, 0);
        }
        self.short_runs = PROVEN.min(self.short_runs + 1);
        self.time = self.time.max(run.time);
        self.steps = self.steps.max(run.steps);
        if self.short_runs >= PROVEN && self.stops.is_none() {
            self.stops = stops();
            let most = self.stops.and_then(most_of);
            if most.is_none_or(|most| self.time > short(most)) {
                self.short_runs = 0;
            }
        }
    }

    /// It was short on the caller's thread.
    pub(super) const fn was_short(&mut self) {
        if self.short_runs < PROVEN {
            return;
        }
        self.short_runs += 1;
        if self.short_runs >= PROVEN + self.forgiven_after {
            self.short_runs = PROVEN;
            (self.penalty, self.forgiven_after) = (0, 0);
        }
    }

    /// It was not short on the caller's thread, where it was stopped after so many steps.
    pub(super) fn was_long(&mut self, steps: i32) {
        let penalty = if steps > self.steps { VARYING } else { STALLED };
        let grown = penalty.growth * self.penalty.min(penalty.highest);
        self.penalty = self
            .penalty
            .max(grown.clamp(penalty.least, penalty.highest));
        self.short_runs = PROVEN - self.penalty;
        self.forgiven_after = self.forgiven_after.max(penalty.forgiven_after);
    }
}

/// The most that such a statement may take on the caller's thread.
const fn most_of(stops: Stops) -> Option<Limits> {
    match stops {
        Stops::AtOnce => Some(LIMITS),
        Stops::AfterSorting => Some(LIMITS_OF_SORTING),
        Stops::Late => None,
    }
}

/// The longest run that counts as short: what leaves a part of the limit for a busier hour.
fn short(limits: Limits) -> Duration {
    limits.time * 2 / 3
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Run = Run {
        time: Duration::from_micros(100),
        rows: 10,
        steps: 1000,
    };

    fn proven(stops: Stops) -> Shortness {
        let mut shortness = Shortness::new();
        prove(&mut shortness, PROVEN, stops);
        shortness
    }

    fn prove(shortness: &mut Shortness, runs: i32, stops: Stops) {
        for _ in 0..runs {
            assert_eq!(shortness.limits(), None);
            shortness.note(SHORT, || Some(stops));
        }
    }

    #[test]
    fn a_statement_may_take_twice_what_it_took_when_it_proved_short() {
        let limits = proven(Stops::AtOnce).limits();
        let time = Duration::from_micros(200);
        assert_eq!(limits, Some(Limits { time, ..LIMITS }));
        let mut shortness = Shortness::new();
        for micros in [100, 350, 200] {
            let time = Duration::from_micros(micros);
            shortness.note(Run { time, ..SHORT }, || Some(Stops::AtOnce));
        }
        let time = Duration::from_micros(700);
        assert_eq!(shortness.limits(), Some(Limits { time, ..LIMITS }));
    }

    #[test]
    fn one_that_sorts_may_take_less_and_one_that_cannot_be_stopped_nothing() {
        assert_eq!(
            proven(Stops::AfterSorting).limits(),
            Some(LIMITS_OF_SORTING)
        );
        assert_eq!(proven(Stops::Late).limits(), None);
    }

    #[test]
    fn a_run_that_is_long_or_gives_many_rows_begins_the_proof_anew() {
        let time = Duration::from_millis(1);
        for long in [
            Run { time, ..SHORT },
            Run {
                rows: 1025,
                ..SHORT
            },
        ] {
            let mut shortness = Shortness::new();
            prove(&mut shortness, PROVEN - 1, Stops::AtOnce);
            shortness.note(long, || Some(Stops::AtOnce));
            prove(&mut shortness, PROVEN, Stops::AtOnce);
            assert!(shortness.limits().is_some());
            shortness.note(long, || Some(Stops::AtOnce));
            prove(&mut shortness, PROVEN, Stops::AtOnce);
            assert!(shortness.limits().is_some());
        }
    }

    #[test]
    fn more_work_than_before_costs_more_proofs_each_time() {
        let mut shortness = proven(Stops::AtOnce);
        for proofs in [7, 28, 112, 448, 1792, 4096, 4096] {
            shortness.was_long(SHORT.steps + 1);
            prove(&mut shortness, proofs, Stops::AtOnce);
            assert!(shortness.limits().is_some(), "{proofs}");
        }
    }

    #[test]
    fn a_busy_machine_costs_few_proofs_and_is_soon_forgiven() {
        let mut shortness = proven(Stops::AtOnce);
        for proofs in [1, 2, 4, 8, 16, 32, 64, 64] {
            shortness.was_long(SHORT.steps);
            prove(&mut shortness, proofs, Stops::AtOnce);
            assert!(shortness.limits().is_some(), "{proofs}");
        }
        for _ in 0..STALLED.forgiven_after {
            shortness.was_short();
        }
        shortness.was_long(SHORT.steps);
        prove(&mut shortness, 1, Stops::AtOnce);
        assert!(shortness.limits().is_some());
    }
}
