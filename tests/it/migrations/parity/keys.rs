use twinbase::config::Engine::{Postgres, Sqlite};

use super::{ORDERS, each_is_told_alone};

#[test]
fn foreign_keys_are_compared_with_their_targets_actions_and_names() {
    each_is_told_alone(
        ORDERS,
        &[
            (
                Postgres,
                " ON DELETE CASCADE",
                "",
                &[
                    "orders.orders_parent_fkey on delete: NO ACTION on PostgreSQL, CASCADE on SQLite",
                ],
            ),
            (
                Sqlite,
                " ON DELETE CASCADE",
                "",
                &[
                    "orders.orders_parent_fkey on delete: CASCADE on PostgreSQL, NO ACTION on SQLite",
                ],
            ),
            (
                Sqlite,
                " ON DELETE CASCADE",
                " ON DELETE CASCADE ON UPDATE SET NULL",
                &[
                    "orders.orders_parent_fkey on update: NO ACTION on PostgreSQL, SET NULL on SQLite",
                ],
            ),
            (
                Sqlite,
                " ON DELETE CASCADE",
                " ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
                &["orders.orders_parent_fkey deferred: at once on PostgreSQL, at COMMIT on SQLite"],
            ),
            (
                Postgres,
                " ON DELETE CASCADE",
                " MATCH FULL ON DELETE CASCADE",
                &[
                    "orders.orders_parent_fkey match: MATCH FULL on PostgreSQL, MATCH SIMPLE on SQLite",
                ],
            ),
            (
                Sqlite,
                " REFERENCES parents (id) ON DELETE CASCADE",
                "",
                &[
                    "orders.orders_parent_fkey foreign key: (parent) REFERENCES parents (id) ON DELETE CASCADE on PostgreSQL, none on SQLite",
                ],
            ),
            (
                Postgres,
                "parents (id)",
                "parents (code)",
                &[
                    "orders.orders_parent_fkey target: (parent) REFERENCES parents (code) on PostgreSQL, (parent) REFERENCES parents (id) on SQLite",
                ],
            ),
            (
                Postgres,
                "REFERENCES parents",
                "CONSTRAINT of_parent REFERENCES parents",
                &["orders.of_parent name: of_parent on PostgreSQL, orders_parent_fkey on SQLite"],
            ),
            (Sqlite, "parents (id)", "Parents", &[]),
        ],
    );
}

#[test]
fn primary_keys_and_unique_constraints_are_compared_with_their_columns_and_names() {
    each_is_told_alone(
        ORDERS,
        &[
            (
                Postgres,
                "id BIGINT PRIMARY KEY",
                "id BIGINT NOT NULL",
                &["orders primary key: none on PostgreSQL, (id) on SQLite"],
            ),
            (
                Postgres,
                "id BIGINT PRIMARY KEY",
                "id BIGINT CONSTRAINT order_id PRIMARY KEY",
                &["orders.order_id name: order_id on PostgreSQL, orders_pkey on SQLite"],
            ),
            (
                Sqlite,
                "UNIQUE (note, due)",
                "UNIQUE (due, note)",
                &[
                    "orders.orders_note_key unique: (note, due) on PostgreSQL, (due, note) on SQLite",
                ],
            ),
            (
                Sqlite,
                ",\n    CONSTRAINT orders_note_key UNIQUE (note, due)",
                "",
                &[
                    "orders.orders_note_key unique: a constraint UNIQUE (note, due) on PostgreSQL, none on SQLite",
                ],
            ),
            (
                Sqlite,
                ",\n    CONSTRAINT orders_note_key UNIQUE (note, due)\n);",
                "\n); CREATE UNIQUE INDEX orders_note ON orders (note, due);",
                &[
                    "orders.orders_note_key unique: a constraint UNIQUE (note, due) on PostgreSQL, an index orders_note on SQLite",
                ],
            ),
            (
                Postgres,
                ",\n    CONSTRAINT orders_note_key UNIQUE (note, due)\n);",
                "\n); CREATE UNIQUE INDEX orders_note_key ON orders (note, due);",
                &[
                    "orders.orders_note_key unique: an index orders_note_key on PostgreSQL, a constraint UNIQUE (note, due) on SQLite",
                ],
            ),
            (
                Sqlite,
                "CONSTRAINT orders_note_key UNIQUE",
                "UNIQUE",
                &[
                    "orders.orders_note_key name: orders_note_key on PostgreSQL, orders_note_due_key on SQLite",
                ],
            ),
            (
                Postgres,
                "UNIQUE (note, due)",
                "UNIQUE NULLS NOT DISTINCT (note, due)",
                &[
                    "orders.orders_note_key nulls: NULLS NOT DISTINCT on PostgreSQL, NULLS DISTINCT on SQLite",
                ],
            ),
        ],
    );
}

#[test]
fn checks_are_compared_by_name_and_by_what_they_say() {
    each_is_told_alone(
        ORDERS,
        &[
            (
                Sqlite,
                "CONSTRAINT orders_paid_check CHECK",
                "CONSTRAINT paid_or_dear CHECK",
                &[
                    "orders.orders_paid_check name: orders_paid_check on PostgreSQL, paid_or_dear on SQLite",
                ],
            ),
            (
                Sqlite,
                "    CONSTRAINT orders_paid_check CHECK (paid OR price > 0),\n",
                "",
                &[
                    "orders.orders_paid_check check: (paid OR (price > (0)::numeric)) on PostgreSQL, none on SQLite",
                ],
            ),
            (
                Sqlite,
                "paid OR price > 0",
                "paid OR price >= 0",
                &[
                    "orders.orders_paid_check condition: (paid OR (price > (0)::numeric)) on PostgreSQL, paid OR price >= 0 on SQLite (not known to be equal)",
                ],
            ),
            (
                Sqlite,
                "paid OR price > 0",
                "paid = 1 OR price > 0",
                &[
                    "orders.orders_paid_check condition: (paid OR (price > (0)::numeric)) on PostgreSQL, paid = 1 OR price > 0 on SQLite (not known to be equal)",
                ],
            ),
            // The same in other words.
            (
                Sqlite,
                "paid OR price > 0",
                "( [paid] or ((`price`) > 0) /* so */ )",
                &[],
            ),
            (
                Postgres,
                "paid OR price > 0",
                "((paid) OR NOT price <= 0::numeric)",
                &[
                    "orders.orders_paid_check condition: (paid OR (NOT (price <= (0)::numeric))) on PostgreSQL, paid OR price > 0 on SQLite (not known to be equal)",
                ],
            ),
        ],
    );
}

#[test]
fn the_columns_that_a_deletion_empties_are_compared() {
    each_is_told_alone(
        "CREATE TABLE pairs (a BIGINT, b BIGINT, PRIMARY KEY (a, b));
         CREATE TABLE users (id BIGINT, a BIGINT, b BIGINT,
            FOREIGN KEY (a, b) REFERENCES pairs (a, b) ON DELETE SET NULL);",
        &[
            (
                Postgres,
                "SET NULL",
                "SET NULL (b)",
                &["users.users_a_b_fkey on delete: SET NULL (b) on PostgreSQL, SET NULL on SQLite"],
            ),
            (Postgres, "SET NULL", "SET NULL (b, a)", &[]),
        ],
    );
}

#[test]
fn what_is_done_about_a_broken_rule_is_compared() {
    each_is_told_alone(
        ORDERS,
        &[
            (
                Sqlite,
                "UNIQUE (note, due)",
                "UNIQUE (note, due) ON CONFLICT REPLACE",
                &[
                    "orders.orders_note_key unique: (note, due) on PostgreSQL, (note, due) ON CONFLICT REPLACE on SQLite",
                ],
            ),
            (
                Sqlite,
                " NOT NULL PRIMARY KEY",
                " NOT NULL PRIMARY KEY ON CONFLICT IGNORE",
                &["orders primary key: (id) on PostgreSQL, (id) ON CONFLICT IGNORE on SQLite"],
            ),
            (
                Sqlite,
                " NOT NULL PRIMARY KEY",
                " NOT NULL PRIMARY KEY UNIQUE ON CONFLICT IGNORE",
                &["orders primary key: (id) on PostgreSQL, (id) ON CONFLICT IGNORE on SQLite"],
            ),
            (
                Sqlite,
                " NOT NULL DEFAULT TRUE",
                " NOT NULL ON CONFLICT REPLACE DEFAULT TRUE",
                &[
                    "orders.paid nullability: NOT NULL on PostgreSQL, NOT NULL ON CONFLICT REPLACE on SQLite",
                ],
            ),
            (
                Sqlite,
                "UNIQUE (note, due)",
                "UNIQUE (note, due) ON CONFLICT ABORT",
                &[],
            ),
        ],
    );
}

#[test]
fn when_a_key_is_looked_at_is_compared() {
    each_is_told_alone(
        ORDERS,
        &[
            (
                Postgres,
                "UNIQUE (note, due)",
                "UNIQUE (note, due) DEFERRABLE INITIALLY DEFERRED",
                &["orders.orders_note_key deferred: at COMMIT on PostgreSQL, at once on SQLite"],
            ),
            (
                Postgres,
                "UNIQUE (note, due)",
                "UNIQUE (note, due) DEFERRABLE",
                &[
                    "orders.orders_note_key deferred: after the statement on PostgreSQL, at once on SQLite",
                ],
            ),
            (
                Postgres,
                "id BIGINT PRIMARY KEY",
                "id BIGINT PRIMARY KEY DEFERRABLE INITIALLY DEFERRED",
                &["orders.orders_pkey deferred: at COMMIT on PostgreSQL, at once on SQLite"],
            ),
            // SQLite gives it to the last foreign key before it, of whatever column.
            (
                Sqlite,
                "DEFAULT 'web'",
                "DEFAULT 'web' DEFERRABLE INITIALLY DEFERRED",
                &["orders.orders_parent_fkey deferred: at once on PostgreSQL, at COMMIT on SQLite"],
            ),
            (
                Sqlite,
                " ON DELETE CASCADE",
                " ON DELETE CASCADE NOT DEFERRABLE INITIALLY DEFERRED",
                &[],
            ),
            (
                Sqlite,
                "DEFAULT 'web'",
                "DEFAULT 'web' DEFERRABLE INITIALLY DEFERRED NOT DEFERRABLE",
                &[],
            ),
        ],
    );
}
