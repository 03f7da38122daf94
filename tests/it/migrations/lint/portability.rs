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

/// What the case leaves on a fresh database: `fails`, `done`, or what its query finds.
async fn outcome(case: &Case, config: &DatabaseConfig) -> String {
    let database = Database::new(config).unwrap();
    let (name, sql) = corpus::shop();
    let shop = Migrations::from_files([(name.as_str(), sql.as_str())]).unwrap();
    database.migrate(&shop).await.unwrap();
    sqlx::raw_sql(ROWS).execute(database.pool()).await.unwrap();
    let done = database.migrate(&case.migrations()).await;
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
        for rule in rules().filter(|rule| rule.family != Family::Live) {
            for case in corpus::of(rule.name) {
                let on_sqlite = DatabaseConfig {
                    url: Some("sqlite::memory:".parse().unwrap()),
                    ..DatabaseConfig::default()
                };
                let outcomes = [
                    on_postgres(&case, &test, &server).await,
                    outcome(&case, &on_sqlite).await,
                ];
                let said =
                    ["postgres", "sqlite"].map(|engine| case.says(engine).unwrap_or_default());
                if outcomes != said {
                    wrong.push(format!("{}: {outcomes:?} is not {said:?}", case.name()));
                }
            }
        }
        server.close().await;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}
