use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use twinbase::config::Engine;

use super::portable::TYPES;
use super::{altered, lines, with_place};

/// A column of a random table.
#[derive(Debug, Clone)]
struct Column {
    /// Its type and a default for it.
    kind: (&'static str, &'static str),
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Rule {
    NotNull,
    Default,
    Unique,
    Check,
}

/// A random table; the numbers choose among its columns.
#[derive(Debug, Clone)]
struct Table {
    columns: Vec<Column>,
    key: Vec<Index>,
    unique: Vec<Index>,
    parent: Option<(Index, &'static str)>,
    index: Vec<(Index, bool)>,
    partial: Option<Index>,
    added: Column,
}

fn column() -> impl Strategy<Value = Column> {
    let rules = [Rule::NotNull, Rule::Default, Rule::Unique, Rule::Check];
    (select(&TYPES[..]), subsequence(rules.to_vec(), 0..=4)).prop_map(|(kind, mut rules)| {
        rules.retain(|rule| kind.0 != "JSONB" || *rule != Rule::Unique);
        Column { kind, rules }
    })
}

fn table() -> impl Strategy<Value = Table> {
    let actions = select(
        &[
            "",
            " ON DELETE CASCADE",
            " ON DELETE SET NULL ON UPDATE CASCADE",
            " ON UPDATE RESTRICT",
        ][..],
    );
    (
        proptest::collection::vec(column(), 1..7),
        proptest::collection::vec(any::<Index>(), 0..3),
        proptest::collection::vec(any::<Index>(), 0..3),
        proptest::option::of((any::<Index>(), actions)),
        proptest::collection::vec(any::<(Index, bool)>(), 0..4),
        proptest::option::of(any::<Index>()),
        column(),
    )
        .prop_map(
            |(columns, key, unique, parent, index, partial, added)| Table {
                columns,
                key,
                unique,
                parent,
                index,
                partial,
                added,
            },
        )
}

impl Table {
    /// The names of different columns, of a type that may be a key.
    fn names<'i>(&self, chosen: impl IntoIterator<Item = &'i Index>) -> Vec<String> {
        let mut names = Vec::new();
        for index in chosen {
            let at = index.index(self.columns.len());
            let name = name(at);
            if self.columns[at].kind.0 != "JSONB" && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The statements of its version, and of one after it.
    fn sql(&self, number: usize) -> [String; 2] {
        let table = if number.is_multiple_of(2) {
            format!("\"Table {number}\"")
        } else {
            format!("t{number}")
        };
        let mut parts: Vec<_> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, c)| c.sql(&name(at)))
            .collect();
        let key = self.names(&self.key);
        if !key.is_empty() {
            parts.push(format!("PRIMARY KEY ({})", key.join(", ")));
        }
        let unique = self.names(&self.unique);
        if !unique.is_empty() {
            parts.push(format!("UNIQUE ({})", unique.join(", ")));
        }
        if let Some((column, actions)) = &self.parent {
            let at = column.index(self.columns.len());
            if self.columns[at].kind.0 == "BIGINT" {
                parts.push(format!(
                    "FOREIGN KEY ({}) REFERENCES roots (id){actions}",
                    name(at)
                ));
            }
        }
        let mut sql = format!("CREATE TABLE {table} (\n{}\n);\n", parts.join(",\n"));
        let index = self.names(self.index.iter().map(|(index, _)| index));
        if !index.is_empty() {
            let parts = index.iter().zip(&self.index);
            let parts: Vec<_> = parts
                .map(|(name, (_, desc))| format!("{name}{}", if *desc { " DESC" } else { "" }))
                .collect();
            let predicate = self.partial.map(|at| name(at.index(self.columns.len())));
            let predicate =
                predicate.map_or_else(String::new, |name| format!(" WHERE {name} IS NOT NULL"));
            let _ = writeln!(
                sql,
                "CREATE INDEX i{number} ON {table} ({}){predicate};",
                parts.join(", ")
            );
        }
        // What SQLite can add: no key, and a NOT NULL with a default.
        let mut added = self.added.clone();
        let is_filled = added.rules.contains(&Rule::NotNull);
        added
            .rules
            .retain(|rule| *rule == Rule::NotNull || *rule == Rule::Check);
        if is_filled {
            added.rules.push(Rule::Default);
        }
        [
            sql,
            format!("ALTER TABLE {table} ADD COLUMN {};\n", added.sql("added")),
        ]
    }
}

fn name(at: usize) -> String {
    if at.is_multiple_of(3) {
        format!("\"Column {at}\"")
    } else {
        format!("c{at}")
    }
}

impl Column {
    fn sql(&self, name: &str) -> String {
        let (kind, default) = self.kind;
        let rules = self.rules.iter().map(|rule| match rule {
            Rule::NotNull => " NOT NULL".to_owned(),
            Rule::Default => format!(" DEFAULT {default}"),
            Rule::Unique => " UNIQUE".to_owned(),
            Rule::Check => format!(" CHECK ({name} IS NOT NULL OR 1 < 2)"),
        });
        format!("{name} {kind}{}", rules.collect::<String>())
    }
}

#[test]
fn random_portable_tables_are_alike_until_one_is_written_otherwise() {
    with_place(|place| async move {
        let runtime = tokio::runtime::Handle::current();
        let checked = tokio::task::spawn_blocking(move || {
            let config = Config {
                cases: 10,
                failure_persistence: None,
                max_shrink_iters: 300,
                ..Config::default()
            };
            let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
            let tables = proptest::collection::vec(table(), 1..6);
            TestRunner::new_with_rng(config, random).run(&tables, |tables| {
                let texts: Vec<_> = tables
                    .iter()
                    .enumerate()
                    .map(|(at, table)| table.sql(at))
                    .collect();
                let text = |which: usize| {
                    texts
                        .iter()
                        .map(|text| text[which].as_str())
                        .collect::<String>()
                };
                let create = format!("CREATE TABLE roots (id BIGINT PRIMARY KEY);\n{}", text(0));
                let files = [
                    ("20260101000000_create.sql", create.as_str()),
                    ("20260102000000_add.sql", &text(1)),
                ];
                let parity = runtime.block_on(place.try_compare(files));
                let found = parity.map(|parity| lines(&parity));
                prop_assert_eq!(found, Ok(Vec::new()), "{}", create);

                // And where a variant is written otherwise in one place, that is told.
                for (old, new) in [(" DESC", ""), ("CREATE INDEX", "CREATE UNIQUE INDEX")] {
                    if !create.contains(old) {
                        continue;
                    }
                    let [postgres, sqlite] = altered(&create, Engine::Sqlite, old, new);
                    let files = [
                        ("postgres/20260101000000_create.sql", postgres.as_str()),
                        ("sqlite/20260101000000_create.sql", &sqlite),
                    ];
                    let parity = runtime.block_on(place.try_compare(files));
                    let found = parity.map(|parity| lines(&parity).len());
                    let places = create.matches("CREATE INDEX").count();
                    prop_assert!((1..=places).contains(&found.unwrap_or(0)), "{create}");
                }
                Ok(())
            })
        });
        if let Err(failure) = checked.await.unwrap() {
            panic!("{failure}");
        }
    });
}
