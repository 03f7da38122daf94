//! The plan beside the history: how each version stands, and what that means for the whole.

use std::collections::BTreeMap;

use super::history::Applied;
use super::record::Record;
use super::{MigrationError, Step, difference};

/// How one version stands in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The program has it and the database does not.
    Pending,
    /// As `Pending`, and the database has newer versions that the program knows.
    Late,
    /// Both have it, and the text is the same.
    Applied,
    /// Both have it, and the texts differ.
    Changed,
    /// The database has it, the program does not, and it is older than the program's newest.
    Unknown,
    /// The database has it and it is newer than the program.
    Newer,
    /// As `Newer`, and it says that programs that do not know it may go on.
    Compatible,
    /// The database says that it failed half-way.
    Dirty,
}

impl Standing {
    /// The word that `twinbase migrate status` prints.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Late => "late",
            Self::Applied => "applied",
            Self::Changed => "changed",
            Self::Unknown => "unknown",
            Self::Newer => "newer",
            Self::Compatible => "compatible",
            Self::Dirty => "dirty",
        }
    }
}

/// One line of `twinbase migrate status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The version's number.
    pub version: i64,
    /// The version's description.
    pub description: String,
    /// How it stands.
    pub standing: Standing,
}

/// Where a database stands as a whole; the worst of its versions decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It has every version.
    Current,
    /// Versions are to be applied.
    Pending,
    /// It is newer than the program.
    Newer,
    /// A text was changed, a version is unknown or late, or there are tables without a history.
    Drift,
    /// A version is half applied.
    Dirty,
}

impl State {
    /// The state of a database with this ledger for this plan.
    #[must_use]
    pub fn of(ledger: &Ledger, plan: &[Step]) -> Self {
        if ledger.unmanaged.is_empty() {
            Self::of_lines(&ledger.compare(plan))
        } else {
            Self::Drift
        }
    }

    fn of_lines(lines: &[Status]) -> Self {
        let one = |line: &Status| match line.standing {
            Standing::Applied | Standing::Compatible => Self::Current,
            Standing::Pending => Self::Pending,
            Standing::Newer => Self::Newer,
            Standing::Changed | Standing::Unknown | Standing::Late => Self::Drift,
            Standing::Dirty => Self::Dirty,
        };
        lines.iter().map(one).max().unwrap_or(Self::Current)
    }

    /// The word for it: `current`, `pending`, `newer`, `drift`, `dirty`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Pending => "pending",
            Self::Newer => "newer",
            Self::Drift => "drift",
            Self::Dirty => "dirty",
        }
    }
}

/// What a database keeps about its migrations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// sqlx's rows, oldest version first.
    pub applied: Vec<Applied>,
    /// Twinbase's own, by version.
    pub records: BTreeMap<i64, Record>,
    /// The tables of a database that has no history; empty where it has one.
    pub unmanaged: Vec<String>,
}

impl Ledger {
    /// The record of a row, where it is of the text that the row is of.
    #[must_use]
    pub fn record(&self, row: &Applied) -> Option<&Record> {
        self.records
            .get(&row.version)
            .filter(|record| record.fits(&row.checksum))
    }

    /// Whether the text of a version is the one that the program holds. What the translator makes of
    /// it is no matter: the source is compared where it is known.
    fn is_same(&self, row: &Applied, step: &Step) -> bool {
        match self.record(row) {
            Some(record) => record.source_checksum == step.source_checksum,
            None => row.checksum == step.checksum || row.checksum == step.checksum_with_crlf(),
        }
    }

    /// Sets the plan beside the ledger, a line a version, oldest first.
    #[must_use]
    pub fn compare(&self, plan: &[Step]) -> Vec<Status> {
        let newest_known = plan.last().map(|step| step.version);
        let find = |version| self.applied.iter().find(|row| row.version == version);
        let newest_applied = plan.iter().rev().find(|step| find(step.version).is_some());
        let mut lines: Vec<Status> = plan
            .iter()
            .map(|step| Status {
                version: step.version,
                description: step.description.clone(),
                standing: match find(step.version) {
                    None if newest_applied.is_some_and(|n| n.version > step.version) => {
                        Standing::Late
                    }
                    None => Standing::Pending,
                    Some(row) if !row.success => Standing::Dirty,
                    Some(row) if self.is_same(row, step) => Standing::Applied,
                    Some(_) => Standing::Changed,
                },
            })
            .collect();
        let unknown = self
            .applied
            .iter()
            .filter(|row| plan.iter().all(|step| step.version != row.version));
        lines.extend(unknown.map(|row| Status {
            version: row.version,
            description: row.description.clone(),
            standing: match self.record(row) {
                _ if !row.success => Standing::Dirty,
                _ if newest_known.is_some_and(|newest| row.version < newest) => Standing::Unknown,
                Some(record) if record.compatible.is_some() => Standing::Compatible,
                _ => Standing::Newer,
            },
        }));
        lines.sort_by_key(|line| line.version);
        lines
    }

    /// The first reason why the plan can't go on from here. Late versions are one unless they are
    /// allowed; a dirty one is none where `resumable` says so.
    pub(super) fn refuse(
        &self,
        plan: &[Step],
        lines: &[Status],
        allow_late: bool,
        resumable: impl Fn(&Step, &Record) -> bool,
    ) -> Result<(), MigrationError> {
        let those = |standing| {
            let of = lines.iter().filter(move |line| line.standing == standing);
            of.map(|line| (line.version, line.description.clone()))
                .collect::<Vec<_>>()
        };
        for (version, description) in those(Standing::Dirty) {
            let step = plan.iter().find(|step| step.version == version);
            let record = self.records.get(&version);
            if let (Some(step), Some(record)) = (step, record)
                && resumable(step, record)
            {
                continue;
            }
            return Err(MigrationError::Dirty {
                version,
                description,
                statement: record.and_then(|record| record.statement.clone()),
            });
        }
        if let Some((version, description)) = those(Standing::Changed).into_iter().next() {
            let step = plan.iter().find(|step| step.version == version);
            return Err(MigrationError::Changed {
                version,
                path: step.map_or(description, |step| step.path.clone()),
                difference: step.and_then(|step| self.difference(step)),
            });
        }
        if let Some((version, description)) = those(Standing::Unknown).into_iter().next() {
            return Err(MigrationError::Unknown {
                version,
                description,
            });
        }
        let newer = those(Standing::Newer);
        if !newer.is_empty() {
            return Err(MigrationError::Newer { versions: newer });
        }
        let late = those(Standing::Late);
        let newest = plan.iter().rev().find(|step| {
            lines
                .iter()
                .any(|line| line.version == step.version && line.standing == Standing::Applied)
        });
        match newest {
            Some(newest) if !late.is_empty() && !allow_late => Err(MigrationError::Late {
                versions: late,
                newest: newest.version,
            }),
            _ => Ok(()),
        }
    }

    /// What changed in a file since it was applied.
    fn difference(&self, step: &Step) -> Option<String> {
        let row = self.applied.iter().find(|r| r.version == step.version)?;
        let record = self.record(row)?;
        Some(difference::difference(
            "what was applied",
            &record.source,
            &step.path,
            &step.source,
        ))
    }
}
