use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use twinbase::config::{Engine, MigrateConfig};
use twinbase::migration::Migrations;
use twinbase::migration::lint::{Family, lint, rules};

use crate::program::{program, run, text};

fn repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The findings in one portable file, after a table of a version before it.
fn found(sql: &str) -> Vec<(usize, &'static str)> {
    let before = "CREATE TABLE orders (id UUID PRIMARY KEY, note TEXT, n BIGINT);\n";
    let migrations = Migrations::from_files([
        ("20260101000000_before.sql", before),
        ("20260301000000_case.up.sql", sql),
    ]);
    let findings = lint(&migrations.unwrap(), None);
    findings
        .iter()
        .map(|finding| (finding.line, finding.rule.name))
        .collect()
}

#[test]
fn the_command_prints_each_finding_with_its_safe_way_and_ends_with_10() {
    let folder = tempfile::tempdir().unwrap();
    let migrate =
        |words: &[&str]| run(program(folder.path()).args(["migrate", "lint"]).args(words));
    let output = migrate(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "nothing found\n");

    let files = folder.path().join("mine");
    fs::create_dir(&files).unwrap();
    let table = "CREATE TABLE orders (id UUID PRIMARY KEY, note TEXT);\n";
    fs::write(files.join("20260101000000_orders.sql"), table).unwrap();
    let index = "-- for the list\n\nCREATE INDEX orders_note ON orders (note);\n";
    fs::write(files.join("20260301000000_index.sql"), index).unwrap();
    let output = migrate(&["--dir", "mine"]);
    assert_eq!(output.status.code(), Some(10), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout),
        "mine/20260301000000_index.sql:3: index-without-concurrently: orders_note on orders: nobody writes to the table \
         until the index is made\n    safe: a pair of variants; in postgres/ `-- no-transaction` and CREATE INDEX \
         CONCURRENTLY, alone in its version\n1 finding\n"
    );
    let object: Value =
        serde_json::from_slice(&migrate(&["--dir", "mine", "--json"]).stdout).unwrap();
    assert_eq!(object["outcome"], "findings");
    let finding = &object["findings"][0];
    assert_eq!(finding["file"], "mine/20260301000000_index.sql");
    assert_eq!(finding["line"], 3);
    assert_eq!(finding["rule"], "index-without-concurrently");
    assert_eq!(finding["engines"], serde_json::json!(["postgres"]));
    // What is applied already can't be edited any more: it is left out.
    let output = migrate(&["--dir", "mine", "--from", "20260301000000", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        object,
        serde_json::json!({"outcome": "done", "findings": []})
    );
    let listed = text(&migrate(&["--rules"]).stdout);
    assert!(rules().all(|rule| listed.contains(rule.safe)), "{listed}");
}

#[test]
fn the_documentation_has_the_rules() {
    let page = fs::read_to_string(repository("docs/lint.md")).unwrap();
    for family in [Family::Portability, Family::Live, Family::Lint] {
        let expected: Vec<_> = rules()
            .filter(|rule| rule.family == family)
            .map(|rule| {
                let cell = |text: &str| text.replace('|', "\\|");
                format!(
                    "| `{}` | {} | {} | {} |",
                    rule.name,
                    cell(rule.finds),
                    cell(rule.why),
                    cell(rule.safe)
                )
            })
            .collect();
        let table = expected.join("\n");
        assert!(page.contains(&table), "docs/lint.md should have:\n{table}");
    }
    assert_eq!(page.matches("\n| `").count(), rules().count());
}

#[test]
fn the_repository_s_own_migrations_have_no_finding() {
    for folder in [
        "migrations",
        "examples/orders/migrations",
        "tests/it/migrations/example",
    ] {
        let migrations = Migrations::from_folder(&repository(folder)).unwrap();
        assert!(migrations.newest().is_some(), "{folder}");
        for engine in [Engine::Sqlite, Engine::Postgres] {
            migrations.plan(engine).unwrap();
        }
        assert_eq!(lint(&migrations, None), [], "{folder}");
    }
}

twinbase::on_both_engines! {
    async fn the_worked_example_goes_up_down_and_up_again_with_rows(database: TestDatabase) {
        let folder = repository("tests/it/migrations/example");
        let migrations = Migrations::from_folder(&folder).unwrap();
        let database = database.open();
        let migrator = database.migrator(&migrations, &MigrateConfig::default()).unwrap();
        let trials = migrator.rehearse().await.unwrap();
        assert_eq!(trials.len(), migrations.versions().len());
        let seeded = trials.iter().filter(|trial| trial.with_rows == ["customers", "orders"]).count();
        assert!(seeded > 3, "{trials:?}");
        // All but the baseline, the one that validates included: that a constraint was checked can't be undone.
        assert!(trials[1..].iter().all(|trial| trial.reversed), "{trials:?}");
        database.close().await;
    }
}

#[test]
fn an_allow_holds_for_the_statement_below_it_alone() {
    let drop = "ALTER TABLE orders DROP COLUMN note;\n";
    let allow = "-- lint: allow drop-column nobody reads it\n";
    assert_eq!(found(drop), [(1, "drop-column")]);
    assert_eq!(found(&format!("{allow}\n-- more\n{drop}")), []);
    assert_eq!(
        found(&format!("{allow}{drop}ALTER TABLE orders DROP COLUMN n;\n")),
        [(3, "drop-column")]
    );
    // Within the statement, and not in a string, a block or behind it.
    assert_eq!(
        found(&format!("ALTER TABLE orders\n{allow}DROP COLUMN note;")),
        []
    );
    assert_eq!(
        found(&format!("/* {allow} */ {drop}")),
        [(2, "drop-column")]
    );
    let behind = found(&format!("{drop}{allow}"));
    assert_eq!(behind, [(1, "drop-column"), (2, "allow-unused")]);
    let literal = format!("UPDATE orders SET note = '\n{allow}' WHERE n = 1;\n{drop}");
    assert_eq!(found(&literal), [(4, "drop-column")]);
}

#[test]
fn lines_are_those_of_the_file_whatever_the_translator_writes() {
    let sql = "ALTER TABLE orders\n  ADD COLUMN weight DOUBLE\n    PRECISION\n    CHECK (weight > 0);\n\n\
               UPDATE orders\n  SET n = n\n  WHERE n\n    = n / n;\n";
    assert_eq!(
        found(sql),
        [
            (2, "add-column-check"),
            (6, "work-after-lock"),
            (9, "division")
        ]
    );
}

#[test]
fn what_undoes_a_version_is_not_held_to_the_rules_about_traffic() {
    let migrations = Migrations::from_files([
        (
            "20260101000000_before.sql",
            "CREATE TABLE orders (id UUID PRIMARY KEY, note TEXT);\n",
        ),
        (
            "20260301000000_case.up.sql",
            "ALTER TABLE orders ADD COLUMN tag TEXT;\n",
        ),
        (
            "20260301000000_case.down.sql",
            "UPDATE orders SET note = tag::text;\nALTER TABLE orders DROP COLUMN tag;\n",
        ),
    ]);
    let findings = lint(&migrations.unwrap(), None);
    let names: Vec<_> = findings.iter().map(|finding| finding.rule.name).collect();
    assert_eq!(names, ["one-engine-expression"], "{findings:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic(
        words in proptest::collection::vec(
            "SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|CREATE INDEX|CREATE VIEW|ALTER TABLE|ADD COLUMN|DROP|orders|note|n|id|TEXT|NUMERIC\\(5,2\\)|DEFAULT|CHECK|REFERENCES|VALUES|SET|WHERE|ORDER BY|IS|NOT|NULL|CAST\\(|sum\\(|\\(|\\)|,|;|\\.|=|/|\\+|->>|::|1|0\\.5|'x'|'|\"|\\$\\$|--|-- lint: allow|\n|/\\*|\\*/|é|CONCURRENTLY|TYPE|COLLATE",
            0..40
        ),
        odd in "\\PC{0,60}",
    ) {
        for sql in [words.join(" "), odd] {
            found(&sql);
            for engine in ["postgres", "sqlite"] {
                let other = if engine == "postgres" { "sqlite" } else { "postgres" };
                let (one, two) = (
                    format!("{engine}/20260301000000_case.up.sql"),
                    format!("{other}/20260301000000_case.up.sql"),
                );
                if let Ok(set) = Migrations::from_files([(one.as_str(), sql.as_str()), (two.as_str(), "-- none")]) {
                    let _ = lint(&set, None);
                }
            }
        }
    }

    #[test]
    fn comments_change_no_finding(at in proptest::collection::vec(any::<bool>(), 24)) {
        let words = "ALTER TABLE orders DROP COLUMN note ; UPDATE orders SET n = n / n ; CREATE INDEX i ON orders ( n ) ;";
        let mut sql = String::new();
        for (word, comment) in words.split(' ').zip(at.into_iter().chain(std::iter::repeat(false))) {
            sql.push_str(word);
            sql.push_str(if comment { " -- ; 'x\n" } else { " /* ; ' */ " });
        }
        let names: Vec<_> = found(&sql).into_iter().map(|(_, name)| name).collect();
        let expected = ["drop-column", "whole-table-write", "work-after-lock", "division", "index-without-concurrently"];
        prop_assert_eq!(names.len(), expected.len());
        for name in expected {
            prop_assert!(names.contains(&name), "{} in {:?}", name, names);
        }
    }
}

#[test]
fn a_long_chain_of_operators_is_looked_at_or_named() {
    let terms = |count: usize| vec!["n = 1"; count].join(" OR ");
    let sql = |count| format!("DELETE FROM orders WHERE {};\n", terms(count));
    assert_eq!(found(&sql(1000)), []);
    assert_eq!(found(&sql(20_000)), [(1, "unparsed")]);
    for (before, after) in [
        ("(", ")"),
        ("NOT ", ""),
        ("- ", ""),
        ("CASE WHEN ", ""),
        ("EXISTS (SELECT 1 WHERE ", ")"),
    ] {
        let sql = format!(
            "DELETE FROM orders WHERE {}n{};\n",
            before.repeat(4000),
            after.repeat(4000)
        );
        assert!(found(&sql).contains(&(1, "unparsed")), "{before}");
    }
    let joins = format!(
        "SELECT 1 FROM {}orders{};\n",
        "(orders JOIN ".repeat(4000),
        ")".repeat(4000)
    );
    assert_eq!(found(&joins), [(1, "unparsed")]);
}
