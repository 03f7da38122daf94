use twinbase::config::Engine::{Postgres, Sqlite};

use super::{Case, each_is_told_alone, lines, with_place};

const ORDERS: &str = "CREATE TABLE orders (
    id BIGINT PRIMARY KEY, parent BIGINT, name TEXT, paid BOOLEAN NOT NULL, price NUMERIC(9,2), at TIMESTAMPTZ
);
CREATE INDEX orders_by_parent ON orders (parent, at DESC);
CREATE INDEX orders_unpaid ON orders (at) WHERE NOT paid AND name <> 'x';
CREATE INDEX orders_by_lower_name ON orders (lower(name), price DESC);
CREATE UNIQUE INDEX orders_price ON orders (price);
CREATE VIEW dear AS SELECT id, price FROM orders WHERE price > 5;";

const CASES: &[Case] = &[
    (
        Postgres,
        "at DESC",
        "at",
        &[
            "orders.orders_by_parent direction: (parent, at) on PostgreSQL, (parent, at DESC) on SQLite",
        ],
    ),
    (
        Sqlite,
        "price DESC",
        "price",
        &[
            "orders.orders_by_lower_name direction: (lower(name), price DESC) on PostgreSQL, (lower(name), price) on SQLite",
        ],
    ),
    (
        Sqlite,
        "(parent, at DESC)",
        "(parent, name DESC)",
        &[
            "orders.orders_by_parent parts: (parent, at DESC) on PostgreSQL, (parent, name DESC) on SQLite",
        ],
    ),
    (
        Sqlite,
        "lower(name)",
        "upper(name)",
        &[
            "orders.orders_by_lower_name parts: (lower(name), price DESC) on PostgreSQL, (upper(name), price DESC) on SQLite (not known to be equal)",
        ],
    ),
    (
        Sqlite,
        " WHERE NOT paid AND name <> 'x'",
        "",
        &[
            "orders.orders_unpaid predicate: ((NOT paid) AND (name <> 'x'::text)) on PostgreSQL, none on SQLite",
        ],
    ),
    (
        Sqlite,
        "NOT paid AND name",
        "paid AND name",
        &[
            "orders.orders_unpaid predicate: ((NOT paid) AND (name <> 'x'::text)) on PostgreSQL, paid AND name <> 'x' on SQLite (not known to be equal)",
        ],
    ),
    (
        Sqlite,
        "UNIQUE INDEX orders_price",
        "INDEX orders_price",
        &["orders.orders_price uniqueness: unique on PostgreSQL, not unique on SQLite"],
    ),
    (
        Postgres,
        "ON orders (price)",
        "ON orders (price) NULLS NOT DISTINCT",
        &["orders.orders_price nulls: NULLS NOT DISTINCT on PostgreSQL, NULLS DISTINCT on SQLite"],
    ),
    (
        Sqlite,
        "CREATE INDEX orders_by_parent ON orders (parent, at DESC);",
        "",
        &["orders.orders_by_parent index: (parent, at DESC) on PostgreSQL, none on SQLite"],
    ),
    (
        Postgres,
        "CREATE INDEX orders_unpaid ON orders (at) WHERE NOT paid AND name <> 'x';",
        "",
        &[
            "orders.orders_unpaid index: none on PostgreSQL, (at) WHERE NOT paid AND name <> 'x' on SQLite",
        ],
    ),
    (
        Postgres,
        "INDEX orders_by_parent",
        "INDEX orders_parent",
        &["orders.orders_parent name: orders_parent on PostgreSQL, orders_by_parent on SQLite"],
    ),
    (
        Postgres,
        "ON orders (parent, at DESC)",
        "ON orders USING gin (to_tsvector('simple', name))",
        &[
            "orders.orders_by_parent parts: (to_tsvector('simple'::regconfig, name)) on PostgreSQL, (parent, at DESC) on SQLite (not known to be equal)",
            "orders.orders_by_parent method: gin on PostgreSQL, btree on SQLite",
        ],
    ),
    (
        Sqlite,
        "(parent, at DESC)",
        "(parent, at COLLATE NOCASE DESC)",
        &["orders.orders_by_parent method: btree on PostgreSQL, btree COLLATE NOCASE on SQLite"],
    ),
    (
        Sqlite,
        "SELECT id, price",
        "SELECT price, id",
        &["dear columns: (id, price) on PostgreSQL, (price, id) on SQLite"],
    ),
    (
        Sqlite,
        "CREATE VIEW dear AS SELECT id, price FROM orders WHERE price > 5;",
        "",
        &["dear view: (id, price) on PostgreSQL, none on SQLite"],
    ),
    (
        Postgres,
        "CREATE VIEW",
        "CREATE MATERIALIZED VIEW",
        &["dear view: a materialized view on PostgreSQL, a view on SQLite"],
    ),
    (
        Sqlite,
        "CREATE VIEW",
        "CREATE TRIGGER marked AFTER INSERT ON orders BEGIN SELECT 1; END; CREATE VIEW",
        &["orders.marked trigger: none on PostgreSQL, a trigger on SQLite"],
    ),
    // The same in other words.
    (
        Sqlite,
        "NOT paid AND name <> 'x'",
        "(not (\"paid\")) and `name` != ('x')",
        &[],
    ),
    (
        Postgres,
        "NOT paid AND name <> 'x'",
        "(NOT paid) AND (name <> 'x'::text)",
        &[],
    ),
    (
        Sqlite,
        "(lower(name), price DESC)",
        "(LOWER(\"name\") ASC, price DESC)",
        &[],
    ),
    (Postgres, "at DESC", "at DESC NULLS LAST", &[]),
];

#[test]
fn indexes_views_and_triggers_are_compared_part_by_part() {
    each_is_told_alone(ORDERS, CASES);
}

#[test]
fn a_trigger_of_both_engines_is_alike_by_its_name() {
    with_place(|place| async move {
        let parity = place
            .compare([
                ("20260101000000_orders.sql", ORDERS),
                (
                    "postgres/20260201000000_mark.sql",
                    "CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
                     CREATE TRIGGER marked BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION mark();",
                ),
                (
                    "sqlite/20260201000000_mark.sql",
                    "CREATE TRIGGER marked AFTER INSERT ON orders BEGIN SELECT 1; END;",
                ),
            ])
            .await;
        assert_eq!(lines(&parity), Vec::<String>::new());
        assert_eq!(parity.versions[1].tables, 1);
    });
}
