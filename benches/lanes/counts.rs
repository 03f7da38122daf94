//! What is counted rather than timed, and the goal that a ratio is held to.

use super::turn::Turn;

/// What came of all turns of a variant.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    done: u64,
    failed: u64,
    /// Updates that were acknowledged and are not there, where that was looked at.
    lost: Option<i64>,
    said: String,
}

impl Counts {
    /// Adds a turn, and by how much the table grew in it where that was looked at.
    pub(crate) fn add(&mut self, turn: &Turn, grown: Option<i64>) {
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

    /// What is said of them: nothing where there is nothing to tell.
    pub(crate) fn remark(&self) -> String {
        let mut text = String::new();
        if let Some(lost) = self.lost {
            text += &format!("   {lost} lost and {} failed of {}", self.failed, self.done);
        } else if self.failed > 0 {
            text += &format!("   {} failed of {}", self.failed, self.done);
        }
        if self.failed > 0 {
            text += &format!(" ({})", self.said.chars().take(80).collect::<String>());
        }
        text
    }
}

/// The goal beside the ratio, and whether it was reached.
pub(crate) fn goal(goal: Option<f64>, ratio: f64) -> String {
    goal.map_or_else(String::new, |goal| {
        let reached = if ratio >= goal { "" } else { ", not reached" };
        format!("   goal {goal}{reached}")
    })
}
