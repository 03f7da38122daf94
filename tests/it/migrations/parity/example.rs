use std::fs;
use std::path::Path;

use super::{lines, with_place};

/// The files of the worked example of docs/migrations.md.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/migrations/example");

/// The version that makes a table of SQLite's anew.
const REBUILD: &str = "sqlite/20260315090000_customer_names.up.sql";

/// Each with its path below the folder, up alone.
fn files() -> Vec<(String, String)> {
    let folder = Path::new(EXAMPLE);
    let mut files = Vec::new();
    for below in ["", "postgres/", "sqlite/"] {
        for entry in fs::read_dir(folder.join(below)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if entry.path().is_file() && !name.ends_with(".down.sql") {
                let sql = fs::read_to_string(entry.path()).unwrap();
                files.push((format!("{below}{name}"), sql));
            }
        }
    }
    files
}

fn borrowed(files: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    files
        .iter()
        .map(|(path, sql)| (path.as_str(), sql.as_str()))
}

#[test]
fn the_worked_example_is_alike_after_every_version() {
    with_place(|place| async move {
        let parity = place.compare(borrowed(&files())).await;
        assert_eq!(lines(&parity), Vec::<String>::new());
        assert!(parity.is_alike());
        let tables: Vec<_> = parity
            .versions
            .iter()
            .map(|version| version.tables)
            .collect();
        assert_eq!(tables, [0, 2, 2, 2, 2, 2, 2, 2]);
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
            let mut files = files();
            let rebuild = files.iter_mut().find(|(path, _)| path == REBUILD);
            let (_, rebuild) = rebuild.unwrap();
            *rebuild = rebuild.replace(old, new);
            let found = lines(&place.compare(borrowed(&files)).await);
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
