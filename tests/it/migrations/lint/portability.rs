//! What the rules about portability say is so: the newest migration of each bad case fails on an engine,
//! or leaves something else there; that of each good one does the same on both.

use sqlx::Row as _;
use twinbase::config::{DatabaseConfig, Engine};
use twinbase::database::Database;
use twinbase::migration::Migrations;
use twinbase::migration::lint::{Family, rules};
use twinbase::telemetry::chain;
use twinbase::testing::{TestDatabase, server_url};

use super::corpus::{self, Case};

/// What only shows in programs without the driver, or in the schema: each has a test of its own.
const SAME_BY_THE_DRIVER: [&str; 2] = ["like-in-definition", "variants-differ"];

/// Rows of the shop, the same on both engines.
pub(super) const ROWS: &str = "
INSERT INTO customers (id, name, email, since) VALUES
    ('0190163d-8694-739b-aea5-966c26f8ac01', 'Ada', 'ada@example.com', '2024-01-01'),
    ('0190163d-8694-739b-aea5-966c26f8ac02', 'Bob', NULL, NULL);
INSERT INTO orders (id, number, customer, note, price, paid, placed_at, due, lines, quantity) VALUES
    ('0190163d-8694-739b-aea5-966c26f8ad01', 1, '0190163d-8694-739b-aea5-966c26f8ac01', 'first', '9.5', TRUE,
     '2024-06-14T07:05:09.000000Z', '2024-06-14', '{\"gift\": true}', 7),
    ('0190163d-8694-739b-aea5-966c26f8ad02', 2, '0190163d-8694-739b-aea5-966c26f8ac02', 'second', '10', FALSE,
     NULL, NULL, NULL, 5),
    ('0190163d-8694-739b-aea5-966c26f8ad03', 3, NULL, NULL, NULL, FALSE, NULL, NULL, NULL, NULL);
";

/// A shop with its rows.
async fn opened(config: &DatabaseConfig) -> Database {
    let database = Database::new(config).unwrap();
    let (name, sql) = corpus::shop();
    let shop = Migrations::from_files([(name.as_str(), sql.as_str())]).unwrap();
    database.migrate(&shop).await.unwrap();
    sqlx::raw_sql(ROWS).execute(database.pool()).await.unwrap();
    database
}

/// The shop on PostgreSQL and on SQLite.
pub(super) async fn on_both(test: &TestDatabase) -> [Database; 2] {
    let in_memory = DatabaseConfig {
        url: Some("sqlite::memory:".parse().unwrap()),
        ..DatabaseConfig::default()
    };
    [opened(&test.config()).await, opened(&in_memory).await]
}

/// What the case leaves on a fresh database: `fails`, `done`, or what its query finds.
async fn outcome(case: &Case, config: &DatabaseConfig) -> String {
    let database = opened(config).await;
    let done = database.migrate(&case.migrations()).await;
    let outcome = match (done, case.says("look")) {
        (Err(error), _) => format!("fails: {}", chain(&error)),
        (Ok(_), None) => "done".to_owned(),
        (Ok(_), Some(query)) => {
            let query = sqlx::query(sqlx::AssertSqlSafe(query.to_owned()));
            let row = query.fetch_one(database.pool()).await.unwrap();
            row.get(0)
        }
    };
    database.close().await;
    outcome
}

async fn on_postgres(case: &Case, test: &TestDatabase, server: &Database) -> String {
    let run = async |sql: String| {
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        sql.execute(server.pool()).await.unwrap();
    };
    if case.rule != "variant-collation" {
        run("DROP SCHEMA public CASCADE; CREATE SCHEMA public".to_owned()).await;
        return outcome(case, &test.config()).await;
    }
    // The server of the tests sorts by bytes; one in use has a language.
    let name = format!("english_{}", std::process::id());
    let create =
        format!("CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'");
    run(create).await;
    let mut config = test.config();
    config.url = Some(server_url(&name).parse().unwrap());
    let outcome = outcome(case, &config).await;
    run(format!("DROP DATABASE {name} WITH (FORCE)")).await;
    outcome
}

#[test]
fn bad_portable_migrations_part_the_engines_and_good_ones_do_not() {
    twinbase::testing::run(Engine::Postgres, |test: TestDatabase| async move {
        let server = test.open();
        let mut wrong = Vec::new();
        for rule in rules().filter(|rule| rule.family == Family::Portability) {
            for case in corpus::of(rule.name) {
                let on_sqlite = DatabaseConfig {
                    url: Some("sqlite::memory:".parse().unwrap()),
                    ..DatabaseConfig::default()
                };
                let outcomes = [
                    on_postgres(&case, &test, &server).await,
                    outcome(&case, &on_sqlite).await,
                ];
                for (engine, outcome) in ["postgres", "sqlite"].into_iter().zip(&outcomes) {
                    if !case.agrees(engine, outcome) {
                        let said = case.says(engine);
                        wrong.push(format!(
                            "{} on {engine}: {outcome} is not {said:?}",
                            case.name()
                        ));
                    }
                }
                let is_one = outcomes[0] == outcomes[1] && !outcomes[0].starts_with("fails");
                if is_one == case.is_bad && !SAME_BY_THE_DRIVER.contains(&rule.name) {
                    wrong.push(format!("{}: {outcomes:?}", case.name()));
                }
            }
        }
        server.close().await;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn like_in_a_check_is_another_one_in_programs_without_the_driver() {
    twinbase::testing::run(Engine::Sqlite, |test: TestDatabase| async move {
        let [bad, _] = corpus::of("like-in-definition");
        let database = test.open();
        database.migrate(&bad.migrations()).await.unwrap();
        let insert = "INSERT INTO items (id, name) VALUES (1, 'abc')";
        let refused = sqlx::query(insert)
            .execute(database.pool())
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("coded"), "{refused}");
        database.close().await;
        let file = test.url().sqlite_file().unwrap().to_owned();
        let stock = rusqlite::Connection::open(file).unwrap();
        assert_eq!(stock.execute(insert, []).unwrap(), 1);
    });
}

#[test]
fn an_index_that_one_variant_makes_is_one_that_the_next_portable_file_does_not_find() {
    twinbase::testing::run(Engine::Sqlite, |test: TestDatabase| async move {
        let [bad, _] = corpus::of("variants-differ");
        let shop = corpus::shop();
        let next = (
            "20260401000000_next.sql".to_owned(),
            "DROP INDEX items_by_id;\n".to_owned(),
        );
        let files = std::iter::once(&shop).chain(&bad.files).chain([&next]);
        let files = files.map(|(name, sql)| (name.as_str(), sql.as_str()));
        let database = test.open();
        let error = database
            .migrate(&Migrations::from_files(files).unwrap())
            .await
            .unwrap_err();
        assert!(chain(&error).contains("no such index"), "{}", chain(&error));
        database.close().await;
    });
}
