//! Portable columns on real engines: what one refuses the other refuses, and what both take reads,
//! sorts and compares the same.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::cmp::Ordering;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use twinbase::config::Engine;
use twinbase::migration::translate::{DECIMAL_COLLATION, TYPE_CHECK_PREFIX, translate};
use twinbase::types::{Decimal, Timestamp, Uuid};

/// How a statement ended.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It ran, and gave these rows, NULL as `null`.
    Rows(Vec<Vec<String>>),
    /// A value does not fit its column.
    Data,
    /// A NOT NULL column got none.
    NotNull,
    /// A rule of the table's own, by name.
    Rule(String),
}

/// The same tables on both engines.
struct Twin {
    sqlite: rusqlite::Connection,
    postgres: PgConnection,
}

impl Twin {
    async fn new() -> Self {
        let sqlite = rusqlite::Connection::open_in_memory().unwrap();
        sqlite
            .create_collation(DECIMAL_COLLATION, compare_decimals)
            .unwrap();
        let url = std::env::var("TWINBASE_TEST_POSTGRES")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".into());
        let mut postgres = PgConnection::connect(&url).await.unwrap();
        // Temporary tables come first in the search path and go with the connection.
        postgres
            .execute("SET search_path = pg_temp; SET timezone = 'Asia/Kathmandu'")
            .await
            .unwrap();
        Self { sqlite, postgres }
    }

    /// Runs a portable migration on both.
    async fn migrate(&mut self, source: &str) {
        let sqlite = translate(source, Engine::Sqlite).unwrap();
        self.sqlite.execute_batch(&sqlite).unwrap();
        let postgres = translate(source, Engine::Postgres).unwrap();
        self.postgres
            .execute(sqlx::raw_sql(AssertSqlSafe(postgres)))
            .await
            .unwrap();
    }

    /// Runs one statement on both, whose columns are text, and gives what both made of it.
    async fn run(&mut self, sql: &str) -> Outcome {
        let sqlite = self.run_sqlite(sql);
        let postgres = self.run_postgres(sql).await;
        assert_eq!(sqlite, postgres, "SQLite, then PostgreSQL: {sql}");
        sqlite
    }

    /// As [`Twin::run`], for a query that gives rows of one column.
    async fn column(&mut self, sql: &str) -> Vec<String> {
        match self.run(sql).await {
            Outcome::Rows(rows) => rows.into_iter().flatten().collect(),
            refused => panic!("{sql}: {refused:?}"),
        }
    }

    fn run_sqlite(&mut self, sql: &str) -> Outcome {
        let run = || {
            let mut statement = self.sqlite.prepare(sql)?;
            let width = statement.column_count();
            let rows = statement.query_map([], |row| {
                (0..width)
                    .map(|at| row.get::<_, Option<String>>(at))
                    .map(|value| Ok(value?.unwrap_or_else(|| "null".into())))
                    .collect()
            })?;
            rows.collect()
        };
        match run() {
            Ok(rows) => Outcome::Rows(rows),
            Err(rusqlite::Error::SqliteFailure(error, Some(message))) => {
                match error.extended_code {
                    rusqlite::ffi::SQLITE_CONSTRAINT_NOTNULL => Outcome::NotNull,
                    rusqlite::ffi::SQLITE_CONSTRAINT_CHECK => {
                        rule(message.rsplit(": ").next().unwrap())
                    }
                    _ => panic!("{sql}: {message}"),
                }
            }
            Err(error) => panic!("{sql}: {error}"),
        }
    }

    async fn run_postgres(&mut self, sql: &str) -> Outcome {
        let run = self
            .postgres
            .fetch_all(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())));
        match run.await {
            Ok(rows) => Outcome::Rows(
                rows.iter()
                    .map(|row| {
                        (0..row.len())
                            .map(|at| row.try_get_unchecked::<Option<String>, _>(at).unwrap())
                            .map(|value| value.unwrap_or_else(|| "null".into()))
                            .collect()
                    })
                    .collect(),
            ),
            Err(sqlx::Error::Database(error)) => match error.code().unwrap().as_ref() {
                "23502" => Outcome::NotNull,
                "23514" => rule(error.constraint().unwrap()),
                code if code.starts_with("22") => Outcome::Data,
                _ => panic!("{sql}: {error}"),
            },
            Err(error) => panic!("{sql}: {error}"),
        }
    }
}

/// What a broken CHECK of this name means.
fn rule(constraint: &str) -> Outcome {
    if constraint.starts_with(TYPE_CHECK_PREFIX) {
        Outcome::Data
    } else {
        Outcome::Rule(constraint.into())
    }
}

fn compare_decimals(left: &str, right: &str) -> Ordering {
    let number = |text: &str| text.parse::<Decimal>().unwrap();
    number(left).cmp(&number(right))
}

/// A column type, literals that it takes, and literals that it refuses.
const CASES: &[(&str, &[&str], &[&str])] = &[
    (
        "BOOLEAN",
        &["TRUE", "FALSE", "NULL"],
        &["'2'", "'maybe'", "''"],
    ),
    (
        "SMALLINT",
        &["-32768", "32767", "'7'"],
        &["32768", "-32769", "'abc'", "''", "'1.5'"],
    ),
    (
        "INTEGER",
        &["-2147483648", "2147483647"],
        &["2147483648", "-2147483649", "'5x'"],
    ),
    (
        "BIGINT",
        &[
            "-9223372036854775808",
            "9223372036854775807",
            "'9007199254740993'",
        ],
        &["9223372036854775808", "-9223372036854775809", "'abc'"],
    ),
    (
        "DOUBLE PRECISION",
        &["0.1", "-1e308", "5e-324", "1", "'2.5'"],
        &["'abc'", "''", "'NaN'"],
    ),
    ("TEXT", &["''", "'ä \u{1f600}'", "'  '", "5", "NULL"], &[]),
    (
        "VARCHAR(3)",
        &["''", "'abc'", "'ä\u{1f600}ß'", "'a  '"],
        &["'abcd'", "'abc '", "'    '"],
    ),
    (
        "UUID",
        &[
            "'0190163d-8694-739b-aea5-966c26f8ad91'",
            "'00000000-0000-0000-0000-000000000000'",
        ],
        &[
            "'0190163d-8694-739b-aea5-966c26f8ad9'",
            "'0190163d-8694-739b-aea5-966c26f8ad911'",
            "'0190163d-8694-739b-aea5-966c26f8ad9g'",
            "'0190163d-8694-739b-aea5_966c26f8ad91'",
            "''",
        ],
    ),
    (
        "TIMESTAMPTZ",
        &[
            "'2024-02-29T23:59:59.999999Z'",
            "'0001-01-01T00:00:00.000000Z'",
            "'9999-12-31T23:59:59.999999Z'",
        ],
        &[
            "'2024-02-30T00:00:00.000000Z'",
            "'2023-02-29T00:00:00.000000Z'",
            "'2024-13-01T00:00:00.000000Z'",
            "'2024-01-01T25:00:00.000000Z'",
            "'2024-01-01T00:60:00.000000Z'",
            "'0000-01-01T00:00:00.000000Z'",
            "'10000-01-01T00:00:00.000000Z'",
            "'infinity'",
            "'abc'",
            "''",
        ],
    ),
    (
        "DATE",
        &["'2024-02-29'", "'0001-01-01'", "'9999-12-31'"],
        &[
            "'2024-02-30'",
            "'1900-02-29'",
            "'0000-12-31'",
            "'10000-01-01'",
            "'-infinity'",
            "''",
        ],
    ),
    (
        "NUMERIC(5,2)",
        &[
            "'0'",
            "'999.99'",
            "'-999.99'",
            "'0.01'",
            "1.5",
            "-7",
            "NULL",
        ],
        &[
            "'1000'",
            "-1000",
            "'0.001'",
            "'1.123456789'",
            "'999.995'",
            "'abc'",
            "''",
            "'NaN'",
            "'Infinity'",
            "'-'",
            "'1.2.3'",
            "'1-2'",
        ],
    ),
    (
        "NUMERIC(2,2)",
        &["'0.99'", "'-0.01'", "'0'"],
        &["'1'", "'0.999'", "'-1.5'"],
    ),
    (
        "NUMERIC(1000,0)",
        &["'1234567890123456789012345678901234567890'"],
        &["'0.5'"],
    ),
    (
        "NUMERIC",
        &[
            "'123456789012345678901234567890.123456789012345678901234567891'",
            "'-0.5'",
        ],
        &["'abc'", "'NaN'", "'-Infinity'", "''"],
    ),
    (
        "JSONB",
        &["'{}'", "'null'", "'[1, \"\\\\u0000\"]'", "'\"\\u00e4\"'"],
        &[
            "'{a:1}'",
            "''",
            "'[1,]'",
            "'\"\\u0000\"'",
            "'\"\\\\\\u0000\"'",
            "'nul'",
        ],
    ),
];

#[tokio::test]
async fn both_engines_take_and_refuse_the_same_values() {
    let mut twin = Twin::new().await;
    for (at, (column_type, taken, refused)) in CASES.iter().enumerate() {
        twin.migrate(&format!("CREATE TEMP TABLE t{at} (c {column_type})"))
            .await;
        for (values, expected) in [(taken, Outcome::Rows(Vec::new())), (refused, Outcome::Data)] {
            for value in *values {
                let outcome = twin
                    .run(&format!("INSERT INTO t{at} VALUES ({value})"))
                    .await;
                assert_eq!(outcome, expected, "{value} into {column_type}");
            }
        }
    }
}

#[tokio::test]
async fn values_of_another_kind_are_refused_even_where_sqlite_would_keep_them() {
    let mut twin = Twin::new().await;
    let types = [
        "BOOLEAN",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "DOUBLE PRECISION",
        "TEXT",
        "VARCHAR(9)",
        "UUID",
        "TIMESTAMPTZ",
        "DATE",
        "NUMERIC(9,2)",
        "NUMERIC",
        "JSONB",
    ];
    for (at, column_type) in types.into_iter().enumerate() {
        twin.migrate(&format!("CREATE TEMP TABLE t{at} (c {column_type})"))
            .await;
        let insert = format!("INSERT INTO t{at} VALUES (X'31')");
        assert_eq!(twin.run_sqlite(&insert), Outcome::Data, "{column_type}");
    }
    twin.migrate("CREATE TEMP TABLE b (c BYTEA)").await;
    assert_eq!(twin.run_sqlite("INSERT INTO b VALUES ('1')"), Outcome::Data);
    assert_eq!(
        twin.run_sqlite("INSERT INTO b VALUES (X'00')"),
        Outcome::Rows(Vec::new())
    );
}

#[tokio::test]
async fn numbers_sort_and_compare_by_value() {
    let mut twin = Twin::new().await;
    twin.migrate(
        "CREATE TEMP TABLE t (c NUMERIC(28,8) UNIQUE, CONSTRAINT low CHECK (c > -1000.50), CONSTRAINT high CHECK (c <= 1e6))",
    )
    .await;
    for value in [
        "10",
        "9",
        "-3",
        "0.5",
        "100",
        "-20.25",
        "0.10000001",
        "9.5",
        "0",
    ] {
        let insert = format!("INSERT INTO t VALUES ('{value}')");
        assert_eq!(twin.run(&insert).await, Outcome::Rows(Vec::new()));
    }
    for (value, name) in [("-1000.5", "low"), ("-2000", "low"), ("1000000.01", "high")] {
        let insert = format!("INSERT INTO t VALUES ('{value}')");
        assert_eq!(twin.run(&insert).await, Outcome::Rule(name.into()));
    }
    let whole = "SELECT CAST(c AS TEXT) FROM t WHERE";
    for (query, count) in [
        ("TRUE ORDER BY t.c", 9),
        ("c > 5 ORDER BY t.c DESC", 4),
        ("9.0 < c ORDER BY t.c", 3),
        ("c >= '9.00' ORDER BY t.c", 4),
        ("c BETWEEN -3 AND 9.5 ORDER BY t.c", 6),
        ("c IN (9.0, 10, -20.250) ORDER BY t.c", 3),
        ("c <> 9.00 ORDER BY t.c", 8),
        ("c = (SELECT max(c) FROM t)", 1),
        ("c = (SELECT min(c) FROM t)", 1),
        ("c IN (SELECT DISTINCT c FROM t) ORDER BY 1 LIMIT 0", 0),
    ] {
        let rows = twin.column(&format!("{whole} {query}")).await;
        assert_eq!(rows.len(), count, "{query}: {rows:?}");
    }
    let sqlite = twin.sqlite.execute("INSERT INTO t VALUES ('9')", []);
    assert!(sqlite.unwrap_err().to_string().contains("UNIQUE"));
}

#[tokio::test]
async fn many_numbers_come_back_exact_and_in_order() {
    let mut twin = Twin::new().await;
    twin.migrate("CREATE TEMP TABLE t (c NUMERIC(28,10))").await;
    // A multiplicative generator (Lehmer's, 48271 modulo 2^31 - 1): the same numbers in every run.
    let mut state = 1_i128;
    let mut next = || {
        state = state * 48_271 % 0x7fff_ffff;
        state
    };
    let values: Vec<String> = (0..500)
        .map(|_| {
            let scale = u32::try_from(next() % 11).unwrap();
            let units = (next() * next() - (1 << 60)) % 10_i128.pow(8 + scale);
            Decimal::from_units(units, scale).unwrap().to_string()
        })
        .collect();
    for value in &values {
        let outcome = twin.run(&format!("INSERT INTO t VALUES ('{value}')")).await;
        assert_eq!(outcome, Outcome::Rows(Vec::new()), "{value}");
    }
    let mut sorted = values;
    sorted.sort_by(|left, right| compare_decimals(left, right));
    let read = twin
        .column("SELECT CAST(c AS TEXT) FROM t ORDER BY t.c")
        .await;
    assert_eq!(read, sorted);
}

#[tokio::test]
async fn text_sorts_by_its_bytes_whatever_the_database_is_set_to() {
    let mut twin = Twin::new().await;
    twin.migrate("CREATE TEMP TABLE t (c TEXT, v VARCHAR(9))")
        .await;
    twin.run("INSERT INTO t VALUES ('b', 'b'), ('B', 'B'), ('a', 'a'), ('ä', 'ä'), ('A', 'A'), ('_', '_'), ('\u{1f600}', '\u{1f600}'), ('\u{ffff}', '\u{ffff}')")
        .await;
    for column in ["c", "v"] {
        let sorted = twin
            .column(&format!("SELECT {column} FROM t ORDER BY {column}"))
            .await;
        assert_eq!(
            sorted,
            ["A", "B", "_", "a", "b", "ä", "\u{ffff}", "\u{1f600}"]
        );
        let lower =
            format!("SELECT lower({column}) FROM t WHERE {column} IN ('ä', 'B') ORDER BY 1");
        assert_eq!(twin.column(&lower).await, ["b", "ä"]);
    }
    let collations = twin
        .run_postgres("SELECT CAST(collation_name AS TEXT) FROM information_schema.columns WHERE table_name = 't'")
        .await;
    assert_eq!(
        collations,
        Outcome::Rows(vec![vec!["C".into()], vec!["C".into()]])
    );
}

#[tokio::test]
async fn no_key_is_null_and_none_makes_itself() {
    let mut twin = Twin::new().await;
    twin.migrate(
        "CREATE TEMP TABLE a (id INTEGER PRIMARY KEY, n BIGINT);
         CREATE TEMP TABLE b (x INTEGER, PRIMARY KEY (x));
         CREATE TEMP TABLE c (x TEXT, y DATE, PRIMARY KEY (x, y))",
    )
    .await;
    for insert in [
        "INSERT INTO a (n) VALUES (1)",
        "INSERT INTO a VALUES (NULL, 1)",
        "INSERT INTO b VALUES (NULL)",
        "INSERT INTO c VALUES ('x', NULL)",
    ] {
        assert_eq!(twin.run(insert).await, Outcome::NotNull, "{insert}");
    }
}

#[tokio::test]
async fn defaults_give_the_same_value() {
    let mut twin = Twin::new().await;
    twin.migrate(
        "CREATE TEMP TABLE t (id BIGINT PRIMARY KEY, flag BOOLEAN NOT NULL DEFAULT TRUE,
            amount NUMERIC(9,2) NOT NULL DEFAULT 1.50, name TEXT NOT NULL DEFAULT 'it''s',
            day DATE NOT NULL DEFAULT '2024-02-29', data JSONB NOT NULL DEFAULT '{}',
            raw BYTEA NOT NULL DEFAULT '\\x00ff', ratio DOUBLE PRECISION NOT NULL DEFAULT 0.5);
         INSERT INTO t (id) VALUES (1);
         ALTER TABLE t ADD COLUMN tax NUMERIC(9,2) NOT NULL DEFAULT 0.00;
         ALTER TABLE t ADD COLUMN key UUID DEFAULT '0190163D-8694-739B-AEA5-966C26F8AD91'",
    )
    .await;
    let read = "SELECT CASE WHEN flag THEN 'yes' ELSE 'no' END, name, CAST(day AS TEXT), CAST(data AS TEXT), CAST(ratio AS TEXT), CAST(key AS TEXT), CASE WHEN tax = 0 AND amount = 1.5 THEN 'right' END FROM t";
    let expected = [
        "yes",
        "it's",
        "2024-02-29",
        "{}",
        "0.5",
        "0190163d-8694-739b-aea5-966c26f8ad91",
        "right",
    ];
    assert_eq!(
        twin.run(read).await,
        Outcome::Rows(vec![expected.map(String::from).to_vec()])
    );
    let bytes: Vec<u8> = twin
        .sqlite
        .query_row("SELECT raw FROM t", [], |row| row.get(0))
        .unwrap();
    assert_eq!(bytes, [0, 255]);
}

#[tokio::test]
async fn the_present_moment_is_one_in_utc() {
    let mut twin = Twin::new().await;
    twin.migrate(
        "CREATE TEMP TABLE t (id BIGINT PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP, day DATE NOT NULL DEFAULT CURRENT_DATE)",
    )
    .await;
    twin.run("INSERT INTO t (id) VALUES (1)").await;
    let now = Timestamp::now();
    let Outcome::Rows(sqlite) = twin.run_sqlite("SELECT at, day FROM t") else {
        panic!("no row on SQLite");
    };
    let Outcome::Rows(postgres) = twin
        .run_postgres("SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), CAST(day AS TEXT) FROM t")
        .await
    else {
        panic!("no row on PostgreSQL");
    };
    for row in [&sqlite[0], &postgres[0]] {
        let at: Timestamp = row[0].parse().unwrap();
        assert!(
            (now.unix_micros() - at.unix_micros()).abs() < 60_000_000,
            "{row:?}"
        );
        assert_eq!(row[1], at.date().to_string());
    }
}

#[tokio::test]
async fn a_column_can_be_renamed_and_dropped_with_its_check() {
    let mut twin = Twin::new().await;
    twin.migrate(
        "CREATE TEMP TABLE t (id UUID PRIMARY KEY, a NUMERIC(5,2), b DATE, c VARCHAR(3) NOT NULL DEFAULT 'x');
         ALTER TABLE t RENAME COLUMN a TO z;
         ALTER TABLE t DROP COLUMN b;
         ALTER TABLE t DROP COLUMN c",
    )
    .await;
    let id = Uuid::now_v7();
    assert_eq!(
        twin.run(&format!("INSERT INTO t VALUES ('{id}', '1.234')"))
            .await,
        Outcome::Data
    );
    assert_eq!(
        twin.column(&format!(
            "INSERT INTO t VALUES ('{id}', '1.23') RETURNING CAST(id AS TEXT)"
        ))
        .await,
        [id.to_string()]
    );
}
