//! The translation as text. That the engines then agree is shown by running it on both.

use super::*;

/// Both translations of `source`.
fn both(source: &str) -> [String; 2] {
    [Engine::Sqlite, Engine::Postgres].map(|engine| match translate(source, engine) {
        Ok(translated) => translated,
        Err(error) => panic!("{source}: {error}"),
    })
}

/// The error that both engines give for `source`.
fn error(source: &str) -> String {
    let [sqlite, postgres] =
        [Engine::Sqlite, Engine::Postgres].map(|engine| match translate(source, engine) {
            Ok(translated) => panic!("{source} became {translated}"),
            Err(error) => error.to_string(),
        });
    assert_eq!(sqlite, postgres);
    sqlite
}

#[test]
fn a_table_is_translated_within_its_own_layout() {
    let source = "\
-- Items; 'quoted'
CREATE TABLE IF NOT EXISTS Item (
    id    UUID PRIMARY KEY,      -- made by the application
    \"Name\" varchar (20) NOT NULL DEFAULT 'it''s',
    price NUMERIC(5, 2) /* euros */ NOT NULL DEFAULT 0.00 CHECK (price >= 0),
    n     INTEGER
);
CREATE INDEX item_price ON item (price); -- NUMERIC(5,2)
";
    let [sqlite, postgres] = both(source);
    assert_eq!(
        sqlite,
        "\
-- Items; 'quoted'
CREATE TABLE IF NOT EXISTS Item (
    id    UUID_TEXT CONSTRAINT \"TWINBASE_TYPE.item.id\" CHECK (\"id\" IS NULL OR (typeof(\"id\") = 'text' AND length(CAST(\"id\" AS BLOB)) = 36 AND \"id\" GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]')) NOT NULL PRIMARY KEY,      -- made by the application
    \"Name\" VARCHAR(20) CONSTRAINT \"TWINBASE_TYPE.item.Name\" CHECK (\"Name\" IS NULL OR (typeof(\"Name\") = 'text' AND length(\"Name\") <= 20)) NOT NULL DEFAULT 'it''s',
    price NUMERIC_TEXT(5,2) COLLATE twinbase_decimal CONSTRAINT \"TWINBASE_TYPE.item.price\" CHECK (\"price\" IS NULL OR (typeof(\"price\") = 'text' AND length(CAST(\"price\" AS BLOB)) = length(\"price\") AND replace(\"price\", '-', '') GLOB '[0-9]*' AND \"price\" NOT GLOB '*[^0-9.-]*' AND \"price\" NOT GLOB '?*-*' AND \"price\" NOT GLOB '*.*.*' AND \"price\" NOT GLOB '0[0-9]*' AND \"price\" NOT GLOB '-0[0-9]*' AND \"price\" NOT GLOB '-0' AND \"price\" NOT GLOB '*.' AND \"price\" NOT GLOB '*.*0' AND instr(replace(\"price\", '-', '') || '.', '.') <= 4 AND length(\"price\") - instr(\"price\" || '.', '.') <= 2)) CONSTRAINT \"item_price_check\" NULL /* euros */ NOT NULL DEFAULT '0' CHECK (price >= 0),
    n     INTEGER CONSTRAINT \"TWINBASE_TYPE.item.n\" CHECK (\"n\" IS NULL OR (typeof(\"n\") = 'integer' AND \"n\" BETWEEN -2147483648 AND 2147483647))
);
CREATE INDEX item_price ON item (price); -- NUMERIC(5,2)
"
    );
    assert_eq!(
        postgres,
        "\
-- Items; 'quoted'
CREATE TABLE IF NOT EXISTS Item (
    id    UUID PRIMARY KEY,      -- made by the application
    \"Name\" VARCHAR COLLATE \"C\" CONSTRAINT \"TWINBASE_TYPE.item.Name\" CHECK (char_length(\"Name\") <= 20) NOT NULL DEFAULT 'it''s',
    price NUMERIC CONSTRAINT \"TWINBASE_TYPE.item.price\" CHECK (abs(\"price\") < 1000 AND min_scale(\"price\") <= 2) /* euros */ NOT NULL DEFAULT 0.00 CHECK (price >= 0),
    n     INTEGER
);
CREATE INDEX item_price ON item (price); -- NUMERIC(5,2)
"
    );
}

#[test]
fn other_statements_pass_byte_for_byte() {
    for source in [
        "",
        " ;; \n",
        "INSERT INTO create_table VALUES ('CREATE TABLE x (y SERIAL)', 1.50);",
        "CREATE UNIQUE INDEX i ON t (lower(name)) WHERE deleted IS NULL",
        "CREATE VIEW v AS SELECT CAST(x AS NUMERIC(5,2)) FROM t;\n",
        "ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t DROP COLUMN c;",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (x > 0)",
        "DROP TABLE t;-- CREATE TABLE t (x SERIAL)",
    ] {
        assert_eq!(both(source), [source, source]);
    }
}

#[test]
fn an_integer_key_is_not_the_rowid_and_no_key_is_null() {
    for source in [
        "CREATE TABLE t (a INTEGER PRIMARY KEY)",
        "CREATE TABLE t (a INTEGER, PRIMARY KEY (\"a\"))",
        "CREATE TABLE t (a INTEGER, CONSTRAINT k PRIMARY KEY (A))",
    ] {
        let [sqlite, _] = both(source);
        assert!(
            sqlite.starts_with("CREATE TABLE t (a INT CONSTRAINT "),
            "{sqlite}"
        );
        assert_eq!(sqlite.matches("NOT NULL").count(), 1, "{sqlite}");
    }
    let [sqlite, _] = both("CREATE TABLE t (a TEXT NOT NULL, b TEXT, PRIMARY KEY (a, b))");
    assert_eq!(sqlite.matches("NOT NULL").count(), 2, "{sqlite}");
}

#[test]
fn defaults_are_written_as_each_engine_reads_them() {
    for (column, sqlite, postgres) in [
        ("BOOLEAN DEFAULT true", "DEFAULT TRUE", "DEFAULT true"),
        ("SMALLINT DEFAULT - 5", "DEFAULT -5", "DEFAULT - 5"),
        ("NUMERIC DEFAULT +1.50", "DEFAULT '1.5'", "DEFAULT +1.50"),
        (
            "NUMERIC(3,1) DEFAULT '-99.90'",
            "DEFAULT '-99.9'",
            "DEFAULT '-99.90'",
        ),
        (
            "DOUBLE PRECISION DEFAULT 1e-3",
            "DEFAULT 1e-3",
            "DEFAULT 1e-3",
        ),
        (
            "BYTEA DEFAULT '\\x00ff'",
            "DEFAULT X'00ff'",
            "DEFAULT '\\x00ff'",
        ),
        ("JSONB DEFAULT '{}'", "DEFAULT '{}'", "DEFAULT '{}'"),
        ("TEXT DEFAULT NULL", "DEFAULT NULL", "DEFAULT NULL"),
        (
            "UUID DEFAULT '0190163D-8694-739B-AEA5-966C26F8AD91'",
            "DEFAULT '0190163d-8694-739b-aea5-966c26f8ad91'",
            "DEFAULT '0190163D-8694-739B-AEA5-966C26F8AD91'",
        ),
        (
            "TIMESTAMPTZ DEFAULT '2024-01-01T01:00:00+01:00'",
            "DEFAULT '2024-01-01T00:00:00.000000Z'",
            "DEFAULT '2024-01-01T01:00:00+01:00'",
        ),
        (
            "TIMESTAMPTZ DEFAULT now()",
            "DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))",
            "DEFAULT now()",
        ),
        (
            "DATE DEFAULT CURRENT_DATE",
            "DEFAULT CURRENT_DATE",
            "DEFAULT ((now() AT TIME ZONE 'UTC')::date)",
        ),
    ] {
        let translated = both(&format!("CREATE TABLE t (a {column} NOT NULL)"));
        for (translated, expected) in translated.iter().zip([sqlite, postgres]) {
            let expected = format!(" {expected} NOT NULL)");
            assert!(translated.ends_with(&expected), "{translated}: {expected}");
        }
    }
}

#[test]
fn a_default_that_the_column_does_not_hold_is_refused() {
    for column in [
        "BOOLEAN DEFAULT 1",
        "BOOLEAN DEFAULT 'true'",
        "SMALLINT DEFAULT 32768",
        "INTEGER DEFAULT 1.0",
        "BIGINT DEFAULT '1'",
        "DOUBLE PRECISION DEFAULT 1e999",
        "NUMERIC DEFAULT 1e3",
        "NUMERIC(3,2) DEFAULT 10",
        "NUMERIC(3,2) DEFAULT 0.001",
        "VARCHAR(2) DEFAULT 'abc'",
        "TEXT DEFAULT 5",
        "BYTEA DEFAULT 'x'",
        "UUID DEFAULT 'x'",
        "UUID DEFAULT gen_random_uuid()",
        "DATE DEFAULT '2024-02-30'",
        "DATE DEFAULT CURRENT_TIMESTAMP",
        "TIMESTAMPTZ DEFAULT 'now'",
        "TIMESTAMPTZ DEFAULT now() + 1",
        "JSONB DEFAULT '{a:1}'",
        "JSONB DEFAULT '\"\\u0000\"'",
        "TEXT DEFAULT E'\\n'",
        "TEXT DEFAULT 'x'::text",
        "TEXT DEFAULT ('x')",
        "TEXT DEFAULT 'a' DEFAULT 'b'",
    ] {
        error(&format!("CREATE TABLE t (a {column})"));
    }
}

#[test]
fn what_is_not_portable_is_refused_with_its_place_and_the_way_out() {
    for (source, expected) in [
        (
            "CREATE TABLE t (\n  a INT\n)",
            "line 2, column 5: INT is not a portable column type; write INTEGER",
        ),
        (
            "CREATE TABLE t (a TIMESTAMP WITH TIME ZONE)",
            "line 1, column 19: TIMESTAMP is not a portable column type; write TIMESTAMPTZ",
        ),
        (
            "CREATE TABLE t (a BIGINT GENERATED ALWAYS AS IDENTITY)",
            "line 1, column 26: a generated column is not portable; let the application make keys, with UUID PRIMARY KEY and Uuid::now_v7(), or write a variant of the migration for each engine",
        ),
        (
            "CREATE TABLE t (a JSONB UNIQUE)",
            "line 1, column 17: a key of JSONB is not portable; PostgreSQL compares JSON by value and SQLite by its text: put what is unique into a column of its own",
        ),
        (
            "CREATE TABLE t (a TEXT, b)",
            "line 1, column 26: expected the type of the column, found nothing more",
        ),
        (
            "ALTER TABLE t ADD a TEXT, ADD b TEXT",
            "line 1, column 27: a second change in one ALTER TABLE is not portable; write a statement for each",
        ),
    ] {
        assert_eq!(error(source), expected);
    }
}

#[test]
fn nothing_is_passed_through_that_is_not_understood() {
    for source in [
        "CREATE TABLE t",
        "CREATE TABLE t (",
        "CREATE TABLE t ()",
        "CREATE TABLE t (a TEXT,)",
        "CREATE TABLE t (a TEXT b)",
        "CREATE TABLE t (a TEXT[])",
        "CREATE TABLE t (a TEXT(5))",
        "CREATE TABLE t (a TEXT COLLATE \"de\")",
        "CREATE TABLE t (a VARCHAR)",
        "CREATE TABLE t (a VARCHAR(0))",
        "CREATE TABLE t (a VARCHAR(1,2))",
        "CREATE TABLE t (a TIMESTAMPTZ(3))",
        "CREATE TABLE t (a NUMERIC(2,3))",
        "CREATE TABLE t (a NUMERIC(2,-3))",
        "CREATE TABLE t (a NUMERIC())",
        "CREATE TABLE t (a \"TEXT\")",
        "CREATE TABLE t (a public.colour)",
        "CREATE TABLE t (a TEXT UNIQUE DEFERRABLE)",
        "CREATE TABLE t (a TEXT UNIQUE ON CONFLICT IGNORE)",
        "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE TABLE t (a TEXT REFERENCES b MATCH FULL)",
        "CREATE TABLE t (a TEXT REFERENCES b ON DELETE EXPLODE)",
        "CREATE TABLE t (a TEXT CHECK a > 1)",
        "CREATE TABLE t (a TEXT, UNIQUE NULLS NOT DISTINCT (a))",
        "CREATE TABLE t (a TEXT, EXCLUDE USING gist (a WITH =))",
        "CREATE TABLE t (LIKE s)",
        "CREATE TABLE t (a TEXT) STRICT",
        "CREATE TABLE t (a TEXT) WITHOUT ROWID",
        "CREATE TABLE t AS SELECT 1",
        "CREATE TABLE t PARTITION OF s DEFAULT",
        "CREATE UNLOGGED TABLE t (a TEXT)",
        "CREATE TEMP TABLE t (a INT)",
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS a TEXT",
        "ALTER TABLE t ADD COLUMN a TEXT UNIQUE",
        "ALTER TABLE t ADD COLUMN a TEXT NOT NULL",
        "ALTER TABLE t ADD COLUMN a DATE DEFAULT CURRENT_DATE",
        "ALTER TABLE t ADD COLUMN a TEXT DEFAULT 'x' REFERENCES b",
        "ALTER TABLE t ALTER COLUMN a TYPE NUMERIC(5,2)",
        "ALTER TABLE ONLY t ADD COLUMN a TEXT",
        "ALTER TABLE t DROP COLUMN a, ADD COLUMN b NUMERIC(5,2)",
        "CREATE TABLE t (a TEXT DEFAULT 'x)",
    ] {
        error(source);
    }
}

#[test]
fn an_added_column_and_a_foreign_key_are_translated() {
    let [sqlite, postgres] = both(
        "ALTER TABLE app.item ADD COLUMN owner UUID CONSTRAINT fk REFERENCES owner (id) ON DELETE SET NULL ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED;
         ALTER TABLE item ADD amount NUMERIC(4,4) NOT NULL DEFAULT 0",
    );
    assert!(
        sqlite.contains("owner UUID_TEXT CONSTRAINT \"TWINBASE_TYPE.item.owner\""),
        "{sqlite}"
    );
    assert!(sqlite.contains("GLOB '0*'"), "{sqlite}");
    assert!(
        postgres.ends_with(
            "ADD amount NUMERIC NOT NULL DEFAULT 0, ADD CONSTRAINT \"TWINBASE_TYPE.item.amount\" \
             CHECK (abs(\"amount\") < 1 AND min_scale(\"amount\") <= 4) NOT VALID"
        ),
        "{postgres}"
    );
}

#[test]
fn an_added_column_is_checked_without_a_look_at_the_rows() {
    let [_, postgres] = both(
        "ALTER TABLE item ADD COLUMN at TIMESTAMPTZ -- when
            NOT NULL DEFAULT '2024-01-01T00:00:00Z' CHECK (at > '2020-01-01') /* the end */ ;
         ALTER TABLE item ADD COLUMN note TEXT; -- no CHECK",
    );
    assert_eq!(
        postgres,
        "ALTER TABLE item ADD COLUMN at TIMESTAMPTZ -- when
            NOT NULL DEFAULT '2024-01-01T00:00:00Z' CHECK (at > '2020-01-01'), ADD CONSTRAINT \"TWINBASE_TYPE.item.at\" \
         CHECK (\"at\" >= '0001-01-01 00:00:00+00' AND \"at\" < '10000-01-01 00:00:00+00') NOT VALID /* the end */ ;
         ALTER TABLE item ADD COLUMN note TEXT COLLATE \"C\"; -- no CHECK"
    );
    // The rows that exist get the default unseen, so it has to fit.
    for column in [
        "a VARCHAR(2) DEFAULT 'abc'",
        "a NUMERIC(3,2) NOT NULL DEFAULT 10",
        "a NUMERIC(3,2) DEFAULT 0.001",
        "a DOUBLE PRECISION DEFAULT 1e999",
        "a TIMESTAMPTZ DEFAULT 'infinity'",
        "a TIMESTAMPTZ DEFAULT '10000-01-01T00:00:00Z'",
        "a DATE DEFAULT '0000-01-01'",
        "a NUMERIC DEFAULT 'NaN'",
    ] {
        error(&format!("ALTER TABLE t ADD COLUMN {column}"));
    }
}

#[test]
fn statements_keep_their_lines() {
    let source =
        "CREATE TABLE t (\n  a DOUBLE\n  PRECISION\n  NOT NULL, b NUMERIC\n(\n5,2)\n);\nSELECT 1";
    for translated in both(source) {
        let line = translated.lines().position(|line| line == "SELECT 1");
        assert_eq!(line, Some(7), "{translated}");
    }
}
