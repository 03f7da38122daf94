//! What the rules about portability say is so: the newest migration of each bad case fails on an engine,
//! or leaves something else there; that of each good one does the same on both.

use sqlx::Row as _;
use twinbase::config::{DatabaseConfig, Engine, MigrateConfig};
use twinbase::database::Database;
use twinbase::migration::Migrations;
use twinbase::migration::lint::{Family, rules};
use twinbase::telemetry::chain;
use twinbase::testing::{TestDatabase, server_url};

use super::corpus::{self, Case};

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

/// What the case leaves on the engine: `fails`, `done`, or what its query finds.
async fn outcome(case: &Case, database: &TestDatabase) -> String {
    let database = Database::new(&config(case, database).await).unwrap();
    let settings = MigrateConfig::default();
    let (name, sql) = corpus::shop();
    let shop = Migrations::from_files([(name.as_str(), sql.as_str())]).unwrap();
    database.migrate(&shop).await.unwrap();
    sqlx::raw_sql(ROWS).execute(database.pool()).await.unwrap();
    let migrator = database.migrator(&case.migrations(), &settings).unwrap();
    let done = migrator
        .up(&twinbase::migration::UpOptions::default())
        .await;
    let outcome = match (done, case.says("look")) {
        (Err(error), _) => {
            println!("{}: {}", case.name(), chain(&error));
            "fails".to_owned()
        }
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

/// A configuration for the case: where it is about a language, a database of that language.
async fn config(case: &Case, database: &TestDatabase) -> DatabaseConfig {
    let mut config = database.config();
    if database.engine() == Engine::Postgres && case.rule == "variant-collation" {
        let server = database.open();
        let name = format!("{}_english", database.url().database_name());
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'"
        )))
        .execute(server.pool())
        .await
        .unwrap();
        server.close().await;
        config.url = Some(server_url(&name).parse().unwrap());
    }
    config
}

#[test]
fn bad_portable_migrations_part_the_engines_and_good_ones_do_not() {
    let mut wrong = Vec::new();
    for rule in rules().filter(|rule| rule.family != Family::Live) {
        for case in corpus::of(rule.name) {
            let outcomes = [Engine::Postgres, Engine::Sqlite].map(|engine| {
                let (sender, receiver) = std::sync::mpsc::channel();
                twinbase::testing::run(engine, async |database: TestDatabase| {
                    sender.send(outcome(&case, &database).await).unwrap();
                });
                receiver.recv().unwrap()
            });
            let said = ["postgres", "sqlite"].map(|engine| case.says(engine).unwrap_or_default());
            if outcomes != said {
                wrong.push(format!("{}: {outcomes:?} is not {said:?}", case.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
