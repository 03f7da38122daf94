//! Portable columns on real engines: what one refuses the other refuses, and what both take reads,
//! sorts and compares the same.

mod cases;
mod twin;

use twinbase::types::{Decimal, Timestamp, Uuid};

use cases::CASES;
use twin::{Outcome, Twin, compare_decimals, on_both};

#[test]
fn both_engines_take_and_refuse_the_same_values() {
    on_both(async {
        let mut twin = Twin::new().await;
        for (at, (column_type, taken, refused)) in CASES.iter().enumerate() {
            twin.migrate(&format!("CREATE TEMP TABLE t{at} (c {column_type})"))
                .await;
            for (values, expected) in [(taken, Outcome::Rows(Vec::new())), (refused, Outcome::Data)]
            {
                for value in *values {
                    let outcome = twin
                        .run(&format!("INSERT INTO t{at} VALUES ({value})"))
                        .await;
                    assert_eq!(outcome, expected, "{value} into {column_type}");
                }
            }
        }
    });
}

#[test]
fn values_of_another_kind_are_refused_even_where_sqlite_would_keep_them() {
    on_both(async {
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
    });
}

#[test]
fn numbers_sort_and_compare_by_value() {
    on_both(async {
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
        let both_broken = twin.run("INSERT INTO t VALUES ('-2000.123456789')").await;
        assert_eq!(both_broken, Outcome::Data);
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
    });
}

#[test]
fn many_numbers_come_back_exact_and_in_order() {
    on_both(async {
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
    });
}

#[test]
fn text_sorts_by_its_bytes_whatever_the_database_is_set_to() {
    on_both(async {
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
    });
}

#[test]
fn no_key_is_null_and_none_makes_itself() {
    on_both(async {
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
    });
}

#[test]
fn defaults_give_the_same_value() {
    on_both(async {
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
    });
}

#[test]
fn the_present_moment_is_one_in_utc() {
    on_both(async {
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
    });
}

#[test]
fn a_column_can_be_renamed_and_dropped_with_its_check() {
    on_both(async {
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
    });
}
