use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::Connection as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use twinbase::config::Engine;
use twinbase::testing::run;

#[test]
fn a_prepared_statement_costs_one_round_trip() {
    run(Engine::Postgres, |test| async move {
        twinbase::driver::install().unwrap();
        let mut url = url::Url::parse(test.url().expose()).unwrap();
        let (proxy, writes) = counting_proxy(&url).await;
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(proxy)).unwrap();
        let mut connection = sqlx::AnyConnection::connect(url.as_str()).await.unwrap();
        let statements = [
            "SELECT $1::int8",
            // Prepared with the type of the argument.
            "SELECT $1 + $1",
        ];
        for round in 0..10 {
            let before = writes.load(Ordering::SeqCst);
            for sql in statements {
                sqlx::query(sql)
                    .bind(5_i64)
                    .fetch_one(&mut connection)
                    .await
                    .unwrap();
            }
            if round > 0 {
                assert_eq!(writes.load(Ordering::SeqCst) - before, statements.len());
            }
        }
        // In a transaction too, with BEGIN and COMMIT beside it.
        let before = writes.load(Ordering::SeqCst);
        let mut transaction = connection.begin().await.unwrap();
        sqlx::query(statements[1])
            .bind(5_i64)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(writes.load(Ordering::SeqCst) - before, 3);
        connection.close().await.unwrap();
    });
}

/// Forwards to the server and counts what the client sends: a write for each round trip.
async fn counting_proxy(server: &url::Url) -> (u16, Arc<AtomicUsize>) {
    let host = server.host_str().unwrap().to_owned();
    let port = server.port().unwrap_or(5432);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().port();
    let writes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&writes);
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect((host, port)).await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        let mut buffer = vec![0; 1 << 16];
        loop {
            match from_client.read(&mut buffer).await {
                Ok(length) if length > 0 => {
                    counted.fetch_add(1, Ordering::SeqCst);
                    to_server.write_all(&buffer[..length]).await.unwrap();
                }
                _ => break,
            }
        }
    });
    (address, writes)
}
