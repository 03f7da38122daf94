//! What is counted rather than timed.

use super::effort::Effort;
use super::turn::Turn;

/// What came of all turns of a variant.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    done: u64,
    failed: u64,
    /// Updates that were acknowledged and are not there, where that was looked at.
    lost: Option<i64>,
    said: String,
    /// What the variant's process spent.
    effort: Effort,
}

impl Counts {
    /// Adds a turn, what was spent on it, and by how much the counters grew in it where that was looked
    /// at.
    pub(crate) fn add(&mut self, turn: &Turn, effort: Effort, grown: Option<i64>) {
        self.effort.add(effort);
        self.done += turn.done;
        self.failed += turn.failed;
        if turn.failed > 0 {
            self.said.clone_from(&turn.said);
        }
        if let Some(grown) = grown {
            let lost = i64::try_from(turn.done).unwrap() - grown;
            self.lost = Some(self.lost.unwrap_or(0) + lost);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn effort_remark(&self) -> String {
        let done = self.done.max(1) as f64;
        let micros = self.effort.processor.as_secs_f64() * 1e6 / done;
        let sleeps = self.effort.sleeps as f64 / done;
        format!("   {micros:.1} µs, {sleeps:.2} sleeps each")
    }

    /// What is said of them.
    pub(crate) fn remark(&self) -> String {
        let effort = self.effort_remark();
        let failed = format!("{} failed of {}", self.failed, self.done);
        let counted = match self.lost {
            Some(lost) => format!("   {lost} lost and {failed}"),
            None if self.failed > 0 => format!("   {failed}"),
            None => String::new(),
        };
        if self.failed == 0 {
            return effort + &counted;
        }
        let said: String = self.said.chars().take(80).collect();
        format!("{effort}{counted} ({said})")
    }
}
