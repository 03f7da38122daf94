//! A column of one type, and what has to hold for any values in it.

use std::cmp::Ordering;
use std::fmt::Debug;

use proptest::prelude::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sqlx::{Any, AssertSqlSafe, Decode, Encode, QueryBuilder, Type};
use twinbase::config::Engine;
use twinbase::database::Database;
use twinbase::migration::Migrations;
use twinbase::testing::TestDatabase;

/// How many batches, and how many values each.
const BATCHES: u32 = 12;
const BATCH: usize = 250;
/// How many values of a batch are updated, and how many are looked up.
const SINGLE: usize = 12;

type Order<T> = fn(&T, &T) -> Ordering;

/// A column.
pub(super) struct Column<T> {
    declared: &'static str,
    order: Option<Order<T>>,
    extremes: bool,
}

/// What can be bound and read.
pub(super) trait Value:
    Clone
    + Debug
    + PartialEq
    + Send
    + Sync
    + Unpin
    + Type<Any>
    + for<'q> Encode<'q, Any>
    + for<'q> Decode<'q, Any>
    + 'static
{
}

impl<T> Value for T where
    T: Clone
        + Debug
        + PartialEq
        + Send
        + Sync
        + Unpin
        + Type<Any>
        + for<'q> Encode<'q, Any>
        + for<'q> Decode<'q, Any>
        + 'static
{
}

pub(in crate::conformance) async fn migrate(database: &Database, sql: &str) {
    let migrations = Migrations::from_files([("20260101000000_values.sql", sql)]).unwrap();
    database.migrate(&migrations).await.unwrap();
}

impl<T: Value> Column<T> {
    pub(super) fn new(declared: &'static str) -> Self {
        Self {
            declared,
            order: None,
            extremes: false,
        }
    }

    /// Values compare and sort so.
    pub(super) fn sorted(mut self, order: Order<T>) -> Self {
        self.order = Some(order);
        self
    }

    /// Both engines have `min` and `max` for it.
    pub(super) fn with_extremes(mut self) -> Self {
        self.extremes = true;
        self
    }

    /// Checks thousands of values; a failure names the fewest that fail.
    pub(super) async fn check<S: Strategy<Value = T>>(
        self,
        test_database: TestDatabase,
        strategy: impl FnOnce() -> S + Send + 'static,
    ) {
        let database = test_database.open();
        let table = format!(
            "CREATE TABLE p (id BIGINT PRIMARY KEY, c {})",
            self.declared
        );
        migrate(&database, &table).await;
        let engine = database.engine();
        let runtime = tokio::runtime::Handle::current();
        let checked = tokio::task::spawn_blocking(move || {
            let config = Config {
                cases: BATCHES,
                failure_persistence: None,
                max_shrink_iters: 200,
                ..Config::default()
            };
            let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
            let mut runner = TestRunner::new_with_rng(config, random);
            let value = proptest::option::weighted(0.95, strategy());
            let batch = proptest::collection::vec(value, 1..=BATCH * 2);
            runner.run(&batch, |values| {
                runtime.block_on(self.batch(&database, engine, &values));
                Ok(())
            })
        });
        if let Err(failure) = checked.await.unwrap() {
            panic!("{engine}: {failure}");
        }
    }

    async fn batch(&self, database: &Database, engine: Engine, values: &[Option<T>]) {
        let mut work = database.pool().begin().await.unwrap();
        sqlx::query("DELETE FROM p")
            .execute(&mut *work)
            .await
            .unwrap();
        let mut insert = QueryBuilder::<Any>::new("INSERT INTO p (id, c) ");
        insert.push_values((0_i64..).zip(values), |mut row, (id, value)| {
            row.push_bind(id).push_bind(value.clone());
        });
        insert.build().execute(&mut *work).await.unwrap();
        assert_eq!(read(&mut work).await, values, "after INSERT");

        let mut changed = values.to_vec();
        for id in 1..changed.len().min(SINGLE) {
            changed.swap(id - 1, id);
            for id in [id - 1, id] {
                sqlx::query("UPDATE p SET c = $1 WHERE id = $2")
                    .bind(changed[id].clone())
                    .bind(i64::try_from(id).unwrap())
                    .execute(&mut *work)
                    .await
                    .unwrap();
            }
        }
        assert_eq!(read(&mut work).await, changed, "after UPDATE");
        if let Some(order) = self.order {
            compare(&mut work, &changed, order).await;
            if self.extremes {
                let least = changed.iter().flatten().min_by(|a, b| order(a, b));
                let greatest = changed.iter().flatten().max_by(|a, b| order(a, b));
                let read: (Option<T>, Option<T>) = sqlx::query_as("SELECT min(c), max(c) FROM p")
                    .fetch_one(&mut *work)
                    .await
                    .unwrap();
                assert_eq!(
                    (read.0.as_ref(), read.1.as_ref()),
                    (least, greatest),
                    "{engine}"
                );
            }
        }
        work.commit().await.unwrap();
    }
}

async fn read<T: Value>(work: &mut sqlx::AnyConnection) -> Vec<Option<T>> {
    let rows: Vec<(i64, Option<T>)> = sqlx::query_as("SELECT * FROM p ORDER BY id")
        .fetch_all(work)
        .await
        .unwrap();
    rows.into_iter().map(|(_, value)| value).collect()
}

/// `=`, `<`, ORDER BY and DISTINCT against Rust's own.
async fn compare<T: Value>(work: &mut sqlx::AnyConnection, values: &[Option<T>], order: Order<T>) {
    let ids = |wanted: &dyn Fn(&T) -> bool| -> Vec<i64> {
        let chosen = (0_i64..)
            .zip(values)
            .filter(|(_, value)| value.as_ref().is_some_and(wanted));
        chosen.map(|(id, _)| id).collect()
    };
    for value in values.iter().flatten().take(SINGLE) {
        for (sign, expected) in [
            ("=", ids(&|other| order(other, value).is_eq())),
            ("<", ids(&|other| order(other, value).is_lt())),
        ] {
            let sql = format!("SELECT id FROM p WHERE c {sign} $1 ORDER BY id");
            let found: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(value.clone())
                .fetch_all(&mut *work)
                .await
                .unwrap();
            assert_eq!(found, expected, "c {sign} {value:?}");
        }
    }
    let mut sorted: Vec<(i64, &T)> = (0_i64..)
        .zip(values)
        .filter_map(|(id, value)| Some((id, value.as_ref()?)))
        .collect();
    sorted.sort_by(|a, b| order(a.1, b.1).then(a.0.cmp(&b.0)));
    let found: Vec<i64> = sqlx::query_scalar("SELECT id FROM p WHERE c IS NOT NULL ORDER BY c, id")
        .fetch_all(&mut *work)
        .await
        .unwrap();
    assert_eq!(
        found,
        sorted.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        "ORDER BY"
    );
    sorted.dedup_by(|a, b| order(a.1, b.1).is_eq());
    let distinct: i64 =
        sqlx::query_scalar("SELECT count(*) FROM (SELECT DISTINCT c FROM p WHERE c IS NOT NULL) d")
            .fetch_one(&mut *work)
            .await
            .unwrap();
    assert_eq!(distinct, i64::try_from(sorted.len()).unwrap(), "DISTINCT");
}
