use sqlx::AnyConnection;
use twinbase::config::Engine;
use twinbase::database::{DatabaseError, ErrorKind};

use super::{broken, either, provoke, run, seen, with_tables};

const TABLES: &str = r#"
    CREATE TABLE item (
        id BIGINT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        code TEXT CONSTRAINT item_code_taken UNIQUE,
        "Size" INTEGER CHECK ("Size" > 0),
        price NUMERIC(9,2) CONSTRAINT item_price_positive CHECK (price > 0),
        low INTEGER, high INTEGER,
        shelf INTEGER, place INTEGER, tag TEXT,
        UNIQUE (shelf, place),
        CHECK (low < high),
        CHECK (low < 1000), CHECK (low > -1000)
    );
    CREATE UNIQUE INDEX item_lowest ON item (low) WHERE high IS NULL;
    CREATE UNIQUE INDEX item_lower ON item (lower(tag));
    CREATE TABLE shadow (a INTEGER);
    CREATE TABLE span (low INTEGER, high INTEGER, CHECK (low < high));
    ALTER TABLE span ADD COLUMN size INTEGER;
    CREATE TABLE pair (a INTEGER, b INTEGER, PRIMARY KEY (a, b));
    INSERT INTO item (id, name, code, low, shelf, place, tag) VALUES (1, 'a', 'c', 7, 1, 1, 't');
    INSERT INTO pair VALUES (1, 2)
"#;

async fn check(conn: &mut AnyConnection, cases: &[(&str, ErrorKind, &str, &str, &[&str])]) {
    for (sql, kind, table, constraint, columns) in cases {
        let error = provoke(conn, sql).await;
        assert_eq!(
            seen(error),
            broken(*kind, table, constraint, columns),
            "{sql}"
        );
    }
}

twinbase::on_both_engines! {
    async fn a_broken_constraint_has_the_same_name_and_table(database: TestDatabase) {
        use ErrorKind::{Check, Data, NotNull, Unique};
        let mut conn = with_tables(&database, TABLES).await;
        let trigger = either(database.engine(),
            "CREATE TRIGGER copy AFTER INSERT ON shadow BEGIN UPDATE item SET price = '-1'; END",
            "CREATE FUNCTION copy() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN UPDATE item SET price = '-1'; RETURN NULL; END $$; \
             CREATE TRIGGER copy AFTER INSERT ON shadow FOR EACH ROW EXECUTE FUNCTION copy()");
        run(&mut conn, trigger).await.unwrap();
        check(&mut conn, &[
            ("INSERT INTO item (id, name) VALUES (1, 'b')", Unique, "item", "item_pkey", &["id"]),
            ("INSERT INTO item (id, name) VALUES (2, 'a')", Unique, "item", "item_name_key", &["name"]),
            ("INSERT INTO item (id, name, code) VALUES (2, 'b', 'c')", Unique, "item", "item_code_taken", &["code"]),
            ("INSERT INTO item (id, name, tag) VALUES (2, 'b', 'T')", Unique, "item", "item_lower", &[]),
            ("INSERT INTO item (id, name, shelf, place) VALUES (2, 'b', 1, 1)", Unique, "item", "item_shelf_place_key", &["shelf", "place"]),
            ("INSERT INTO item (id, name, low) VALUES (2, 'b', 7)", Unique, "item", "item_lowest", &["low"]),
            ("INSERT INTO pair VALUES (1, 2)", Unique, "pair", "pair_pkey", &["a", "b"]),
            ("INSERT INTO item (id) VALUES (2)", NotNull, "item", "item_name_not_null", &["name"]),
            ("UPDATE item SET name = NULL", NotNull, "item", "item_name_not_null", &["name"]),
            ("INSERT INTO pair VALUES (1, NULL)", NotNull, "pair", "pair_b_not_null", &["b"]),
            (r#"UPDATE item SET "Size" = 0"#, Check, "item", "item_Size_check", &[]),
            ("UPDATE item SET price = '-1'", Check, "item", "item_price_positive", &[]),
            ("UPDATE item SET high = 1", Check, "item", "item_check", &[]),
            ("UPDATE item SET low = 2000", Check, "item", "item_low_check", &[]),
            ("UPDATE item SET low = -2000", Check, "item", "item_low_check1", &[]),
            ("INSERT INTO span VALUES (2, 1, NULL)", Check, "span", "span_check", &[]),
            // Another table's, by way of a trigger.
            ("INSERT INTO shadow VALUES (-1)", Check, "item", "item_price_positive", &[]),
            ("UPDATE item SET price = '1.234'", Data, "item", "TWINBASE_TYPE.item.price", &["price"]),
        ]).await;
    }

    async fn checks_that_sqlite_calls_alike_have_their_table_there(database: TestDatabase) {
        let mut conn = with_tables(&database, "CREATE TABLE two (a INTEGER CHECK (a > 0) CHECK (a < 9))").await;
        let (kind, table, constraint, _) = seen(provoke(&mut conn, "INSERT INTO two VALUES (9)").await);
        assert_eq!((kind, table.as_deref()), (ErrorKind::Check, Some("two")));
        assert_eq!(constraint.as_deref(), match database.engine() {
            Engine::Sqlite => None,
            Engine::Postgres => Some("two_a_check1"),
        });
    }

    async fn names_hold_in_text_of_several_statements_too(database: TestDatabase) {
        let mut conn = with_tables(&database, TABLES).await;
        let two = "UPDATE item SET name = 'x'; INSERT INTO pair VALUES (1, 2)";
        let error = run(&mut conn, two).await.unwrap_err();
        assert_eq!(seen(error), broken(ErrorKind::Unique, "pair", "pair_pkey", &["a", "b"]));
    }

    async fn the_message_names_the_constraint_and_says_what_to_do(database: TestDatabase) {
        let mut conn = with_tables(&database, TABLES).await;
        let error = provoke(&mut conn, "INSERT INTO item (id, name) VALUES (2, 'a')").await;
        assert_eq!(
            DatabaseError::from(error).to_string(),
            "another row has these values already (constraint item_name_key of table item, column name); \
             use other values, or change that row"
        );
    }
}
