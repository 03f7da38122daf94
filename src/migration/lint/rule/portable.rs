//! The rules about what the engines do differently.

use super::{BOTH, Family, Rule};

macro_rules! rules {
    ($($id:ident $name:literal: $finds:literal, $why:literal, $safe:literal;)*) => {
        $(pub(in super::super) static $id: Rule = Rule {
            name: $name, family: Family::Portability, engines: BOTH, finds: $finds, why: $why, safe: $safe,
        };)*
        pub(super) static ALL: &[&Rule] = &[$(&$id),*];
    };
}

rules! {
    NOT_PORTABLE "not-portable":
        "what the translator refuses: a type, a default, a key, an ALTER TABLE that only one engine has",
        "the file runs on neither engine",
        "write what the message says, or a variant of the migration for each engine";
    REFUSED_BY_RUNNER "refused-by-runner":
        "BEGIN or COMMIT, a second statement beside `-- no-transaction`, a directive in the wrong place",
        "the file runs on neither engine",
        "leave transactions to the runner, and give what can't be in one a version of its own";
    ONE_ENGINE_STATEMENT "one-engine-statement":
        "a statement, a clause of one, or a name such as public.orders or user, that only one engine takes, in a portable file",
        "the other engine stops at it with a syntax error",
        "write a pair of variants, one in postgres/ and one in sqlite/";
    ONE_ENGINE_EXPRESSION "one-engine-expression":
        "an operator, a literal or a form of expression that only one engine has: `::`, `IS x`, INTERVAL, ILIKE, E''; columns of unlike types beside each other",
        "the other engine stops at it, or reads it as something else",
        "write it in standard SQL (CAST, IS NOT DISTINCT FROM, lower(…) LIKE …), or a pair of variants";
    ONE_ENGINE_FUNCTION "one-engine-function":
        "a function that is not known to be the same on both engines",
        "the other engine has no such function, or it answers otherwise",
        "use coalesce, nullif, lower, upper, length, substr, replace, trim, abs, count, min, max, or compute in Rust";
    NAME_CASE "name-case":
        "a name in capitals, or in double quotes",
        "PostgreSQL folds unquoted names to lower case and tells quoted ones apart; SQLite keeps the case and ignores it",
        "lower_snake_case, without quotes";
    DECIMAL_ARITHMETIC "decimal-arithmetic":
        "arithmetic with a decimal literal",
        "PostgreSQL computes exactly, SQLite with binary floats: 0.1 + 0.2 is 0.30000000000000004 there",
        "compute in Rust, or write whole numbers";
    NUMERIC_ARITHMETIC "numeric-arithmetic":
        "a NUMERIC column in anything but a comparison, count, min, max or sum",
        "it is text on SQLite: the driver refuses such a query, and a CHECK or an index is wrong in silence",
        "compare the column itself; compute in Rust, with `Decimal::checked_add` and others";
    MOMENT_ARITHMETIC "moment-arithmetic":
        "arithmetic with a DATE or TIMESTAMPTZ column",
        "they are text on SQLite, whose + makes a number of the year",
        "compute in Rust";
    DIVISION "division":
        "a division whose divisor may be zero",
        "PostgreSQL stops with an error, SQLite gives NULL",
        "n / nullif(m, 0), which is NULL on both";
    SUM_OR_AVG "sum-or-avg":
        "sum or avg that no CAST stands around",
        "they are NUMERIC on PostgreSQL, an integer or a float on SQLite",
        "CAST(sum(n) AS BIGINT), CAST(avg(n) AS DOUBLE PRECISION)";
    CAST "cast":
        "a CAST that SQLite's own CAST does not answer alike: text or decimals to whole numbers, anything to NUMERIC, DATE or the like",
        "in a migration SQLite makes 12 of CAST('12abc' AS BIGINT), and 2024 of CAST('2024-01-01' AS DATE)",
        "convert in Rust; whole numbers to TEXT or another whole type, and sum and avg, are the same on both";
    CURRENT_MOMENT "current-moment":
        "now() or CURRENT_TIMESTAMP other than as a column's DEFAULT",
        "SQLite gives text to the second, in another form, which a TIMESTAMPTZ column refuses",
        "leave the column out, so that its DEFAULT sets it; or bind Timestamp::now()";
    LITERAL_INTO_COLUMN "literal-into-column":
        "a literal written into a column that only one engine takes: '1.50' for NUMERIC, 1 for BOOLEAN, 'x' for BYTEA",
        "SQLite stores what is written and refuses another spelling; PostgreSQL converts",
        "the canonical form: '1.5', TRUE, '2024-01-01T00:00:00.000000Z', a UUID in lower case; bytes only from Rust";
    LITERAL_BESIDE_COLUMN "literal-beside-column":
        "a column compared with a literal of another type or spelling",
        "PostgreSQL compares values or stops with an error, SQLite compares the text",
        "a literal of the column's type in its canonical form, or bind the value";
    NUMBER_AS_CONDITION "number-as-condition":
        "a number where a condition has to stand: WHERE 1",
        "PostgreSQL stops with an error, SQLite takes all but 0 for true",
        "TRUE, FALSE, or a comparison: n <> 0";
    JSON_OPERATOR "json-operator":
        "->, ->> or a comparison with a JSONB column",
        "PostgreSQL compares by value and gives text; SQLite compares text and gives a value of its own kind",
        "read the document in Rust, or keep what is compared in a column beside it";
    LIKE_IN_DEFINITION "like-in-definition":
        "LIKE in a CHECK or in an index",
        "programs without Twinbase's driver, such as sqlite3, check it by SQLite's LIKE, which ignores case",
        "compare with substr(…), or check in Rust";
    ORDER_BY_NULLS "order-by-nulls":
        "ORDER BY a column that may be NULL, without NULLS FIRST or NULLS LAST",
        "NULLs come last on PostgreSQL and first on SQLite",
        "NULLS FIRST or NULLS LAST, always";
    LOOSE_SELECT "loose-select":
        "a column beside an aggregate that is not grouped by, or an alias in WHERE",
        "PostgreSQL stops with an error, SQLite takes any row's value",
        "group by it, or aggregate it; write the expression again, or a subquery";
    FOREIGN_KEY_TYPE "foreign-key-type":
        "a foreign key of another type than the column that it refers to",
        "PostgreSQL refuses it, or converts at each look-up; SQLite takes it",
        "give both columns one type";
    VIEW_COLUMNS "view-columns":
        "a view with a star over a table, or with an expression that has no name",
        "a column that the table gets later is in the view on SQLite only; PostgreSQL calls count(*) count, SQLite calls it count(*)",
        "list the columns, and give each expression its name with AS";
    VARIANT_TYPE "variant-type":
        "a column type in a variant that the translator would not have written",
        "the driver decodes it otherwise, or the engine rounds, cuts or takes more than the other one does",
        "take the column from `twinbase migrate sql --engine E` of a portable definition";
    VARIANT_COLLATION "variant-collation":
        "a TEXT or VARCHAR column without COLLATE \"C\" in a postgres/ variant",
        "it sorts and compares by the database's language, on SQLite by bytes",
        "TEXT COLLATE \"C\"";
    VARIANTS_DIFFER "variants-differ":
        "a table, column, view or index that one variant of a version makes or drops, and its twin does not",
        "the schemas part, and so will the next portable file",
        "do the same in the twin, or allow it with the reason why one engine needs it alone";
}
