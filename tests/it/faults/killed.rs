use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use twinbase::config::DatabaseConfig;
use twinbase::database::{Database, DatabaseError, SessionGuard};

/// The database that the process writes to which is to be killed.
const URL: &str = "TWINBASE_TEST_WRITES_TO";
/// The number of its first transaction.
const FIRST: &str = "TWINBASE_TEST_WRITES_FROM";

const KILLS: usize = 50;
/// The transactions that are acknowledged before it is killed, from 1 to this.
const LIFE: usize = 40;
const TASKS: i64 = 8;
const TABLE: &str = "CREATE TABLE halves (number BIGINT NOT NULL, half BIGINT NOT NULL)";

fn config(url: &str) -> DatabaseConfig {
    DatabaseConfig {
        url: Some(url.parse().unwrap()),
        pool_size: 4,
        max_overflow: 0,
        ..DatabaseConfig::default()
    }
}

async fn write(database: &Database, number: i64) -> Result<(), DatabaseError> {
    database
        .write(move |mut session: SessionGuard| async move {
            for half in 1..=2_i64 {
                let insert = sqlx::query("INSERT INTO halves (number, half) VALUES ($1, $2)");
                insert
                    .bind(number)
                    .bind(half)
                    .execute(&mut *session)
                    .await?;
            }
            Ok(())
        })
        .await
}

/// Writes and says so, for as long as it lives.
async fn write_for_ever(url: &str, first: i64) {
    let database = Database::new(&config(url)).unwrap();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let database = database.clone();
            tokio::spawn(async move {
                for number in (first + task..).step_by(usize::try_from(TASKS).unwrap()) {
                    write(&database, number).await.unwrap();
                    // In one piece, and past the capture of output.
                    let line = format!("acknowledged {number}\n");
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// The process that is killed, when it is started by the test below; else a look at what it does.
#[test]
fn a_writer_writes_what_it_acknowledges() {
    let Ok(url) = std::env::var(URL) else {
        twinbase::testing::run(twinbase::config::Engine::Sqlite, |test| async move {
            let database = Database::new(&config(test.url().expose())).unwrap();
            sqlx::query(TABLE).execute(database.writer()).await.unwrap();
            write(&database, 7).await.unwrap();
            assert_eq!(stored(&database).await, BTreeMap::from([(7, 2)]));
            database.close().await;
        });
        return;
    };
    let first = std::env::var(FIRST).unwrap().parse().unwrap();
    twinbase::testing::run_alone(write_for_ever(&url, first));
}

/// The transactions that are there, with the number of their rows.
async fn stored(database: &Database) -> BTreeMap<i64, i64> {
    let select = "SELECT number, count(*) FROM halves GROUP BY number";
    let rows: Vec<(i64, i64)> = sqlx::query_as(select)
        .fetch_all(database.reader())
        .await
        .unwrap();
    rows.into_iter().collect()
}

/// Starts a writer, kills it once it has acknowledged so many, and gives what it acknowledged.
fn killed_after(url: &str, first: i64, least: usize) -> Vec<i64> {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "faults::killed::a_writer_writes_what_it_acknowledges",
            "--nocapture",
        ])
        .env(URL, url)
        .env(FIRST, first.to_string())
        // Coverage figures of a process that is killed are torn.
        .env("LLVM_PROFILE_FILE", "/dev/null")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    let mut output = BufReader::new(writer.stdout.take().unwrap());
    let mut line = String::new();
    let mut killed = false;
    while output.read_line(&mut line).unwrap() > 0 {
        // What it said before it died counts, but for a line that is torn.
        if let Some(number) = line
            .strip_suffix('\n')
            .and_then(|line| line.strip_prefix("acknowledged "))
        {
            acknowledged.push(number.parse().unwrap());
        }
        line.clear();
        if acknowledged.len() >= least && !killed {
            writer.kill().unwrap();
            killed = true;
        }
    }
    assert!(killed, "it ended by itself: {:?}", writer.wait());
    writer.wait().unwrap();
    acknowledged
}

twinbase::on_both_engines! {
    async fn what_was_acknowledged_is_there_after_each_of_fifty_kills(test: TestDatabase) {
        let url = test.url().expose().to_owned();
        let database = Database::new(&config(&url)).unwrap();
        sqlx::query(TABLE).execute(database.writer()).await.unwrap();
        let mut acknowledged = BTreeSet::new();
        for kill in 0..KILLS {
            let (url, first) = (url.clone(), i64::try_from(kill).unwrap() * 1_000_000);
            // Sooner or later, and not always at the same point.
            let life = 1 + kill * 7 % LIFE;
            let killed = tokio::task::spawn_blocking(move || killed_after(&url, first, life));
            acknowledged.extend(killed.await.unwrap());
            let stored = stored(&database).await;
            let lost: Vec<_> = acknowledged.iter().filter(|number| !stored.contains_key(number)).collect();
            assert!(lost.is_empty(), "kill {kill}: acknowledged and not there: {lost:?}");
            let torn: Vec<_> = stored.iter().filter(|(_, rows)| **rows != 2).collect();
            assert!(torn.is_empty(), "kill {kill}: {torn:?}");
            // Nobody is in the way of who comes next.
            let next = write(&database, -1 - i64::try_from(kill).unwrap());
            tokio::time::timeout(Duration::from_secs(5), next).await.unwrap().unwrap();
        }
        assert!(acknowledged.len() >= KILLS * 10, "{}", acknowledged.len());
        database.close().await;
    }
}
