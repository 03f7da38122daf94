use twinbase::config::Engine;
use twinbase::migration::translate::translate;

use super::{lines, with_place};

/// Every portable type, with a default that each engine gets in a spelling of its own.
pub(super) const TYPES: [(&str, &str); 16] = [
    ("BOOLEAN", "TRUE"),
    ("SMALLINT", "-7"),
    ("INTEGER", "0"),
    ("BIGINT", "9007199254740993"),
    ("DOUBLE PRECISION", "-1.5e3"),
    ("TEXT", "'it''s; \"so\"'"),
    ("VARCHAR(3)", "'a  '"),
    ("VARCHAR(200)", "''"),
    ("BYTEA", "'\\x00FF'"),
    ("UUID", "'0190163D-8694-739B-AEA5-966C26F8AD91'"),
    ("TIMESTAMPTZ", "'2024-06-14T09:05:09+02:00'"),
    ("DATE", "'2024-02-29'"),
    ("NUMERIC", "1.50"),
    ("NUMERIC(20,8)", "-0.10"),
    ("NUMERIC(3,3)", "0"),
    ("JSONB", "'{\"b\": [1.0, true], \"a\": null}'"),
];

#[test]
fn every_type_is_alike_after_create_table_add_column_and_a_rebuild() {
    with_place(|place| async move {
        let each = |column: &dyn Fn(usize, &str, &str) -> String| {
            let columns = TYPES.iter().enumerate();
            columns
                .map(|(at, (name, default))| column(at, name, default))
                .collect::<Vec<_>>()
        };
        let plain = each(&|at, name, _| format!("c{at} {name}"));
        let keyed = each(&|at, name, default| format!("k{at} {name} NOT NULL DEFAULT {default}"));
        let create = format!(
            "CREATE TABLE t ({}, {})",
            plain.join(", "),
            keyed.join(", ")
        );
        let add = each(&|at, name, default| {
            format!(
                "ALTER TABLE t ADD COLUMN a{at} {name};\nALTER TABLE t ADD COLUMN d{at} {name} NOT NULL DEFAULT {default};"
            )
        });
        let all = [
            plain,
            keyed,
            each(&|at, name, default| {
                format!("a{at} {name}, d{at} {name} NOT NULL DEFAULT {default}")
            }),
        ];
        let columns = all.concat().join(", ");
        // As it is written by hand: from the translated text, under a name that it does not keep.
        let rebuilt =
            translate(&format!("CREATE TABLE t_new ({columns})"), Engine::Sqlite).unwrap();
        let rebuilt = format!("{rebuilt}; DROP TABLE t; ALTER TABLE t_new RENAME TO t;");
        let add = add.join("\n");
        let files = [
            ("20260101000000_create.sql", create.as_str()),
            ("20260102000000_add.sql", &add),
            (
                "postgres/20260103000000_rebuild.sql",
                "-- SQLite's table is made anew\n",
            ),
            ("sqlite/20260103000000_rebuild.sql", &rebuilt),
            (
                "20260104000000_rename.sql",
                "ALTER TABLE t RENAME COLUMN c6 TO \"A new name\"; ALTER TABLE t RENAME COLUMN d13 TO price; ALTER TABLE t RENAME TO \"Other\";",
            ),
        ];
        assert_eq!(lines(&place.compare(files).await), Vec::<String>::new());
    });
}

#[test]
fn quoted_names_composite_and_self_referencing_keys_are_alike() {
    with_place(|place| async move {
        let files = [(
            "20260101000000_shop.sql",
            "CREATE TABLE \"Order Lines\" (
                \"The order\" UUID NOT NULL, \"no.\" INTEGER NOT NULL, \"Ä \"\"quoted\"\"\" TEXT CHECK (\"Ä \"\"quoted\"\"\" <> 'x'),
                before_order UUID, before_no INTEGER, \"select\" BOOLEAN NOT NULL DEFAULT FALSE,
                PRIMARY KEY (\"no.\", \"The order\"),
                FOREIGN KEY (before_no, before_order) REFERENCES \"Order Lines\" (\"no.\", \"The order\") ON DELETE SET NULL ON UPDATE CASCADE,
                UNIQUE (\"The order\", before_no), CHECK (\"no.\" > 0 AND before_no < \"no.\")
             );
             CREATE INDEX \"By Order\" ON \"Order Lines\" (\"The order\" DESC, lower(\"Ä \"\"quoted\"\"\")) WHERE \"select\" AND \"no.\" IN (1, 2, 3);
             CREATE TABLE nodes (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES nodes (id) DEFERRABLE INITIALLY DEFERRED,
                other BIGINT REFERENCES nodes ON DELETE RESTRICT, name VARCHAR(20), CHECK (name LIKE 'a%' OR id BETWEEN 1 AND 9));
             CREATE VIEW \"Some Nodes\" AS SELECT id AS \"The Id\", name FROM nodes WHERE parent IS NULL;",
        )];
        let parity = place.compare(files).await;
        assert_eq!(lines(&parity), Vec::<String>::new());
        assert_eq!(parity.versions[0].tables, 2);
    });
}

#[test]
fn unquoted_capitals_are_told_for_results_have_them_on_sqlite_alone() {
    with_place(|place| async move {
        let files = [(
            "20260101000000_shop.sql",
            "CREATE TABLE Shops (Id BIGINT PRIMARY KEY, name TEXT UNIQUE);",
        )];
        assert_eq!(
            lines(&place.compare(files).await),
            [
                "20260101000000 shops name: shops on PostgreSQL, Shops on SQLite",
                "20260101000000 shops.id name: id on PostgreSQL, Id on SQLite",
                "20260101000000 shops.shops_pkey name: shops_pkey on PostgreSQL, Shops_pkey on SQLite",
                "20260101000000 shops.shops_name_key name: shops_name_key on PostgreSQL, Shops_name_key on SQLite",
            ]
        );
    });
}

#[test]
fn a_key_without_a_name_keeps_that_of_the_old_table_on_postgresql_alone() {
    with_place(|place| async move {
        let create =
            "CREATE TABLE shops (id BIGINT CONSTRAINT shop_id PRIMARY KEY, name TEXT UNIQUE);";
        let files = [
            ("20260101000000_shop.sql", create),
            (
                "20260102000000_rename.sql",
                "ALTER TABLE shops RENAME TO stores;",
            ),
        ];
        assert_eq!(
            lines(&place.compare(files).await),
            [
                "20260102000000 stores.shops_name_key name: shops_name_key on PostgreSQL, stores_name_key on SQLite"
            ]
        );
    });
}

#[test]
fn an_identity_column_and_the_rowid_both_make_the_keys() {
    with_place(|place| async move {
        let sqlite = "CREATE TABLE shops (id INTEGER PRIMARY KEY)";
        for (postgres, expected) in [
            (
                "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
                vec![],
            ),
            (
                "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
                vec![
                    "20260101000000 shops.id identity: an identity column GENERATED ALWAYS on PostgreSQL, the rowid on SQLite",
                ],
            ),
            ("BIGSERIAL PRIMARY KEY", vec![]),
            (
                "INTEGER PRIMARY KEY",
                vec![
                    "20260101000000 shops.id type: INTEGER on PostgreSQL, BIGINT on SQLite",
                    "20260101000000 shops.id identity: none on PostgreSQL, the rowid on SQLite",
                ],
            ),
        ] {
            let postgres = format!("CREATE TABLE shops (id {postgres})");
            let files = [
                ("postgres/20260101000000_shops.sql", postgres.as_str()),
                ("sqlite/20260101000000_shops.sql", sqlite),
            ];
            assert_eq!(lines(&place.compare(files).await), expected);
        }
    });
}
