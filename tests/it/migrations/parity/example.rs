use super::{lines, with_place};

/// The files of the worked example of docs/migrations.md, up alone.
const FILES: [(&str, &str); 9] = [
    ("20260101000000_baseline.sql", "-- the start\n"),
    (
        "20260210120000_shop.up.sql",
        "CREATE TABLE customers (
    id UUID PRIMARY KEY,
    name VARCHAR(80) NOT NULL UNIQUE
);
CREATE TABLE orders (
    id UUID PRIMARY KEY,
    customer UUID NOT NULL REFERENCES customers (id),
    comment TEXT,
    price NUMERIC(20,8) NOT NULL,
    placed_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    due DATE,
    paid BOOLEAN NOT NULL DEFAULT FALSE,
    priority SMALLINT,
    pieces INTEGER,
    number BIGINT,
    weight DOUBLE PRECISION,
    total NUMERIC,
    signature BYTEA,
    lines JSONB
);
",
    ),
    (
        "20260217090000_seed.up.sql",
        "INSERT INTO customers (id, name) VALUES ('0190163d-8694-739b-aea5-966c26f8ad91', 'the house')
    ON CONFLICT (id) DO NOTHING;
",
    ),
    (
        "20260301090000_channel.up.sql",
        "-- compatible: a column with a default, which older programs neither read nor write
ALTER TABLE orders ADD COLUMN channel VARCHAR(20) NOT NULL DEFAULT 'web';
",
    ),
    (
        "20260308090000_note.up.sql",
        "ALTER TABLE orders RENAME COLUMN comment TO note;\n",
    ),
    (
        "postgres/20260315090000_customer_names.up.sql",
        "ALTER TABLE customers ADD CONSTRAINT customers_name_check CHECK (name <> '');\n",
    ),
    ("sqlite/20260315090000_customer_names.up.sql", REBUILD),
    (
        "postgres/20260322090000_orders_by_customer.up.sql",
        "-- no-transaction\nCREATE INDEX CONCURRENTLY orders_by_customer ON orders (customer, placed_at DESC);\n",
    ),
    (
        "sqlite/20260322090000_orders_by_customer.up.sql",
        "CREATE INDEX orders_by_customer ON orders (customer, placed_at DESC);\n",
    ),
];

/// The text that `twinbase migrate sql --engine sqlite` shows, with a new name and one CHECK more.
const REBUILD: &str = r#"CREATE TABLE customers_new (
    id UUID_TEXT CONSTRAINT "TWINBASE_TYPE.customers.id" CHECK ("id" IS NULL OR (typeof("id") = 'text' AND length(CAST("id" AS BLOB)) = 36 AND "id" GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]')) NOT NULL PRIMARY KEY,
    name VARCHAR(80) CONSTRAINT "TWINBASE_TYPE.customers.name" CHECK ("name" IS NULL OR (typeof("name") = 'text' AND length("name") <= 80)) NOT NULL UNIQUE,
    CONSTRAINT customers_name_check CHECK (name <> '')
);
INSERT INTO customers_new (id, name) SELECT id, name FROM customers;
DROP TABLE customers;
ALTER TABLE customers_new RENAME TO customers;
"#;

#[test]
fn the_worked_example_is_alike_after_every_version() {
    with_place(|place| async move {
        let parity = place.compare(FILES).await;
        assert_eq!(lines(&parity), Vec::<String>::new());
        assert!(parity.is_alike());
        let tables: Vec<_> = parity
            .versions
            .iter()
            .map(|version| version.tables)
            .collect();
        assert_eq!(tables, [0, 2, 2, 2, 2, 2, 2]);
    });
}

#[test]
fn what_a_rebuild_forgets_is_told_at_its_version() {
    with_place(|place| async move {
        for (old, new, expected) in [
            (
                " NOT NULL UNIQUE",
                " UNIQUE",
                "customers.name nullability: NOT NULL on PostgreSQL, NULL on SQLite",
            ),
            (
                " NOT NULL UNIQUE",
                " NOT NULL",
                "customers.customers_name_key unique: a constraint UNIQUE (name) on PostgreSQL, none on SQLite",
            ),
            (
                "80",
                "60",
                "customers.name type: VARCHAR(80) on PostgreSQL, VARCHAR(60) on SQLite",
            ),
            (
                "CONSTRAINT customers_name_check ",
                "",
                // SQLite calls it by the name that stands before it, and an error would be another.
                "customers.customers_name_check name: customers_name_check on PostgreSQL, TWINBASE_TYPE.customers.name on SQLite",
            ),
            (
                "name <> ''",
                "name > ''",
                "customers.customers_name_check condition: ((name)::text <> ''::text) on PostgreSQL, name > '' on SQLite (not known to be equal)",
            ),
        ] {
            let rebuild = REBUILD.replace(old, new);
            let files = FILES.map(|(path, sql)| {
                (
                    path,
                    if sql == REBUILD {
                        rebuild.as_str()
                    } else {
                        sql
                    },
                )
            });
            let found = lines(&place.compare(files).await);
            assert_eq!(found, [format!("20260315090000 {expected}")]);
        }
    });
}

#[test]
fn what_a_later_version_mends_is_told_where_it_began() {
    with_place(|place| async move {
        let files = [
            (
                "20260101000000_shop.sql",
                "CREATE TABLE shops (id BIGINT PRIMARY KEY, name TEXT);",
            ),
            (
                "postgres/20260102000000_index.sql",
                "CREATE INDEX shops_name ON shops (name DESC);",
            ),
            (
                "sqlite/20260102000000_index.sql",
                "CREATE INDEX shops_name ON shops (name);",
            ),
            (
                "20260103000000_more.sql",
                "ALTER TABLE shops ADD COLUMN more TEXT;",
            ),
            (
                "20260104000000_again.sql",
                "DROP INDEX shops_name; CREATE INDEX shops_name ON shops (name DESC);",
            ),
        ];
        let parity = place.compare(files).await;
        assert_eq!(
            lines(&parity),
            [
                "20260102000000 shops.shops_name direction: (name DESC) on PostgreSQL, (name) on SQLite"
            ]
        );
        let standing: Vec<_> = parity
            .versions
            .iter()
            .map(|version| version.standing)
            .collect();
        assert_eq!(standing, [0, 1, 1, 0]);
        assert!(!parity.is_alike());

        // What can't be undone is meant until then, and not after it.
        let meant = "[[allow]]\nobject = \"shops.shops_name\"\nwhat = \"direction\"\nuntil = 20260104000000\nreason = \"mended by `again`\"\n";
        let with_meant = |text| files.into_iter().chain([("parity.toml", text)]);
        assert!(place.compare(with_meant(meant)).await.is_alike());
        let too_short = meant.replace("20260104", "20260103");
        let parity = place.compare(with_meant(&too_short)).await;
        assert_eq!(parity.versions[2].differences.len(), 1, "{parity:?}");
    });
}
