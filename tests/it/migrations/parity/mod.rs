/// Differences that are meant, and entries that permit nothing.
mod allowed;
/// Columns, of which one thing alone differs.
mod columns;
/// The command, the folder, and the databases that it leaves alone.
mod command;
/// The worked example of docs/migrations.md.
mod example;
/// Indexes, views and triggers, of which one thing alone differs.
mod indexes;
/// Keys and CHECKs, of which one thing alone differs.
mod keys;
/// Portable files, whatever they say, make the same of both engines.
mod portable;
/// Random tables.
mod random;

use twinbase::config::{DatabaseUrl, Engine, MigrateConfig};
use twinbase::database::Database;
use twinbase::migration::Migrations;
use twinbase::migration::parity::Parity;
use twinbase::migration::translate::translate;
use twinbase::telemetry::chain;
use twinbase::testing::TestDatabase;

/// An empty database of PostgreSQL's, which is emptied again and again.
struct Place(TestDatabase);

impl Place {
    /// Compares what the files make of both engines.
    async fn compare<'f>(&self, files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Parity {
        let result = self.try_compare(files).await;
        result.unwrap_or_else(|error| panic!("{error}"))
    }

    async fn try_compare<'f>(
        &self,
        files: impl IntoIterator<Item = (&'f str, &'f str)>,
    ) -> Result<Parity, String> {
        let database = self.0.open();
        let migrations = Migrations::from_files(files).unwrap();
        let migrator = database.migrator(&migrations, &MigrateConfig::default());
        let result = migrator.unwrap().parity().await;
        let empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
        sqlx::raw_sql(empty).execute(database.pool()).await.unwrap();
        database.close().await;
        result.map_err(|error| chain(&error))
    }
}

/// Every difference with its version.
fn lines(parity: &Parity) -> Vec<String> {
    let versions = parity.versions.iter();
    let lines = versions.flat_map(|compared| {
        let version = compared.version;
        let differences = compared.differences.iter();
        differences.map(move |difference| format!("{version} {difference}"))
    });
    lines.collect()
}

/// A portable text as a pair of variants, in one of which something is written otherwise.
fn altered(source: &str, engine: Engine, old: &str, new: &str) -> [String; 2] {
    [Engine::Postgres, Engine::Sqlite].map(|each| {
        let text = translate(source, each).unwrap();
        if each == engine {
            assert!(text.contains(old), "no {old:?} on {each}: {text}");
            text.replace(old, new)
        } else {
            text
        }
    })
}

/// What `source` differs in once one variant of it has `new` for `old`.
async fn alteration(
    place: &Place,
    source: &str,
    engine: Engine,
    old: &str,
    new: &str,
) -> Vec<String> {
    let [postgres, sqlite] = altered(source, engine, old, new);
    let parity = place
        .compare([
            ("20260101000000_parents.sql", PARENTS),
            ("postgres/20260201000000_orders.sql", postgres.as_str()),
            ("sqlite/20260201000000_orders.sql", sqlite.as_str()),
            (
                "20260301000000_later.sql",
                "CREATE TABLE later (id BIGINT);",
            ),
        ])
        .await;
    let last = parity.versions.last().unwrap();
    assert!(
        last.differences.is_empty(),
        "told twice: {:?}",
        last.differences
    );
    let found = lines(&parity);
    assert_eq!(last.standing, found.len(), "it stands until the end");
    let version = "20260201000000 ";
    let plain = found.iter().map(|line| match line.strip_prefix(version) {
        Some(line) => line.to_owned(),
        None => panic!("it began at another version: {line}"),
    });
    plain.collect()
}

/// What is altered, and what is then told.
type Case = (Engine, &'static str, &'static str, &'static [&'static str]);

/// Alters one thing in one variant of `source` at a time.
fn each_is_told_alone(source: &'static str, cases: &'static [Case]) {
    with_place(|place| async move {
        for (engine, old, new, expected) in cases {
            let found = alteration(&place, source, *engine, old, new).await;
            assert_eq!(found, *expected, "{engine}: {old} => {new}");
        }
    });
}

/// A table to alter.
const ORDERS: &str = "CREATE TABLE orders (
    id BIGINT PRIMARY KEY,
    parent BIGINT REFERENCES parents (id) ON DELETE CASCADE,
    channel VARCHAR(80) NOT NULL DEFAULT 'web',
    price NUMERIC(20,8) NOT NULL DEFAULT 1.50,
    paid BOOLEAN NOT NULL DEFAULT TRUE,
    at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    due DATE DEFAULT CURRENT_DATE,
    note TEXT,
    bytes BYTEA DEFAULT '\\x00ff',
    lines JSONB DEFAULT '{\"a\": [1, 2]}',
    weight DOUBLE PRECISION DEFAULT 0.1,
    CONSTRAINT orders_paid_check CHECK (paid OR price > 0),
    CONSTRAINT orders_note_key UNIQUE (note, due)
);";

const PARENTS: &str = "CREATE TABLE parents (id BIGINT PRIMARY KEY, code BIGINT NOT NULL UNIQUE);";

/// Runs it with an empty database on PostgreSQL, unless that is left out.
fn with_place<F: Future<Output = ()>>(claim: impl FnOnce(Place) -> F) {
    twinbase::testing::run(Engine::Postgres, |database| claim(Place(database)));
}

fn in_memory() -> DatabaseUrl {
    "sqlite::memory:".parse().unwrap()
}

#[test]
fn a_view_over_a_table_that_is_not_there_is_told_with_its_version() {
    with_place(|place| async move {
        let files = [
            ("20260101000000_parents.sql", PARENTS),
            (
                "postgres/20260201000000_view.sql",
                "CREATE VIEW seen AS SELECT id FROM parents;",
            ),
            (
                "sqlite/20260201000000_view.sql",
                "CREATE VIEW seen AS SELECT id FROM others;",
            ),
        ];
        let refused = place.try_compare(files).await.unwrap_err();
        assert!(
            refused.starts_with("the schema of SQLite can't be read after version 20260201000000"),
            "{refused}"
        );
        assert!(refused.contains("no such table: main.others"), "{refused}");
    });
}

#[test]
fn a_constraint_of_the_comparisons_own_name_on_another_table_is_not_taken_for_it() {
    with_place(|place| async move {
        let [postgres, sqlite] = altered(ORDERS, Engine::Sqlite, "price > 0", "price >= 0");
        let files = [
            ("20260101000000_parents.sql", PARENTS),
            (
                "20260115000000_other.sql",
                "CREATE TABLE other (id BIGINT CONSTRAINT _twinbase_parity UNIQUE);",
            ),
            ("postgres/20260201000000_orders.sql", postgres.as_str()),
            ("sqlite/20260201000000_orders.sql", sqlite.as_str()),
        ];
        let found = lines(&place.compare(files).await);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("orders_paid_check condition"),
            "{found:?}"
        );
    });
}

#[test]
fn the_comparison_is_refused_on_sqlite_and_on_a_database_that_is_not_empty() {
    with_place(|place| async move {
        let migrations = Migrations::from_files([("20260101000000_parents.sql", PARENTS)]).unwrap();
        let database = place.0.open();
        let migrator = database.migrator(&migrations, &MigrateConfig::default());
        let migrator = migrator.unwrap();
        let refused = migrator
            .at(in_memory())
            .unwrap()
            .parity()
            .await
            .unwrap_err();
        assert!(
            chain(&refused).contains("this one is SQLite's"),
            "{refused}"
        );
        sqlx::query("CREATE TABLE mine (id BIGINT)")
            .execute(database.pool())
            .await
            .unwrap();
        let refused = chain(&migrator.parity().await.unwrap_err());
        assert!(
            refused.contains("the database has tables (mine)"),
            "{refused}"
        );
        let kept = Database::new(&place.0.config()).unwrap();
        sqlx::query("SELECT id FROM mine")
            .fetch_all(kept.pool())
            .await
            .unwrap();
        kept.close().await;
        database.close().await;
    });
}
