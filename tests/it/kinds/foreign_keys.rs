use sqlx::Connection as _;
use twinbase::database::ErrorKind;

use super::{Seen, broken, either, provoke, run, seen, with_tables};

const TABLES: &str = "
    CREATE TABLE maker (id BIGINT PRIMARY KEY);
    CREATE TABLE shop (id BIGINT PRIMARY KEY);
    CREATE TABLE item (
        id BIGINT PRIMARY KEY,
        maker BIGINT NOT NULL REFERENCES maker (id),
        shop BIGINT CONSTRAINT item_sold_in REFERENCES shop (id),
        sold BIGINT REFERENCES shop
    );
    CREATE TABLE part (
        item BIGINT, number INTEGER, below_item BIGINT, below_number INTEGER,
        PRIMARY KEY (item, number),
        FOREIGN KEY (item) REFERENCES item (id) ON DELETE CASCADE,
        FOREIGN KEY (below_item, below_number) REFERENCES part (item, number)
    );
    CREATE TABLE note (part_item BIGINT, part_number INTEGER,
        FOREIGN KEY (part_item, part_number) REFERENCES part (item, number));
    CREATE TABLE guarded (maker BIGINT REFERENCES maker (id) ON DELETE RESTRICT);
    CREATE TABLE simple (maker BIGINT CONSTRAINT simple_made_by REFERENCES maker (id));
    INSERT INTO maker VALUES (1), (2), (3), (4);
    INSERT INTO shop VALUES (1), (2);
    INSERT INTO item VALUES (1, 1, 1, NULL);
    INSERT INTO part VALUES (1, 1, NULL, NULL);
    INSERT INTO note VALUES (1, 1);
    INSERT INTO guarded VALUES (2);
    INSERT INTO simple VALUES (3)
";

fn foreign(table: &str, constraint: &str) -> Seen {
    broken(ErrorKind::ForeignKey, table, constraint, &[])
}

twinbase::on_both_engines! {
    async fn the_broken_foreign_key_is_named_whichever_it_was(database: TestDatabase) {
        let mut conn = with_tables(&database, TABLES).await;
        for (sql, table, constraint) in [
            // The only key of the table.
            ("INSERT INTO simple VALUES (9)", "simple", "simple_made_by"),
            // One of three.
            ("INSERT INTO item VALUES (2, 9, 1, 1)", "item", "item_maker_fkey"),
            ("INSERT INTO item VALUES (2, 1, 9, 1)", "item", "item_sold_in"),
            ("INSERT INTO item VALUES (2, 1, 1, 9)", "item", "item_sold_fkey"),
            ("UPDATE item SET shop = 9", "item", "item_sold_in"),
            ("INSERT INTO part VALUES (1, 2, 1, 9)", "part", "part_below_item_below_number_fkey"),
            // The row that others refer to: the table that refers is named.
            ("DELETE FROM maker WHERE id = 1", "item", "item_maker_fkey"),
            ("DELETE FROM maker WHERE id = 3", "simple", "simple_made_by"),
            ("DELETE FROM maker WHERE id = 2", "guarded", "guarded_maker_fkey"),
            ("UPDATE maker SET id = 9 WHERE id = 1", "item", "item_maker_fkey"),
            ("DELETE FROM shop WHERE id = 1", "item", "item_sold_in"),
            // By way of a cascade.
            ("DELETE FROM item", "note", "note_part_item_part_number_fkey"),
        ] {
            let error = provoke(&mut conn, sql).await;
            assert_eq!(seen(error), foreign(table, constraint), "{sql}");
        }
        let error = sqlx::query("INSERT INTO item (shop, maker, id) VALUES ($2, $1, $3)")
            .bind(1_i64).bind(9_i64).bind(2_i64)
            .execute(&mut conn).await.unwrap_err();
        assert_eq!(seen(error), foreign("item", "item_sold_in"));
    }

    async fn the_look_for_the_key_leaves_nothing_behind(database: TestDatabase) {
        let mut conn = with_tables(&database, TABLES).await;
        provoke(&mut conn, "INSERT INTO item VALUES (2, 1, 9, 1)").await;
        let (items,): (i64,) = sqlx::query_as("SELECT count(*) FROM item").fetch_one(&mut conn).await.unwrap();
        assert_eq!(items, 1);
        let mut work = conn.begin().await.unwrap();
        run(&mut work, "INSERT INTO item VALUES (5, 1, 1, 1)").await.unwrap();
        let mut inner = work.begin().await.unwrap();
        provoke(&mut inner, "INSERT INTO item VALUES (6, 9, 1, 1)").await;
        inner.rollback().await.unwrap();
        // The check is not put off any more.
        let mut inner = work.begin().await.unwrap();
        provoke(&mut inner, "DELETE FROM maker WHERE id = 1").await;
        inner.rollback().await.unwrap();
        work.commit().await.unwrap();
        let (items,): (i64,) = sqlx::query_as("SELECT count(*) FROM item").fetch_one(&mut conn).await.unwrap();
        assert_eq!(items, 2);
    }

    async fn a_key_that_is_checked_at_commit_is_named_too(database: TestDatabase) {
        let mut conn = with_tables(&database, TABLES).await;
        // Not portable, and both engines have it.
        let table = "CREATE TABLE late (id BIGINT PRIMARY KEY, maker BIGINT, shop BIGINT REFERENCES shop (id), \
            CONSTRAINT late_made_by FOREIGN KEY (maker) REFERENCES maker (id) DEFERRABLE INITIALLY DEFERRED)";
        run(&mut conn, table).await.unwrap();
        let mut work = conn.begin().await.unwrap();
        run(&mut work, "INSERT INTO late VALUES (1, 9, 1)").await.unwrap();
        let error = work.commit().await.unwrap_err();
        assert_eq!(seen(error), foreign("late", "late_made_by"));
        let (rows,): (i64,) = sqlx::query_as("SELECT count(*) FROM late").fetch_one(&mut conn).await.unwrap();
        assert_eq!(rows, 0);
    }

    async fn a_key_that_a_trigger_broke_is_named_too(database: TestDatabase) {
        let mut conn = with_tables(&database, TABLES).await;
        let trigger = either(database.engine(),
            "CREATE TRIGGER sell AFTER INSERT ON simple BEGIN INSERT INTO item VALUES (7, 1, 9, 1); END",
            "CREATE FUNCTION sell() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN INSERT INTO item VALUES (7, 1, 9, 1); RETURN NULL; END $$; \
             CREATE TRIGGER sell AFTER INSERT ON simple FOR EACH ROW EXECUTE FUNCTION sell()");
        run(&mut conn, trigger).await.unwrap();
        let error = provoke(&mut conn, "INSERT INTO simple VALUES (1)").await;
        assert_eq!(seen(error), foreign("item", "item_sold_in"));
    }
}
