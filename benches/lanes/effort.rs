//! What a process has spent, by the kernel's own account. Where other work shares the machine, rates swing
//! and these hardly do.

use std::fs;
use std::time::Duration;

/// The kernel tells processor time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// What a process has spent since it began.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Effort {
    /// Processor time, in user space and in the kernel.
    pub(crate) processor: Duration,
    /// How often one of its threads went to sleep.
    pub(crate) sleeps: u64,
}

impl Effort {
    /// `None` where there is no `/proc`.
    pub(crate) fn of(process: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name of the program comes before and may hold spaces. Then: state is the third field, and
        // the 14th and 15th are the times.
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks: u32 = ticks.filter_map(|field| field.parse::<u32>().ok()).sum();
        let sleeps = fs::read_dir(format!("/proc/{process}/task")).ok()?;
        let sleeps = sleeps.flatten().filter_map(|thread| {
            let status = fs::read_to_string(thread.path().join("status")).ok()?;
            let count = status
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            count.trim().parse::<u64>().ok()
        });
        Some(Self {
            processor: TICK * ticks,
            sleeps: sleeps.sum(),
        })
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            processor: self.processor.saturating_sub(before.processor),
            // A thread that has ended takes its count with it.
            sleeps: self.sleeps.saturating_sub(before.sleeps),
        }
    }

    pub(crate) fn add(&mut self, more: Self) {
        self.processor += more.processor;
        self.sleeps += more.sleeps;
    }
}
