use sqlx::Row as _;
use twinbase::config::Engine;
use twinbase::testing::run;

use super::pool;

/// The server's own text is the reference for the driver's.
#[test]
fn what_is_read_and_bound_agrees_with_the_server_over_many_values() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        let rows = sqlx::query(
        "SELECT at, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS at_text, \
                at::date AS day, at::date::text AS day_text, \
                at::time AS clock, to_char(at, 'HH24:MI:SS.US') AS clock_text, \
                n, trim_scale(n)::text AS n_text, u, u::text AS u_text \
         FROM (SELECT timestamptz '0001-01-01 00:00:00+00' + random() * interval '9998 years' AS at, \
                      (random() - 0.5)::numeric * power(10::numeric, (random() * 60)::int - 30) AS n, \
                      gen_random_uuid() AS u \
               FROM generate_series(1, 3000)) AS made",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
        assert_eq!(rows.len(), 3000);
        for row in &rows {
            for column in ["at", "day", "clock", "n", "u"] {
                let expected: String = row.get(format!("{column}_text").as_str());
                assert_eq!(row.get::<String, _>(column), expected, "{column}");
            }
        }
        for row in rows.iter().take(1000) {
            let mut query = sqlx::query_scalar(
                "SELECT $1::timestamptz = $6::text::timestamptz AND $2::date = $7::text::date \
                AND $3::time = $8::text::time AND $4::numeric = $9::text::numeric \
                AND $5::uuid = $10::text::uuid",
            );
            for suffix in ["", "_text"] {
                for column in ["at", "day", "clock", "n", "u"] {
                    query = query.bind(row.get::<String, _>(format!("{column}{suffix}").as_str()));
                }
            }
            let same: bool = query.fetch_one(&pool).await.unwrap();
            assert!(same);
        }
    });
}
