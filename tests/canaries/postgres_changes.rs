//! What stock `Any` makes of a PostgreSQL connection that outlives a change or an error.

use futures_util::FutureExt as _;
use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::{numbers, postgres, run, still};

#[tokio::test]
async fn sqlx_1250_a_prepared_statement_fails_once_its_table_has_changed() {
    let mut connection = postgres().await;
    run(&mut connection, "CREATE TEMP TABLE t (a BIGINT)").await;
    let select = "SELECT * FROM t WHERE a = $1";
    let before = sqlx::query(select).bind(1_i64).fetch_all(&mut connection);
    before.await.unwrap();
    run(&mut connection, "ALTER TABLE t ADD COLUMN b BIGINT").await;
    for _ in 0..2 {
        let after = sqlx::query(select).bind(1_i64).fetch_all(&mut connection);
        let found = after.await.map(|rows| rows.len());
        still(found.is_err(), &found);
    }
}

#[tokio::test]
async fn clearing_the_cached_statements_leaves_them_on_the_server() {
    let mut connection = postgres().await;
    let prepared = sqlx::query("SELECT $1")
        .bind("x")
        .fetch_one(&mut connection);
    prepared.await.unwrap();
    connection.clear_cached_statements().await.unwrap();
    let count = "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1'";
    let row = connection.fetch_one(sqlx::raw_sql(count)).await.unwrap();
    let found: i64 = row.get(0);
    still(found == 1, &found);
}

#[tokio::test]
async fn the_cached_statements_are_counted_as_none() {
    let mut connection = postgres().await;
    let prepared = sqlx::query("SELECT $1")
        .bind("x")
        .fetch_one(&mut connection);
    prepared.await.unwrap();
    let found = connection.cached_statements_size();
    still(found == 0, &found);
}

#[tokio::test]
async fn sqlx_4394_a_cancelled_begin_leaves_a_transaction_open() {
    let mut connection = postgres().await;
    run(&mut connection, "CREATE TEMP TABLE t (n BIGINT)").await;
    // Polled once, so that BEGIN is sent, and dropped while the answer is on its way; again if the
    // server was so quick that there was a transaction to drop.
    while connection.begin().now_or_never().is_some() {}
    run(&mut connection, "INSERT INTO t VALUES (1)").await;
    run(&mut connection, "ROLLBACK").await;
    let found = numbers(&mut connection, "SELECT n FROM t").await;
    still(found.is_empty(), &found);
}

#[tokio::test]
async fn a_commit_that_the_server_makes_a_rollback_is_ok() {
    let mut connection = postgres().await;
    run(&mut connection, "CREATE TEMP TABLE t (n BIGINT)").await;
    let mut transaction = connection.begin().await.unwrap();
    run(&mut transaction, "INSERT INTO t VALUES (1)").await;
    transaction.execute("SELECT 1 / 0").await.unwrap_err();
    let committed = transaction.commit().await;
    let rows = numbers(&mut connection, "SELECT n FROM t").await;
    assert!(rows.is_empty(), "the server can't have committed");
    still(committed.is_ok(), &committed);
}

#[tokio::test]
async fn an_error_after_the_row_goes_to_the_next_statement() {
    let mut connection = postgres().await;
    run(
        &mut connection,
        "CREATE TEMP TABLE t (n BIGINT UNIQUE DEFERRABLE INITIALLY DEFERRED);
         INSERT INTO t VALUES (1)",
    )
    .await;
    let insert = sqlx::query("INSERT INTO t VALUES ($1) RETURNING n").bind(1_i64);
    let inserted = insert.fetch_optional(&mut connection).await.map(drop);
    let next = connection.execute("SELECT 1").await;
    still(inserted.is_ok() && next.is_err(), &(inserted, next));
}

#[tokio::test]
async fn sqlx_4359_a_hard_close_is_a_graceful_one() {
    drop(postgres().await);
    let mut server: url::Url = twinbase::testing::server_url("postgres").parse().unwrap();
    let address = (
        server.host_str().unwrap().to_owned(),
        server.port().unwrap_or(5432),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    server.set_host(Some("127.0.0.1")).unwrap();
    let port = listener.local_addr().unwrap().port();
    server.set_port(Some(port)).unwrap();
    // Gives the last that the client sent.
    let proxy = tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let upstream = TcpStream::connect(address).await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = upstream.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        let (mut buffer, mut last) = (vec![0; 4096], Vec::new());
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            last = buffer[..length].to_vec();
            to_server.write_all(&last).await.unwrap();
        }
        last
    });
    let connection = AnyConnection::connect(server.as_str()).await.unwrap();
    connection.close_hard().await.unwrap();
    let found = proxy.await.unwrap();
    // The protocol's Terminate.
    still(found == [b'X', 0, 0, 0, 4], &found);
}
