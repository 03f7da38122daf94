//! Nested transactions that end the one around them, on both engines.

use futures_util::FutureExt as _;
use sqlx::{AnyConnection, Connection as _};

use crate::{File, numbers, postgres, run, still};

/// A nested `begin_with` is refused, as documented. Then the outer transaction goes on.
async fn after_a_refused_begin(mut connection: AnyConnection) -> Vec<i64> {
    run(&mut connection, "CREATE TEMP TABLE t (n BIGINT)").await;
    let mut outer = connection.begin().await.unwrap();
    run(&mut outer, "INSERT INTO t VALUES (1)").await;
    assert!(outer.begin_with("SAVEPOINT x").await.is_err());
    run(&mut outer, "INSERT INTO t VALUES (2)").await;
    outer.commit().await.unwrap();
    numbers(&mut connection, "SELECT n FROM t ORDER BY n").await
}

/// A nested `begin` is dropped before it has done anything. Then the outer transaction goes on.
async fn after_a_cancelled_begin(mut connection: AnyConnection) -> Vec<i64> {
    run(&mut connection, "CREATE TEMP TABLE t (n BIGINT)").await;
    let mut outer = connection.begin().await.unwrap();
    run(&mut outer, "INSERT INTO t VALUES (1)").await;
    // Again if the engine was so quick that there was a transaction to drop, which does no harm.
    while outer.begin().now_or_never().is_some() {}
    run(&mut outer, "INSERT INTO t VALUES (2)").await;
    outer.commit().await.unwrap();
    numbers(&mut connection, "SELECT n FROM t ORDER BY n").await
}

#[tokio::test]
async fn a_nested_begin_that_fails_ends_the_outer_transaction_on_sqlite() {
    let file = File::new();
    let found = after_a_refused_begin(file.connect().await).await;
    still(found != [1, 2], &found);
}

#[tokio::test]
async fn a_nested_begin_that_fails_ends_the_outer_transaction_on_postgresql() {
    let found = after_a_refused_begin(postgres().await).await;
    still(found != [1, 2], &found);
}

#[tokio::test]
async fn a_cancelled_nested_begin_ends_the_outer_transaction_on_sqlite() {
    let file = File::new();
    let found = after_a_cancelled_begin(file.connect().await).await;
    still(found != [1, 2], &found);
}

#[tokio::test]
async fn a_cancelled_nested_begin_ends_the_outer_transaction_on_postgresql() {
    let found = after_a_cancelled_begin(postgres().await).await;
    still(found != [1, 2], &found);
}
