use std::time::Duration;

use poem::http::StatusCode;
use poem_openapi::param::Path;
use poem_openapi::payload::PlainText;
use poem_openapi::{ApiResponse, OpenApi};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use twinbase::api::{ReadSession, WriteSession};
use twinbase::database::{Database, DatabaseError, Session};
use twinbase::migration::Migrations;
use twinbase::service::Application;
use twinbase::testing::{TestApplication, TestDatabase};

const TABLES: &str = "CREATE TABLE note (id BIGINT PRIMARY KEY);
    CREATE TABLE link (id BIGINT PRIMARY KEY, note BIGINT REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED)";

struct Notes;

#[derive(ApiResponse)]
enum Added {
    /// It is there.
    #[oai(status = 201)]
    Created,
    /// Something else.
    #[oai(status = 303)]
    Elsewhere,
    /// It was not wanted.
    #[oai(status = 422)]
    Unwanted,
}

async fn insert(session: &mut Session, id: i64) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO note (id) VALUES ($1)";
    sqlx::query(sql).bind(id).execute(session).await?;
    Ok(())
}

#[OpenApi]
impl Notes {
    #[oai(path = "/add/:id", method = "post")]
    async fn add(&self, mut session: WriteSession, id: Path<i64>) -> poem::Result<Added> {
        insert(&mut session, id.0).await?;
        Ok(match id.0 {
            1..10 => Added::Created,
            10..20 => Added::Elsewhere,
            _ => Added::Unwanted,
        })
    }

    #[oai(path = "/fail/:id", method = "post")]
    async fn fail(&self, mut session: WriteSession, id: Path<i64>) -> poem::Result<()> {
        insert(&mut session, id.0).await?;
        Err(poem::Error::from_string("no", StatusCode::BAD_REQUEST))
    }

    #[oai(path = "/panic/:id", method = "post")]
    async fn panic(&self, mut session: WriteSession, id: Path<i64>) -> poem::Result<()> {
        insert(&mut session, id.0).await?;
        panic!("on purpose");
    }

    #[oai(path = "/swallow/:id", method = "post")]
    async fn swallow(&self, mut session: WriteSession, id: Path<i64>) -> poem::Result<()> {
        insert(&mut session, id.0).await?;
        assert!(insert(&mut session, id.0).await.is_err());
        Ok(())
    }

    #[oai(path = "/wait/:id", method = "post")]
    async fn wait(&self, mut session: WriteSession, id: Path<i64>) -> poem::Result<()> {
        insert(&mut session, id.0).await?;
        tokio::time::sleep(Duration::from_mins(5)).await;
        Ok(())
    }

    #[oai(path = "/keep/:id", method = "post")]
    async fn keep(&self, mut session: WriteSession, id: Path<i64>) -> poem::Result<()> {
        insert(&mut session, id.0).await?;
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            drop(session);
        });
        Ok(())
    }

    #[oai(path = "/link/:note", method = "post")]
    async fn link(&self, mut session: WriteSession, note: Path<i64>) -> poem::Result<()> {
        let link = sqlx::query("INSERT INTO link (id, note) VALUES ($1, $1)").bind(note.0);
        link.execute(&mut *session)
            .await
            .map_err(DatabaseError::from)?;
        Ok(())
    }

    #[oai(path = "/both/:id", method = "post")]
    async fn both(
        &self,
        mut write: WriteSession,
        mut read: ReadSession,
        id: Path<i64>,
    ) -> poem::Result<()> {
        insert(&mut write, id.0).await?;
        assert!(insert(&mut read, id.0).await.is_err());
        Ok(())
    }

    #[oai(path = "/twice/:id", method = "post")]
    async fn twice(
        &self,
        mut one: WriteSession,
        mut two: WriteSession,
        id: Path<i64>,
    ) -> poem::Result<()> {
        insert(&mut one, id.0).await?;
        insert(&mut two, id.0 + 1).await?;
        Ok(())
    }

    #[oai(path = "/count", method = "get")]
    async fn count(&self, mut session: ReadSession) -> poem::Result<PlainText<String>> {
        let count =
            sqlx::query_scalar::<_, i64>("SELECT count(*) FROM note").fetch_one(&mut *session);
        Ok(PlainText(
            count.await.map_err(DatabaseError::from)?.to_string(),
        ))
    }

    #[oai(path = "/write-to-read/:id", method = "post")]
    async fn misuse(&self, mut session: ReadSession, id: Path<i64>) -> poem::Result<()> {
        insert(&mut session, id.0).await?;
        Ok(())
    }
}

async fn serve(test: &TestDatabase) -> TestApplication {
    let mut config = TestApplication::config(test.config());
    (config.database.pool_size, config.database.max_overflow) = (2, 0);
    config.database.acquire_timeout = Duration::from_millis(300);
    let migrations = Migrations::from_files([("20260301090000_notes.sql", TABLES)]).unwrap();
    let application = Application::new(config).api(Notes).migrations(migrations);
    let application = TestApplication::serve(application).await;
    application.until_ready_answers(200).await;
    application
}

async fn ids(database: &Database) -> Vec<i64> {
    let ids = sqlx::query_scalar("SELECT id FROM note ORDER BY id");
    ids.fetch_all(database.reader()).await.unwrap()
}

/// Whether nothing of the application's is left in use, soon.
async fn is_idle(database: &Database) {
    for _ in 0..500 {
        if database
            .pool_status()
            .iter()
            .all(|status| status.in_use == 0)
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", database.pool_status());
}

twinbase::on_both_engines! {
    async fn a_success_is_committed_before_its_answer_and_all_else_rolled_back(test: TestDatabase) {
        let application = serve(&test).await;
        let database = application.database();
        for (path, status, committed) in [
            ("/add/1", 201, true),
            ("/add/10", 303, true),
            ("/add/20", 422, false),
            ("/fail/30", 400, false),
            ("/panic/40", 500, false),
            ("/swallow/50", 500, false),
            ("/write-to-read/60", 500, false),
            // What only read has failed: nothing is written either.
            ("/both/70", 500, false),
            ("/twice/80", 500, false),
            // The second time it is there already.
            ("/add/1", 409, false),
        ] {
            let before = ids(database).await;
            let answer = application.send(&format!("POST {path}")).await;
            assert_eq!(answer.status, status, "{path}: {answer:?}");
            // As soon as the answer is there.
            assert_eq!(ids(database).await.len() > before.len(), committed, "{path}");
        }
        assert_eq!(ids(database).await, [1, 10]);
        assert_eq!(application.send("GET /count").await.body, "2");
        is_idle(database).await;
        application.stop().await;
    }

    async fn a_commit_that_fails_turns_the_answer_into_its_error(test: TestDatabase) {
        let application = serve(&test).await;
        let answer = application.send("POST /link/7").await;
        assert_eq!(answer.status, 409, "{answer:?}");
        assert_eq!(answer.json()["detail"], "a foreign key would refer to no row");
        application.send("POST /add/7").await;
        assert_eq!(application.send("POST /link/7").await.status, 200);
        is_idle(application.database()).await;
        application.stop().await;
    }

    async fn a_session_that_is_kept_is_not_committed_and_the_client_is_told(test: TestDatabase) {
        let application = serve(&test).await;
        let answer = application.send("POST /keep/3").await;
        assert_eq!(answer.status, 500, "{answer:?}");
        is_idle(application.database()).await;
        assert_eq!(ids(application.database()).await, [0_i64; 0]);
        application.stop().await;
    }

    async fn a_client_that_goes_away_leaves_nothing_open(test: TestDatabase) {
        let application = serve(&test).await;
        let database = application.database();
        for id in 0..4 {
            let mut client = TcpStream::connect(application.address()).await.unwrap();
            let request = format!("POST /wait/{id} HTTP/1.1\r\nHost: test\r\n\r\n");
            client.write_all(request.as_bytes()).await.unwrap();
            while database.pool_status()[0].in_use == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            drop(client);
            is_idle(database).await;
        }
        assert_eq!(ids(database).await, [0_i64; 0]);
        assert_eq!(application.send("POST /add/1").await.status, 201);
        application.stop().await;
    }

    async fn no_connection_in_time_is_a_503_with_retry_after(test: TestDatabase) {
        let application = serve(&test).await;
        let mut held = Vec::new();
        for _ in 0..2 {
            held.push(application.database().reader().acquire().await.unwrap());
        }
        let answer = application.send("GET /count").await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.header("retry-after"), Some("1"));
        drop(held);
        assert_eq!(application.send("GET /count").await.status, 200);
        application.stop().await;
    }
}
