//! Round trips, counted rather than timed: what the client writes through a proxy. sqlx waits for
//! the answer after each write.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, Connection as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::postgres::private;
use crate::workload::{INSERT, NAME, NOTE, PRICE, SELECT, WEIGHT};

const QUERIES: usize = 10;

/// Prints the round trips of a statement that has been prepared, for ours and for stock `Any`.
pub(crate) async fn print(url: &str) {
    println!("\nPostgreSQL: round trips of {QUERIES} prepared statements");
    let writes = Arc::new(AtomicUsize::new(0));
    let proxied = proxy(url, Arc::clone(&writes)).await;
    for (name, url) in [("ours", private(&proxied)), ("stock Any", proxied)] {
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        let mut counts = Vec::new();
        for prepared in [false, true] {
            let before = writes.load(Ordering::SeqCst);
            for number in 0..if prepared { QUERIES } else { 1 } {
                select(&mut connection, number).await;
            }
            counts.push(writes.load(Ordering::SeqCst) - before);
            let before = writes.load(Ordering::SeqCst);
            for number in 0..if prepared { QUERIES } else { 1 } {
                insert(&mut connection, number).await;
            }
            counts.push(writes.load(Ordering::SeqCst) - before);
        }
        connection.close().await.unwrap();
        println!(
            "  {name:12} select {}, insert {} (the first of each: {} and {}); through a pool, select {}",
            counts[2],
            counts[3],
            counts[0],
            counts[1],
            pooled(&url, &writes).await,
        );
    }
}

/// The same through a pool with sqlx's own settings, which pings on acquire and on release. Ours sends no ping
/// where the server has just answered.
async fn pooled(url: &str, writes: &AtomicUsize) -> usize {
    let pool = AnyPoolOptions::new()
        .max_connections(1)
        .connect(url)
        .await
        .unwrap();
    select(&mut pool.acquire().await.unwrap(), 0).await;
    settle(writes).await;
    let before = writes.load(Ordering::SeqCst);
    for number in 0..QUERIES {
        select(&mut pool.acquire().await.unwrap(), number).await;
    }
    settle(writes).await;
    let count = writes.load(Ordering::SeqCst) - before;
    pool.close().await;
    count
}

/// Waits for what a pool does after a release.
async fn settle(writes: &AtomicUsize) {
    loop {
        let before = writes.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
        if writes.load(Ordering::SeqCst) == before {
            return;
        }
    }
}

async fn select(connection: &mut AnyConnection, number: usize) {
    let query = sqlx::query(SELECT).bind(i64::try_from(number).unwrap() + 1);
    query.fetch_one(connection).await.unwrap();
}

async fn insert(connection: &mut AnyConnection, number: usize) {
    let query = sqlx::query(INSERT).bind(i64::try_from(number).unwrap());
    let query = query
        .bind(NAME)
        .bind(NOTE)
        .bind(PRICE)
        .bind(WEIGHT)
        .bind(1_i64);
    query.execute(connection).await.unwrap();
}

/// Forwards to the server and counts what the clients send; the URL to connect to instead.
async fn proxy(url: &str, writes: Arc<AtomicUsize>) -> String {
    let mut url = url::Url::parse(url).unwrap();
    let server = (
        url.host_str().unwrap().to_owned(),
        url.port().unwrap_or(5432),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(listener.local_addr().unwrap().port()))
        .unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(server.clone()).await.unwrap();
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            tokio::spawn(forward(client, server, Arc::clone(&writes)));
        }
    });
    url.into()
}

async fn forward(client: TcpStream, server: TcpStream, writes: Arc<AtomicUsize>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
        writes.fetch_add(1, Ordering::SeqCst);
        to_server.write_all(&buffer[..length]).await.unwrap();
    }
}
