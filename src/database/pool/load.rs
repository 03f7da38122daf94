//! Refusing early under overload, lest everybody waits in vain.
//!
//! CoDel (Nichols and Jacobson, "Controlling Queue Delay", ACM Queue 10.5, 2012), as Ecto's
//! DBConnection has it: where even the shortest wait of an interval was longer than the target, the
//! queue stands rather than absorbs a burst. Until an interval is better, those who have waited for more than
//! twice the target are refused when their turn comes, and so is who can't have a turn in time.

use std::time::{Duration, Instant};

/// What the waits have been like.
#[derive(Debug)]
pub(super) struct Load {
    /// Zero for no shedding.
    target: Duration,
    interval: Duration,
    /// The wait after which a caller gives up by itself.
    patience: Duration,
    interval_end: Option<Instant>,
    shortest: Duration,
    /// How many got a connection in this interval, and in the last one.
    served: u32,
    served_before: u32,
    is_slow: bool,
}

impl Load {
    pub(super) fn new(target: Duration, interval: Duration, patience: Duration) -> Self {
        Self {
            target,
            interval,
            patience,
            interval_end: None,
            shortest: Duration::MAX,
            served: 0,
            served_before: 0,
            is_slow: false,
        }
    }

    /// Takes note of how long a caller has waited that gets a connection now.
    pub(super) fn note_wait(&mut self, now: Instant, waited: Duration) {
        if self.target.is_zero() {
            return;
        }
        match self.interval_end {
            Some(end) if now < end => self.shortest = self.shortest.min(waited),
            end => {
                // What was before a pause of a whole interval tells nothing of now.
                let is_recent = end.is_some_and(|end| now < end + self.interval);
                self.is_slow = is_recent && self.shortest > self.target;
                self.served_before = self.served;
                self.served = 0;
                self.shortest = waited;
                self.interval_end = Some(now + self.interval);
            }
        }
        self.served += 1;
    }

    /// Whether who has waited this long is refused; takes note of the wait.
    pub(super) fn sheds(&mut self, now: Instant, waited: Duration) -> bool {
        self.note_wait(now, waited);
        let sheds = self.is_slow && waited > 2 * self.target;
        // Who is refused was not served.
        self.served -= u32::from(sheds);
        sheds
    }

    /// Whether the turn of who comes after so many can't come before patience ends, at the pace of the
    /// last interval.
    pub(super) fn cant_be_in_time(&self, before: usize) -> bool {
        if !self.is_slow || self.served_before == 0 {
            return false;
        }
        let turn = self.interval / self.served_before;
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        turn.checked_mul(before)
            .is_none_or(|wait| wait > self.patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Duration = Duration::from_millis(50);
    const INTERVAL: Duration = Duration::from_secs(1);

    fn load() -> Load {
        Load::new(TARGET, INTERVAL, Duration::from_secs(30))
    }

    #[test]
    fn a_burst_is_borne_and_a_standing_queue_is_not() {
        let (mut load, start) = (load(), Instant::now());
        let long = 5 * TARGET;
        for at in 0..10 {
            assert!(
                !load.sheds(start + at * INTERVAL / 10, long),
                "the first interval"
            );
        }
        let second = start + INTERVAL;
        assert!(load.sheds(second, long));
        assert!(!load.sheds(second, 2 * TARGET), "not yet twice the target");
        // One short wait in the second interval, and the third bears long ones again.
        assert!(!load.sheds(second, Duration::ZERO));
        assert!(!load.sheds(second + INTERVAL, long));
    }

    #[test]
    fn who_cant_be_in_time_is_told_at_once() {
        let (mut load, start) = (load(), Instant::now());
        for interval in 0..3 {
            for _ in 0..10 {
                load.note_wait(start + interval * INTERVAL, 3 * TARGET);
            }
        }
        // Ten a second: the turn of the 301st comes after 30 s.
        assert!(!load.cant_be_in_time(290));
        assert!(load.cant_be_in_time(310));
    }

    #[test]
    fn without_a_target_nobody_is_refused() {
        let mut load = Load::new(Duration::ZERO, INTERVAL, Duration::ZERO);
        let start = Instant::now();
        for interval in 0..3 {
            assert!(!load.sheds(start + interval * INTERVAL, INTERVAL));
        }
        assert!(!load.cant_be_in_time(usize::MAX));
    }
}
