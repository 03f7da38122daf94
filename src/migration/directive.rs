//! What a migration file says of itself, in the comment lines at its head.

/// What the comment lines at the head of a file ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directives {
    /// False where the file opens with `-- no-transaction`.
    pub(super) transactional: bool,
    /// What follows `-- compatible:`.
    pub(super) compatible: Option<String>,
}

/// The line, what is wrong with it, and what to do.
type Refusal = (usize, &'static str, &'static str);

/// sqlx looks for this at the very start of the file, and so do we.
const NO_TRANSACTION: &str = "-- no-transaction";

/// Whether the file runs in one transaction.
pub(super) fn is_transactional(sql: &str) -> bool {
    !sql.starts_with(NO_TRANSACTION)
}

impl Directives {
    pub(super) fn read(sql: &str) -> Result<Self, Refusal> {
        let mut directives = Self {
            transactional: is_transactional(sql),
            compatible: None,
        };
        let head = sql
            .lines()
            .enumerate()
            .take_while(|(_, line)| line.trim().is_empty() || line.starts_with("--"));
        for (at, line) in head {
            if at > 0 && line.starts_with(NO_TRANSACTION) {
                return Err((
                    at + 1,
                    "has `-- no-transaction` below its first line, where sqlx does not see it",
                    "make it the first line",
                ));
            }
            if let Some(why) = line.strip_prefix("-- compatible:") {
                let why = why.trim();
                if why.is_empty() {
                    return Err((
                        at + 1,
                        "says `-- compatible:` without a reason",
                        "write why programs that do not know this version can go on with it",
                    ));
                }
                directives.compatible = Some(why.to_owned());
            }
        }
        Ok(directives)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_file_says_how_it_runs_and_who_may_go_on() {
        let read = |sql| Directives::read(sql).unwrap();
        assert!(read("CREATE TABLE a (id BIGINT)").transactional);
        assert!(!read("-- no-transaction\nVACUUM").transactional);
        let sql = "-- a comment\n-- compatible: a new table, which nobody reads yet\nSELECT 1";
        let why = "a new table, which nobody reads yet";
        assert_eq!(read(sql).compatible.as_deref(), Some(why));
        assert_eq!(read("SELECT 1\n-- compatible: too late").compatible, None);
    }

    #[test]
    fn what_would_not_be_heeded_is_refused() {
        assert_eq!(
            Directives::read("\n-- no-transaction\nVACUUM")
                .unwrap_err()
                .0,
            2
        );
        assert_eq!(
            Directives::read("-- compatible:\nSELECT 1").unwrap_err().0,
            1
        );
    }
}
