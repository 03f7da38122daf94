use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};
use twinbase::config::Engine;
use twinbase::database::ErrorKind;
use twinbase::migration::Migrations;
use twinbase::testing::TestDatabase;

use super::{migrations, migrator};
use crate::migrations::BASELINE;

const ITEMS: (&str, &str) = (
    "20260210120000_items.sql",
    "CREATE TABLE items (id BIGINT NOT NULL PRIMARY KEY);\n\
     INSERT INTO items (id) VALUES (1), (2), (3);\n",
);

/// Each type that has a CHECK on PostgreSQL, with a value that it refuses.
const COLUMNS: [(&str, &str, &str); 7] = [
    ("code", "VARCHAR(3) NOT NULL DEFAULT 'abc'", "'abcd'"),
    ("price", "NUMERIC(5,2) NOT NULL DEFAULT 999.99", "'1000'"),
    ("exact", "NUMERIC(5,2)", "'0.001'"),
    ("amount", "NUMERIC NOT NULL DEFAULT '1.50'", "'NaN'"),
    (
        "at",
        "TIMESTAMPTZ DEFAULT '9999-12-31T23:59:59.999999Z'",
        "'infinity'",
    ),
    ("due", "DATE DEFAULT '0001-01-01'", "'infinity'"),
    (
        "ratio",
        "DOUBLE PRECISION DEFAULT 0.5",
        "CAST('NaN' AS DOUBLE PRECISION)",
    ),
];

fn added() -> String {
    let statement = |(name, declared, _): &(&str, &str, &str)| {
        format!("ALTER TABLE items ADD COLUMN {name} {declared};\n")
    };
    COLUMNS.iter().map(statement).collect()
}

twinbase::on_both_engines! {
    async fn an_added_column_refuses_what_does_not_fit_and_rows_that_were_there_can_be_changed(test: TestDatabase) {
        let database = test.open();
        let added = added();
        let set = Migrations::from_files([BASELINE, ITEMS, ("20260301090000_added.sql", added.as_str())]).unwrap();
        database.migrate(&set).await.unwrap();
        sqlx::query("UPDATE items SET code = 'new'").execute(database.pool()).await.unwrap();
        for (name, _, unfit) in COLUMNS {
            // SQLite has no NaN: what would be one is NULL, or refused when it is written.
            if name == "ratio" && test.engine() == Engine::Sqlite {
                continue;
            }
            let sql = format!("UPDATE items SET {name} = {unfit} WHERE id = 1");
            let error = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(database.pool()).await.unwrap_err();
            assert_eq!(ErrorKind::of(&error), ErrorKind::Data, "{name}: {error}");
        }
        database.close().await;
    }
}

#[test]
fn adding_a_column_neither_reads_nor_writes_the_rows_that_are_there() {
    twinbase::testing::run(Engine::Postgres, |test: TestDatabase| async move {
        let database = test.open();
        let added = added();
        let files = [
            BASELINE,
            ITEMS,
            ("20260301090000_added.sql", added.as_str()),
        ];
        let plan = Migrations::from_files(files)
            .unwrap()
            .plan(Engine::Postgres)
            .unwrap();
        database
            .migrate(&migrations(&[BASELINE, ITEMS]))
            .await
            .unwrap();
        database.close().await;
        let mut conn = AnyConnection::connect(test.url().expose()).await.unwrap();
        let file = "SELECT CAST(pg_relation_filenode('items') AS BIGINT)";
        let before: i64 = conn.fetch_one(file).await.unwrap().get(0);
        for statement in plan[2].statements(Engine::Postgres) {
            let sql = format!("BEGIN; {}", statement.sql);
            conn.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql)))
                .await
                .unwrap();
            let scans = "SELECT CAST(seq_scan AS BIGINT) FROM pg_stat_xact_user_tables WHERE relname = 'items'";
            let scans: i64 = conn.fetch_one(scans).await.unwrap().get(0);
            assert_eq!(scans, 0, "{}", statement.sql);
            conn.execute("COMMIT").await.unwrap();
        }
        assert_eq!(conn.fetch_one(file).await.unwrap().get::<i64, _>(0), before);
        // As the translator wrote it before: the CHECK within the column.
        let valid = "BEGIN; ALTER TABLE items ADD COLUMN old NUMERIC CONSTRAINT c CHECK (old < 5) NOT NULL DEFAULT 0";
        conn.execute(sqlx::raw_sql(valid)).await.unwrap();
        let scans =
            "SELECT CAST(seq_scan AS BIGINT) FROM pg_stat_xact_user_tables WHERE relname = 'items'";
        assert_eq!(conn.fetch_one(scans).await.unwrap().get::<i64, _>(0), 1);
        conn.execute("ROLLBACK").await.unwrap();
        conn.close().await.unwrap();
    });
}

#[test]
fn a_schema_of_an_older_translator_is_adopted_as_the_same() {
    twinbase::testing::run(Engine::Postgres, |test: TestDatabase| async move {
        let database = test.open();
        let files = [
            (
                "20260210120000_items.sql",
                "CREATE TABLE items (id BIGINT NOT NULL PRIMARY KEY);\n",
            ),
            (
                "20260301090000_code.sql",
                "ALTER TABLE items ADD COLUMN code VARCHAR(3);\n",
            ),
        ];
        let plan = migrations(&files).plan(Engine::Postgres).unwrap();
        for statement in plan
            .iter()
            .flat_map(|step| step.statements(Engine::Postgres))
        {
            let sql = sqlx::AssertSqlSafe(statement.sql.replace(" NOT VALID", ""));
            sqlx::raw_sql(sql).execute(database.pool()).await.unwrap();
        }
        let baseline = migrator(&database, &files)
            .baseline(twinbase::migration::baseline::Target::Detect, None)
            .await
            .unwrap();
        assert_eq!(baseline.marked.len(), 2);
        database.close().await;
    });
}
