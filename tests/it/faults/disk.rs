use sqlx::AssertSqlSafe;
use twinbase::config::Engine;
use twinbase::database::{Database, DatabaseError, ErrorKind, SessionGuard};
use twinbase::testing::{SmallDisk, TestDatabase, run, run_alone};

use super::{is_whole, one, open, until};

/// Text that fills some pages, and no two alike: PostgreSQL compresses.
fn text(number: i64) -> String {
    let words = (1..2000).map(|word| (number + 1) * 7919 * word % 99_991);
    words.fold(String::new(), |text, word| text + &format!("{word:x} "))
}

async fn write(database: &Database, number: i64) -> Result<(), DatabaseError> {
    let (first, second) = (&text(2 * number), &text(2 * number + 1));
    database
        .write(move |mut session: SessionGuard| async move {
            for text in [first, second] {
                let insert = sqlx::query("INSERT INTO large (number, text) VALUES ($1, $2)");
                insert
                    .bind(number)
                    .bind(text)
                    .execute(&mut *session)
                    .await?;
            }
            Ok(())
        })
        .await
}

/// Writes until the disk is full, makes room, and writes on.
async fn fills_up(database: &Database, disk: &SmallDisk) {
    let mut acknowledged = Vec::new();
    let mut number = 0;
    for round in 0..2 {
        disk.fill();
        let error = loop {
            match write(database, number).await {
                Ok(()) => acknowledged.push(number),
                Err(error) => break error,
            }
            number += 1;
            assert!(number < 10_000, "the disk is small");
        };
        assert_eq!(error.kind(), ErrorKind::DiskFull, "{error}: {error:?}");
        let said = error.to_string();
        assert!(
            said.contains("the disk is full") && said.contains("make room"),
            "{said}"
        );
        // Reading goes on.
        one(database).await.unwrap();
        assert_eq!(whole(database).await, acknowledged, "round {round}");
        disk.make_room();
        until("it writes again", async || {
            number += 1;
            let written = write(database, number).await.is_ok();
            if written {
                acknowledged.push(number);
            }
            written
        })
        .await;
        number += 1;
    }
    assert_eq!(whole(database).await, acknowledged);
    is_whole(database).await;
}

/// The numbers that are there, all of them with both their rows.
async fn whole(database: &Database) -> Vec<i64> {
    let select = "SELECT number, count(*) FROM large GROUP BY number ORDER BY number";
    let rows: Vec<(i64, i64)> = sqlx::query_as(select)
        .fetch_all(database.reader())
        .await
        .unwrap();
    assert!(rows.iter().all(|(_, count)| *count == 2), "{rows:?}");
    rows.into_iter().map(|(number, _)| number).collect()
}

#[test]
fn a_full_disk_is_told_as_such_and_recovered_from_on_sqlite() {
    let Some(disk) = SmallDisk::mount(8) else {
        return;
    };
    run_alone(async move {
        let database = open(&format!("sqlite:{}/test.db", disk.path().display()), |_| {});
        let table = "CREATE TABLE large (number BIGINT NOT NULL, text TEXT NOT NULL)";
        sqlx::query(table).execute(database.writer()).await.unwrap();
        fills_up(&database, &disk).await;
        let sound: String = sqlx::query_scalar("PRAGMA integrity_check")
            .fetch_one(database.reader())
            .await
            .unwrap();
        assert_eq!(sound, "ok");
        database.close().await;
    });
}

#[test]
fn a_full_disk_is_told_as_such_and_recovered_from_on_postgres() {
    run(Engine::Postgres, |test: TestDatabase| async move {
        let Some(disk) = SmallDisk::mount(8) else {
            return;
        };
        // The tables' disk. One that has no room for the write-ahead log stops the whole server.
        let database = test.open();
        let space = format!("small_{}", std::process::id());
        let folder = disk.path().display();
        for sql in [
            format!("CREATE TABLESPACE {space} LOCATION '{folder}'"),
            format!(
                "CREATE TABLE large (number BIGINT NOT NULL, text TEXT NOT NULL) TABLESPACE {space}"
            ),
        ] {
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(database.writer())
                .await
                .unwrap();
        }
        fills_up(&database, &disk).await;
        for sql in [
            "DROP TABLE large".to_owned(),
            format!("DROP TABLESPACE {space}"),
        ] {
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(database.writer())
                .await
                .unwrap();
        }
        database.close().await;
    });
}
