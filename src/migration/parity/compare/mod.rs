//! Sets two schemas beside each other.

mod columns;
mod indexes;
mod keys;
mod pairs;

use super::difference::{Aspect, Difference};
use super::model::{Schema, Table, View};
use pairs::{Pair, pairs};

/// How the two schemas differ, tables first, each with all that belongs to it.
pub(super) fn differences(postgres: &Schema, sqlite: &Schema) -> Vec<Difference> {
    let mut found = Found::default();
    let (theirs, ours): (Vec<_>, Vec<_>) = (
        postgres.tables.iter().collect(),
        sqlite.tables.iter().collect(),
    );
    for pair in pairs(&theirs, &ours, |(name, _)| name, |_, _| false) {
        let object = pair.name(|(name, _)| name);
        match pair {
            Pair::Both((name, postgres), (other, sqlite)) => {
                found.name(object, name, other);
                compare(&mut found, object, postgres, sqlite);
            }
            one => found.one_sided(object, Aspect::Table, &one, |(_, table)| {
                let names: Vec<_> = table.columns.iter().map(|c| c.name.clone()).collect();
                format!("a table {}", list(&names))
            }),
        }
    }
    let (theirs, ours): (Vec<_>, Vec<_>) = (
        postgres.views.iter().collect(),
        sqlite.views.iter().collect(),
    );
    let columns = |view: &(&String, &View)| list(&view.1.columns);
    let kind = |view: &(&String, &View)| {
        let kind = if view.1.is_materialized {
            "a materialized view"
        } else {
            "a view"
        };
        kind.to_owned()
    };
    for pair in pairs(&theirs, &ours, |(name, _)| name, |_, _| false) {
        let object = pair.name(|(name, _)| name);
        match pair {
            Pair::Both(postgres, sqlite) => {
                found.name(object, postgres.0, sqlite.0);
                found.texts(object, Aspect::View, kind(postgres), kind(sqlite));
                let (theirs, ours) = (columns(postgres), columns(sqlite));
                found.texts(object, Aspect::Columns, theirs, ours);
            }
            one => found.one_sided(object, Aspect::View, &one, columns),
        }
    }
    found.0
}

fn compare(found: &mut Found, name: &str, postgres: &Table, sqlite: &Table) {
    columns::compare(found, name, &postgres.columns, &sqlite.columns);
    keys::primary(
        found,
        name,
        postgres.primary_key.as_ref(),
        sqlite.primary_key.as_ref(),
    );
    indexes::compare(found, name, postgres, sqlite);
    keys::foreign(found, name, &postgres.foreign_keys, &sqlite.foreign_keys);
    keys::checks(found, name, &postgres.checks, &sqlite.checks);
    let (theirs, ours): (Vec<_>, Vec<_>) = (
        postgres.triggers.iter().collect(),
        sqlite.triggers.iter().collect(),
    );
    for pair in pairs(&theirs, &ours, |name| name, |_, _| false) {
        let object = format!("{name}.{}", pair.name(|name| name));
        match pair {
            Pair::Both(theirs, ours) => found.name(&object, theirs, ours),
            one => found.one_sided(&object, Aspect::Trigger, &one, |_| "a trigger".to_owned()),
        }
    }
}

/// The differences that were found so far.
#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn add(
        &mut self,
        object: &str,
        what: Aspect,
        postgres: Option<String>,
        sqlite: Option<String>,
        is_certain: bool,
    ) {
        self.0.push(Difference {
            object: object.to_owned(),
            what,
            postgres,
            sqlite,
            is_certain,
        });
    }

    /// Two texts that should be one.
    fn texts(&mut self, object: &str, what: Aspect, postgres: String, sqlite: String) {
        if postgres != sqlite {
            self.add(object, what, Some(postgres), Some(sqlite), true);
        }
    }

    /// Two names that may part in the case of their letters alone.
    fn name(&mut self, object: &str, postgres: &str, sqlite: &str) {
        self.texts(object, Aspect::Name, postgres.to_owned(), sqlite.to_owned());
    }

    /// What one engine alone has.
    fn one_sided<T>(
        &mut self,
        object: &str,
        what: Aspect,
        pair: &Pair<'_, T>,
        text: impl Fn(&T) -> String,
    ) {
        let (postgres, sqlite) = match pair {
            Pair::Both(..) => return,
            Pair::Postgres(one) => (Some(text(one)), None),
            Pair::Sqlite(one) => (None, Some(text(one))),
        };
        self.add(object, what, postgres, sqlite, true);
    }
}

fn list(names: &[String]) -> String {
    format!("({})", names.join(", "))
}

/// Whether two lists of columns are the same; the case of letters is told with the columns.
fn same_columns(one: &[String], other: &[String]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(a, b)| a.eq_ignore_ascii_case(b))
}
