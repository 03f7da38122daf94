use twinbase::config::Engine::{Postgres, Sqlite};

use super::{ORDERS, each_is_told_alone};

#[test]
fn types_of_postgresql_are_told_by_what_is_really_there() {
    each_is_told_alone(
        ORDERS,
        &[
            (
                Postgres,
                "VARCHAR COLLATE \"C\" CONSTRAINT \"TWINBASE_TYPE.orders.channel\" CHECK (char_length(\"channel\") <= 80)",
                "varchar(80)",
                &[
                    "orders.channel type: character varying(80) COLLATE \"default\" on PostgreSQL, VARCHAR(80) on SQLite",
                ],
            ),
            (
                Postgres,
                "VARCHAR COLLATE \"C\" CONSTRAINT \"TWINBASE_TYPE.orders.channel\"",
                "VARCHAR CONSTRAINT \"TWINBASE_TYPE.orders.channel\"",
                &[
                    "orders.channel type: character varying COLLATE \"default\" with another CHECK on PostgreSQL, VARCHAR(80) on SQLite",
                ],
            ),
            (
                Postgres,
                "(\"channel\") <= 80",
                "(\"channel\") <= 60",
                &["orders.channel type: VARCHAR(60) on PostgreSQL, VARCHAR(80) on SQLite"],
            ),
            (
                Postgres,
                "char_length(\"channel\") <= 80",
                "char_length(\"channel\") < 80",
                &[
                    "orders.channel type: character varying COLLATE \"C\" with another CHECK on PostgreSQL, VARCHAR(80) on SQLite",
                ],
            ),
            (
                Postgres,
                "min_scale(\"price\") <= 8",
                "min_scale(\"price\") <= 2",
                &["orders.price type: NUMERIC(14,2) on PostgreSQL, NUMERIC(20,8) on SQLite"],
            ),
            (
                Postgres,
                "TEXT COLLATE \"C\"",
                "TEXT",
                &["orders.note type: text COLLATE \"default\" on PostgreSQL, TEXT on SQLite"],
            ),
            (
                Postgres,
                "id BIGINT PRIMARY",
                "id INTEGER PRIMARY",
                &["orders.id type: INTEGER on PostgreSQL, BIGINT on SQLite"],
            ),
            (
                Postgres,
                "CONSTRAINT \"TWINBASE_TYPE.orders.at\" CHECK (\"at\" >= '0001-01-01 00:00:00+00' AND \"at\" < '10000-01-01 00:00:00+00')",
                "",
                &[
                    "orders.at type: timestamp with time zone without its CHECK on PostgreSQL, TIMESTAMPTZ on SQLite",
                ],
            ),
            (
                Postgres,
                "lines JSONB",
                "lines JSON",
                &[
                    "orders.lines type: json on PostgreSQL, JSONB on SQLite",
                    "orders.lines default: '{\"a\": [1, 2]}'::json on PostgreSQL, '{\"a\": [1, 2]}' on SQLite",
                ],
            ),
            (
                Postgres,
                "price NUMERIC CONSTRAINT",
                "price NUMERIC CONSTRAINT \"TWINBASE_TYPE.zero\" CHECK (price <> 0) CONSTRAINT",
                &[
                    "orders.price type: numeric with another CHECK on PostgreSQL, NUMERIC(20,8) on SQLite",
                ],
            ),
        ],
    );
}

#[test]
fn types_of_sqlite_are_told_by_what_is_really_there() {
    each_is_told_alone(
        ORDERS,
        &[
            (
                Sqlite,
                "TEXT CONSTRAINT \"TWINBASE_TYPE.orders.note\" CHECK (typeof(\"note\") IN ('text', 'null'))",
                "TEXT",
                &["orders.note type: TEXT on PostgreSQL, TEXT without its CHECK on SQLite"],
            ),
            (
                Sqlite,
                "length(\"channel\") <= 80",
                "length(\"channel\") <= 90",
                &[
                    "orders.channel type: VARCHAR(80) on PostgreSQL, VARCHAR(80) with another CHECK on SQLite",
                ],
            ),
            (
                Sqlite,
                "note TEXT CONSTRAINT",
                "note TEXT CONSTRAINT \"TWINBASE_TYPE.short\" CHECK (length(note) < 9) CONSTRAINT",
                &["orders.note type: TEXT on PostgreSQL, TEXT with another CHECK on SQLite"],
            ),
            (
                Sqlite,
                "note TEXT CONSTRAINT",
                "note TEXT COLLATE BINARY CONSTRAINT",
                &[],
            ),
            (
                Sqlite,
                "note TEXT CONSTRAINT",
                "note TEXT COLLATE NOCASE CONSTRAINT",
                &["orders.note type: TEXT on PostgreSQL, TEXT COLLATE NOCASE on SQLite"],
            ),
            (
                Sqlite,
                " COLLATE twinbase_decimal",
                "",
                &[
                    "orders.price type: NUMERIC(20,8) on PostgreSQL, NUMERIC_TEXT(20,8) without COLLATE twinbase_decimal on SQLite",
                ],
            ),
        ],
    );
}

#[test]
fn nullability_order_and_missing_columns_are_told() {
    each_is_told_alone(
        ORDERS,
        &[
            (
                Postgres,
                " NOT NULL DEFAULT TRUE",
                " DEFAULT TRUE",
                &["orders.paid nullability: NULL on PostgreSQL, NOT NULL on SQLite"],
            ),
            (
                Sqlite,
                " NOT NULL DEFAULT TRUE",
                " DEFAULT TRUE",
                &["orders.paid nullability: NOT NULL on PostgreSQL, NULL on SQLite"],
            ),
            (
                Sqlite,
                " NOT NULL PRIMARY KEY",
                " PRIMARY KEY",
                &["orders.id nullability: NOT NULL on PostgreSQL, NULL on SQLite"],
            ),
            (
                Postgres,
                "orders (\n",
                "orders (extra BIGINT NOT NULL,\n",
                &["orders.extra column: BIGINT NOT NULL on PostgreSQL, none on SQLite"],
            ),
            (
                Postgres,
                "    id BIGINT PRIMARY KEY,\n    parent BIGINT REFERENCES parents (id) ON DELETE CASCADE,",
                "    parent BIGINT REFERENCES parents (id) ON DELETE CASCADE,\n    id BIGINT PRIMARY KEY,",
                &[
                    "orders column order: (parent, id, channel, price, paid, at, due, note, bytes, lines, weight) on PostgreSQL, \
               (id, parent, channel, price, paid, at, due, note, bytes, lines, weight) on SQLite",
                ],
            ),
            (
                Postgres,
                "TABLE orders (\n    id",
                "TABLE orders (\n    \"Id\"",
                &["orders.Id name: Id on PostgreSQL, id on SQLite"],
            ),
            (
                Sqlite,
                "CREATE TABLE orders",
                "CREATE TABLE others (id TEXT); CREATE TABLE orders",
                &["others table: none on PostgreSQL, a table (id) on SQLite"],
            ),
            (
                Postgres,
                "id BIGINT PRIMARY KEY",
                "id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
                &["orders.id identity: an identity column on PostgreSQL, none on SQLite"],
            ),
            (
                Postgres,
                "note TEXT COLLATE \"C\"",
                "note TEXT COLLATE \"C\" GENERATED ALWAYS AS (upper(channel)) STORED",
                &["orders.note generated: upper((channel)::text) on PostgreSQL, none on SQLite"],
            ),
        ],
    );
}

#[test]
fn defaults_are_compared_by_what_they_say() {
    each_is_told_alone(
        ORDERS,
        &[
            (
                Postgres,
                "DEFAULT 'web'",
                "DEFAULT ('we' || 'b')",
                &[
                    "orders.channel default: ('we'::text || 'b'::text) on PostgreSQL, 'web' on SQLite (not known to be equal)",
                ],
            ),
            (
                Postgres,
                "DEFAULT 'web'",
                "DEFAULT 'shop'",
                &[
                    "orders.channel default: 'shop'::character varying on PostgreSQL, 'web' on SQLite",
                ],
            ),
            (
                Postgres,
                " DEFAULT 'web'",
                "",
                &["orders.channel default: none on PostgreSQL, 'web' on SQLite"],
            ),
            (
                Sqlite,
                " DEFAULT TRUE",
                " DEFAULT 0",
                &["orders.paid default: true on PostgreSQL, 0 on SQLite"],
            ),
            (
                Sqlite,
                " DEFAULT 0.1",
                " DEFAULT 0.2",
                &["orders.weight default: 0.1 on PostgreSQL, 0.2 on SQLite"],
            ),
            (
                Sqlite,
                "(strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))",
                "CURRENT_TIMESTAMP",
                &[
                    "orders.at default: CURRENT_TIMESTAMP on PostgreSQL, CURRENT_TIMESTAMP on SQLite (not known to be equal)",
                ],
            ),
            (
                Postgres,
                "((now() AT TIME ZONE 'UTC')::date)",
                "CURRENT_DATE",
                &[
                    "orders.due default: CURRENT_DATE on PostgreSQL, CURRENT_DATE on SQLite (not known to be equal)",
                ],
            ),
            // The same in other words.
            (Postgres, "DEFAULT CURRENT_TIMESTAMP", "DEFAULT now()", &[]),
            (Postgres, "DEFAULT 1.50", "DEFAULT '1.5'::numeric", &[]),
            (Postgres, "DEFAULT TRUE", "DEFAULT 't'::boolean", &[]),
            (Sqlite, "DEFAULT TRUE", "DEFAULT 1", &[]),
            (Sqlite, "DEFAULT TRUE", "DEFAULT (1)", &[]),
            (Sqlite, "X'00ff'", "x'00FF'", &[]),
            (Sqlite, "'{\"a\": [1, 2]}'", "'{\"a\":[1,2]}'", &[]),
            (
                Postgres,
                "note TEXT COLLATE \"C\"",
                "note TEXT COLLATE \"C\" DEFAULT NULL",
                &[],
            ),
            (Sqlite, "DEFAULT CURRENT_DATE", "DEFAULT (date('now'))", &[]),
        ],
    );
}

/// Literals, each in the form that SQLite's column takes.
const LITERALS: &str = "CREATE TABLE literals (
    flag BOOLEAN DEFAULT TRUE,
    day DATE DEFAULT '2024-01-01',
    code UUID DEFAULT '0190163d-8694-739b-aea5-966c26f8ad91',
    at TIMESTAMPTZ DEFAULT '2024-01-01 00:00:00Z',
    number BIGINT DEFAULT 2,
    price NUMERIC(10,2) DEFAULT 1.50,
    note TEXT DEFAULT '5',
    half TEXT DEFAULT '1.50',
    mask BIGINT DEFAULT 16,
    one BIGINT DEFAULT 1
);";

#[test]
fn a_default_is_what_sqlite_stores_and_differs_where_its_column_refuses_it() {
    each_is_told_alone(
        LITERALS,
        &[
            (
                Sqlite,
                "DEFAULT TRUE",
                "DEFAULT 'yes'",
                &[
                    "literals.flag default: true on PostgreSQL, 'yes' (which the type refuses) on SQLite",
                ],
            ),
            (
                Sqlite,
                "DEFAULT '2024-01-01',",
                "DEFAULT '1 January 2024',",
                &[
                    "literals.day default: '2024-01-01'::date on PostgreSQL, '1 January 2024' (which the type refuses) on SQLite",
                ],
            ),
            (
                Sqlite,
                "DEFAULT '0190163d-8694-739b-aea5-966c26f8ad91'",
                "DEFAULT '0190163D-8694-739B-AEA5-966C26F8AD91'",
                &[
                    "literals.code default: '0190163d-8694-739b-aea5-966c26f8ad91'::uuid on PostgreSQL, \
                     '0190163D-8694-739B-AEA5-966C26F8AD91' (which the type refuses) on SQLite",
                ],
            ),
            (
                Sqlite,
                "DEFAULT '2024-01-01T00:00:00.000000Z'",
                "DEFAULT '2024-01-01'",
                &[
                    "literals.at default: '2024-01-01 00:00:00+00'::timestamp with time zone on PostgreSQL, \
                     '2024-01-01' (which the type refuses) on SQLite",
                ],
            ),
            (
                Sqlite,
                "DEFAULT 2,",
                "DEFAULT 1.5,",
                &[
                    "literals.number default: 2 on PostgreSQL, 1.5 (which the type refuses) on SQLite",
                ],
            ),
            (
                Sqlite,
                "DEFAULT '1.5',",
                "DEFAULT '1.50',",
                &[
                    "literals.price default: 1.50 on PostgreSQL, '1.50' (which the type refuses) on SQLite",
                ],
            ),
            // The column makes a text of the number, and the last digit is lost.
            (
                Sqlite,
                "DEFAULT '1.50'",
                "DEFAULT 1.50",
                &["literals.half default: '1.50'::text on PostgreSQL, 1.50 on SQLite"],
            ),
            // What it makes is the same.
            (Sqlite, "DEFAULT '1.5',", "DEFAULT 1.50,", &[]),
            (Sqlite, "DEFAULT '5'", "DEFAULT 5", &[]),
            (Sqlite, "DEFAULT 2,", "DEFAULT '2',", &[]),
            (Sqlite, "DEFAULT 16", "DEFAULT 0x10", &[]),
            (Sqlite, "DEFAULT 1\n", "DEFAULT TRUE\n", &[]),
        ],
    );
}
