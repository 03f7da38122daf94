//! Moments and days.

use super::registry::{Case, differs, same};

pub(super) const CASES: &[Case] = &[
    Case::sql(
        "the thirtieth of February is refused",
        "timestamps",
        "CREATE TABLE ti_day (c DATE)",
        &["INSERT INTO ti_day VALUES ('2024-02-30')"],
        same("refused: Data"),
    ),
    Case::sql(
        "a moment on the thirtieth of February is refused",
        "timestamps",
        "CREATE TABLE ti_at (c TIMESTAMPTZ)",
        &["INSERT INTO ti_at VALUES ('2024-02-30T00:00:00.000000Z')"],
        same("refused: Data"),
    ),
    Case::code(
        "a bound day that does not exist is refused",
        "timestamps",
        "",
        |pool| {
            Box::pin(async move {
                sqlx::query("INSERT INTO ti_day VALUES ($1)")
                    .bind("2023-02-29")
                    .execute(&pool)
                    .await?;
                Ok("taken".to_owned())
            })
        },
        same("refused: Data"),
    ),
    Case::sql(
        "canonical moments and days come back, sort and compare",
        "timestamps",
        "CREATE TABLE ti_both (at TIMESTAMPTZ, day DATE)",
        &[
            "INSERT INTO ti_both VALUES ('2024-02-29T23:59:59.999999Z', '2024-02-29'), \
             ('0001-01-01T00:00:00.000000Z', '0001-01-01'), ('9999-12-31T23:59:59.999999Z', '9999-12-31')",
            "SELECT at, day FROM ti_both WHERE at < '9999-12-31T23:59:59.999999Z' ORDER BY day DESC",
        ],
        same(
            "'2024-02-29T23:59:59.999999Z', '2024-02-29'; '0001-01-01T00:00:00.000000Z', '0001-01-01'",
        ),
    ),
    Case::sql(
        "another spelling of a moment is not canonical",
        "timestamps",
        "CREATE TABLE ti_short (c TIMESTAMPTZ)",
        &[
            "INSERT INTO ti_short VALUES ('2024-01-01Z')",
            "SELECT c FROM ti_short",
        ],
        differs(
            "other spellings",
            "refused: Data",
            "'2024-01-01T00:00:00.000000Z'",
        ),
    ),
    Case::sql(
        "a moment beside the text of a day compares as text on SQLite",
        "timestamps",
        "CREATE TABLE ti_text (c TIMESTAMPTZ)",
        &[
            "INSERT INTO ti_text VALUES ('2024-01-01T00:00:00.000000Z')",
            "SELECT c FROM ti_text WHERE c = '2024-01-01Z'",
        ],
        differs("moments beside text", "", "'2024-01-01T00:00:00.000000Z'"),
    ),
    Case::sql(
        "a month later is an expression of PostgreSQL alone",
        "timestamps",
        "",
        &["SELECT day + INTERVAL '1 month' FROM ti_both WHERE day = '2024-02-29'"],
        differs(
            "date functions",
            "refused: Statement",
            "'2024-03-29T00:00:00.000000'",
        ),
    ),
    Case::sql(
        "date() and strftime() are not portable",
        "timestamps",
        "",
        &["SELECT date('2024-01-31', '+1 month')"],
        differs("date functions", "'2024-03-02'", "refused: Statement"),
    ),
    Case::sql(
        "the present day is text of the same form",
        "timestamps",
        "",
        &["SELECT CASE WHEN CAST(CURRENT_DATE AS TEXT) LIKE '20__-__-__' THEN 'day' END"],
        same("'day'"),
    ),
    Case::code(
        "the present moment in a query is canonical on PostgreSQL only",
        "timestamps",
        "",
        |pool| {
            Box::pin(async move {
                let query = sqlx::query_scalar("SELECT CURRENT_TIMESTAMP");
                let moment: String = query.fetch_one(&pool).await?;
                let parsed = moment.parse::<twinbase::types::Timestamp>();
                Ok(parsed.map_or("another form", |_| "a Timestamp").to_owned())
            })
        },
        differs("the present moment", "another form", "a Timestamp"),
    ),
    Case::sql(
        "the present moment as a default is canonical",
        "timestamps",
        "CREATE TABLE ti_now (id BIGINT, at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP)",
        &[
            "INSERT INTO ti_now (id) VALUES (1)",
            "SELECT id FROM ti_now WHERE at > '2020-01-01T00:00:00.000000Z'",
        ],
        same("1"),
    ),
];
