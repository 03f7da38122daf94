//! Values of every type through insert, select, update and compare, thousands of each.

mod arguments;
mod casts;
mod column;
mod strategies;

use column::Column;
pub(super) use column::migrate;
use twinbase::testing::TestDatabase;
use twinbase::types::{Date, Timestamp, Uuid};

use strategies as any;

twinbase::on_both_engines! {
    async fn booleans_come_back_and_compare(database: TestDatabase) {
        Column::new("BOOLEAN").sorted(bool::cmp).check(database, any::boolean).await;
    }

    async fn small_integers_come_back_and_compare(database: TestDatabase) {
        Column::new("SMALLINT").sorted(i16::cmp).with_extremes().check(database, any::small).await;
    }

    async fn integers_come_back_and_compare(database: TestDatabase) {
        Column::new("INTEGER").sorted(i32::cmp).with_extremes().check(database, any::integer).await;
    }

    async fn big_integers_come_back_and_compare(database: TestDatabase) {
        Column::new("BIGINT").sorted(i64::cmp).with_extremes().check(database, any::big).await;
    }

    async fn floats_come_back_and_compare(database: TestDatabase) {
        let order = |a: &f64, b: &f64| a.partial_cmp(b).unwrap();
        Column::new("DOUBLE PRECISION").sorted(order).with_extremes().check(database, any::float).await;
    }

    async fn texts_come_back_and_compare(database: TestDatabase) {
        Column::new("TEXT").sorted(String::cmp).with_extremes().check(database, any::text).await;
    }

    async fn short_texts_come_back_and_compare(database: TestDatabase) {
        Column::new("VARCHAR(5)").sorted(String::cmp).with_extremes().check(database, any::short_text).await;
    }

    async fn bytes_come_back_and_compare(database: TestDatabase) {
        Column::new("BYTEA").sorted(Vec::<u8>::cmp).check(database, any::bytes).await;
    }

    async fn uuids_come_back_and_compare(database: TestDatabase) {
        Column::new("UUID").sorted(Uuid::cmp).check(database, any::uuid).await;
    }

    async fn timestamps_come_back_and_compare(database: TestDatabase) {
        Column::new("TIMESTAMPTZ").sorted(Timestamp::cmp).with_extremes().check(database, any::timestamp).await;
    }

    async fn dates_come_back_and_compare(database: TestDatabase) {
        Column::new("DATE").sorted(Date::cmp).with_extremes().check(database, any::date).await;
    }

    async fn decimals_come_back_and_compare(database: TestDatabase) {
        Column::new("NUMERIC").sorted(Ord::cmp).with_extremes().check(database, any::decimal).await;
    }

    async fn amounts_come_back_and_compare(database: TestDatabase) {
        Column::new("NUMERIC(20,8)").sorted(Ord::cmp).with_extremes().check(database, any::amount).await;
    }

    async fn decimals_wider_than_28_digits_come_back_and_compare(database: TestDatabase) {
        let order = |a: &String, b: &String| any::compare_wide(a, b);
        Column::new("NUMERIC").sorted(order).with_extremes().check(database, any::wide_decimal).await;
    }

    async fn json_comes_back(database: TestDatabase) {
        Column::new("JSONB").check(database, any::json).await;
    }

    async fn huge_values_come_back(database: TestDatabase) {
        huge(database).await;
    }
}

/// 1 MiB of bytes, a million characters, JSON a hundred levels deep, decimals of a thousand digits.
async fn huge(test_database: TestDatabase) {
    let database = test_database.open();
    let table = "CREATE TABLE huge (r BYTEA, c TEXT, doc JSONB, n NUMERIC)";
    migrate(&database, table).await;
    let bytes: Vec<u8> = (0..1_048_576_u32).map(|at| at.to_le_bytes()[0]).collect();
    let text = "a\u{1f600}ä\n".repeat(250_000);
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let digits = format!("{}.{}", "9".repeat(500), "1".repeat(500));
    sqlx::query("INSERT INTO huge VALUES ($1, $2, $3, $4)")
        .bind(bytes.clone())
        .bind(text.clone())
        .bind(deep.clone())
        .bind(digits.clone())
        .execute(database.pool())
        .await
        .unwrap();
    let row: (Vec<u8>, String, String, String) =
        sqlx::query_as("SELECT * FROM huge WHERE r = $1 AND c = $2 AND n = $3")
            .bind(bytes.clone())
            .bind(text.clone())
            .bind(digits.clone())
            .fetch_one(database.pool())
            .await
            .unwrap();
    assert!(row == (bytes, text, deep, digits));
    database.close().await;
}
