//! Which foreign key a statement broke: SQLite counts the broken ones and does not say which.

use super::arguments;
use super::constraints::Rule;
use super::engine::Engine;
use super::violation::{Culprit, Names, Target, constraints_of};
use rusqlite::Connection;
use std::time::Duration;

/// How long the look at the rows of one table may take.
const LOOK: Duration = Duration::from_millis(50);

/// A foreign key by its place in `PRAGMA foreign_key_list`.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Key {
    child: String,
    parent: String,
    id: i64,
    on_delete: String,
}

impl Engine {
    /// The table that has the broken key, and the key's name.
    pub(super) fn foreign_key_names(&self, culprit: Culprit<'_>) -> rusqlite::Result<Names> {
        let connection = &self.connection;
        let Some(target) = Target::of(culprit.sql) else {
            // COMMIT, of keys that are checked then; the transaction is still open.
            let broken = if connection.is_autocommit() {
                None
            } else {
                self.look(None)?
            };
            return names(connection, broken.as_ref());
        };
        let candidates = candidates(connection, &target)?;
        if let [only] = &candidates[..] {
            return names(connection, Some(only));
        }
        if let Some(broken) = self.run_again(culprit, &candidates)? {
            return names(connection, Some(&broken));
        }
        let child = candidates.first().map(|key| key.child.clone());
        let same = |key: &Key| Some(&key.child) == child.as_ref();
        Ok((child.clone().filter(|_| candidates.iter().all(same)), None))
    }

    /// Runs the statement again with the check put off, looks which key is broken, and takes all
    /// back. The statement itself has no time limit here: an interrupt inside a transaction rolls
    /// that back as a whole.
    fn run_again(&self, culprit: Culprit<'_>, candidates: &[Key]) -> rusqlite::Result<Option<Key>> {
        let connection = &self.connection;
        let alone = connection.is_autocommit();
        let put_off: bool =
            connection.query_row("PRAGMA defer_foreign_keys", [], |row| row.get(0))?;
        self.control.set_deadline(Duration::ZERO);
        connection
            .execute_batch("SAVEPOINT twinbase_broken_key; PRAGMA defer_foreign_keys = ON")?;
        let broken = run(connection, culprit).and_then(|()| {
            let mut children: Vec<&str> = candidates.iter().map(|key| &key.child[..]).collect();
            children.dedup();
            // With no candidate, a trigger wrote to some other table.
            if children.is_empty() {
                return self.look(None);
            }
            for child in children {
                if let Some(key) = self.look(Some(child))? {
                    return Ok(Some(key));
                }
            }
            Ok(None)
        });
        self.control.set_deadline(Duration::ZERO);
        let back = "ROLLBACK TO twinbase_broken_key; RELEASE twinbase_broken_key";
        if let Err(error) = connection.execute_batch(back) {
            // Interrupted, the statement has taken the savepoint with it, and the transaction.
            if alone && !connection.is_autocommit() {
                connection.execute_batch("ROLLBACK")?;
            }
            return Err(error);
        }
        connection.pragma_update(None, "defer_foreign_keys", put_off)?;
        match broken {
            // RESTRICT can't be put off.
            Err(error) if is_constraint(&error) => {
                let mut restricting = candidates.iter().filter(|key| key.on_delete == "RESTRICT");
                let first = restricting.next().cloned();
                Ok(first.filter(|_| restricting.next().is_none()))
            }
            broken => broken,
        }
    }

    /// The first key that is broken in `table`, or anywhere; `None` where there is none, or the time
    /// was too short to find it.
    fn look(&self, table: Option<&str>) -> rusqlite::Result<Option<Key>> {
        self.control.set_deadline(LOOK);
        let found = first_broken(&self.connection, table);
        self.control.set_deadline(Duration::ZERO);
        match found {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) =>
            {
                tracing::debug!(
                    table,
                    "no time to find the foreign key that a statement broke"
                );
                Ok(None)
            }
            found => found,
        }
    }
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}

fn run(connection: &Connection, culprit: Culprit<'_>) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(culprit.sql)?;
    if arguments::bind(&mut statement, culprit.arguments, culprit.targets).is_err() {
        return Ok(());
    }
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}

fn first_broken(connection: &Connection, table: Option<&str>) -> rusqlite::Result<Option<Key>> {
    let mut check = match table {
        Some(_) => {
            connection.prepare("SELECT \"table\", fkid FROM pragma_foreign_key_check(?1)")?
        }
        None => connection.prepare("SELECT \"table\", fkid FROM pragma_foreign_key_check")?,
    };
    let mut rows = match table {
        Some(table) => check.query([table])?,
        None => check.query([])?,
    };
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let (child, id): (String, i64) = (row.get(0)?, row.get(1)?);
    Ok(keys_of(connection, &child)?
        .into_iter()
        .find(|key| key.id == id))
}

/// The foreign keys of a table.
fn keys_of(connection: &Connection, child: &str) -> rusqlite::Result<Vec<Key>> {
    let mut list = connection.prepare_cached(
        "SELECT DISTINCT id, \"table\", on_delete FROM pragma_foreign_key_list(?1) ORDER BY id DESC",
    )?;
    let keys = list.query_map([child], |row| {
        Ok(Key {
            child: child.to_owned(),
            id: row.get(0)?,
            parent: row.get(1)?,
            on_delete: row.get(2)?,
        })
    })?;
    keys.collect()
}

/// The keys that the statement may have broken, through cascades too; none where a trigger of its
/// table may have written anywhere.
fn candidates(connection: &Connection, target: &Target) -> rusqlite::Result<Vec<Key>> {
    let mut found = Vec::new();
    let triggers: i64 = connection.query_row(
        "SELECT count(*) FROM (SELECT * FROM sqlite_temp_schema UNION ALL SELECT * FROM sqlite_schema) \
         WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE",
        [&target.table],
        |row| row.get(0),
    )?;
    if triggers > 0 {
        return Ok(found);
    }
    if target.writes_rows {
        found.extend(keys_of(connection, &target.table)?);
    }
    if !target.unsettles_keys {
        return Ok(found);
    }
    let mut all = Vec::new();
    let mut list = connection.prepare_cached(
        "SELECT name FROM sqlite_temp_schema WHERE type = 'table' UNION ALL \
         SELECT name FROM sqlite_schema WHERE type = 'table'",
    )?;
    for table in list.query_map([], |row| row.get::<_, String>(0))? {
        all.extend(keys_of(connection, &table?)?);
    }
    let mut parents = vec![target.table.clone()];
    let mut next = 0;
    while let Some(parent) = parents.get(next).cloned() {
        next += 1;
        for key in all
            .iter()
            .filter(|key| key.parent.eq_ignore_ascii_case(&parent))
        {
            let goes_on = matches!(&key.on_delete[..], "CASCADE" | "SET NULL");
            if goes_on && !target.writes_rows {
                // The key itself holds whatever becomes of its rows.
                if !parents.contains(&key.child) {
                    parents.push(key.child.clone());
                }
            } else if !found.contains(key) {
                found.push(key.clone());
            }
        }
    }
    Ok(found)
}

/// The child's name as it was created, and the key's.
fn names(connection: &Connection, key: Option<&Key>) -> rusqlite::Result<Names> {
    let Some(key) = key else {
        return Ok((None, None));
    };
    let Some((child, constraints)) = constraints_of(connection, &key.child)? else {
        return Ok((Some(key.child.clone()), None));
    };
    let mut columns = connection.prepare_cached(
        "SELECT \"from\" FROM pragma_foreign_key_list(?1) WHERE id = ?2 ORDER BY seq",
    )?;
    let columns: Vec<String> = columns
        .query_map((&key.child, key.id), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let name = constraints.into_iter().find(|constraint| {
        matches!(&constraint.rule, Rule::ForeignKey(parent) if parent.eq_ignore_ascii_case(&key.parent))
            && constraint.columns == columns
    });
    Ok((Some(child), name.map(|constraint| constraint.name)))
}
