//! The differences that stay: the rows of the page's table, each held up by cases.

/// A row of "Differences that stay" in `docs/portability.md`.
pub(super) struct Difference {
    /// What cases name it by.
    pub(super) key: &'static str,
    written: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
    portable: &'static str,
}

const fn row(
    key: &'static str,
    written: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
    portable: &'static str,
) -> Difference {
    Difference {
        key,
        written,
        postgres,
        sqlite,
        portable,
    }
}

/// The table, as Markdown.
pub(super) fn table() -> String {
    let mut table =
        String::from("| written | PostgreSQL | SQLite | portable |\n|---|---|---|---|\n");
    for row in DIFFERENCES {
        let cells = [row.written, row.postgres, row.sqlite, row.portable];
        // A bar inside a cell would end it.
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        table.push_str("| ");
        table.push_str(&cells.join(" | "));
        table.push_str(" |\n");
    }
    table
}

/// In the order of the page: numbers, values in columns, text, NULL, SQL, definitions, transactions.
#[rustfmt::skip]
pub(super) const DIFFERENCES: &[Difference] = &[
    row("computed NUMERIC", "`coalesce(price, 0) > 5`, `CASE … price … END`, `HAVING max(price) > 5`", "by value", "refused", "`price > 5 AND …`; `price IN (SELECT max(price) …)`; compare in Rust"),
    row("computed NUMERIC order", "`ORDER BY coalesce(price, 0)`, `ORDER BY sum(price)`", "by value", "refused", "`ORDER BY price NULLS FIRST`; sort in Rust"),
    row("NUMERIC arithmetic", "`avg(price)`, `round(price)`, `price * 2`, `SET price = price + 1`, `price > qty` (a BIGINT)", "exact", "refused", "compute in Rust, with `Decimal::checked_add` and others; write in the same transaction"),
    row("decimal literals", "`0.1 + 0.2`", "0.3, a NUMERIC", "0.30000000000000004, a float", "compute in Rust, or write floats: `CAST(0.1 AS DOUBLE PRECISION)`"),
    row("long NUMERIC literals", "a NUMERIC literal of more than 15 digits or with an exponent, `price > 12345678901234567.5`", "exact", "refused", "bind a `Decimal`"),
    row("NUMERIC literals with zeros", "`INSERT … VALUES (5.0)` into NUMERIC", "taken", "refused: not canonical", "bind a `Decimal`, or write `'5'`"),
    row("sum of whole numbers", "`sum(n)` of whole numbers", "a NUMERIC", "an integer, an error beyond BIGINT", "`CAST(sum(n) AS BIGINT)`"),
    row("averages", "`avg(n)`, `1 / 2.0`", "a NUMERIC", "a float", "`CAST(avg(n) AS DOUBLE PRECISION)`"),
    row("division by zero", "`n / 0`, `n % 0`", "an error", "NULL", "`n / nullif(m, 0)`"),
    row("overflow", "`n + 1` beyond BIGINT", "an error", "a float", "compute in Rust, with `checked_add`"),
    row("small literals", "`2147483647 + 1`", "an error: literals are INTEGER", "2147483648", "bind an `i64`"),
    row("casts of fractions", "`CAST(5 / 2.0 AS BIGINT)`, `CAST(avg(n) AS BIGINT)`, where it ends in .5", "away from zero: a NUMERIC", "to the even number: a float", "round in Rust"),
    row("casts to infinity", "`CAST('NaN' AS DOUBLE PRECISION)`, `CAST('Infinity' AS DOUBLE PRECISION)`", "taken", "an error: SQLite has no NaN", "NULL, or a finite number"),
    row("casts to text", "`CAST(flag AS TEXT)` of a BOOLEAN, `CAST(ratio AS TEXT)` of a DOUBLE PRECISION", "`true`, `1`", "`1`, `1.0`", "read the column, convert in Rust"),
    row("casts to NUMERIC", "`CAST(… AS NUMERIC)`, `CAST(… AS DATE)`, `CAST(… AS TIMESTAMPTZ)`", "the type", "refused: it would be a number", "read the column, convert in Rust"),
    row("text beside numbers", "`'10' = 10`, `text_column = 10`", "true, an error", "false, true", "bind the type of the column"),
    row("values that no row takes", "a statement that writes no row, with an integer beyond its column's range or text that is no JSON bound for it", "refused", "nothing to refuse", "none: nothing is stored"),
    row("boolean literals", "`1` or `'true'` into BOOLEAN", "an error, true", "true, an error", "`TRUE`, `FALSE`, or bind a `bool`"),
    row("integer condition", "`WHERE 1`", "an error", "true", "`WHERE TRUE`"),
    row("boolean expressions", "`SELECT count(*) > 0`", "a boolean", "0 or 1", "`CAST(count(*) > 0 AS BOOLEAN)`, `EXISTS (…)`"),
    row("whole from text", "`'5.0'` or `1.5` into a whole number", "an error, 2", "5, an error", "bind an integer"),
    row("bytes literals", "`'x'` or `X'00'` into BYTEA", "taken, an error", "an error, taken", "bind bytes"),
    row("bytes as text", "`CAST(bytes AS TEXT)`", "text such as `\\xff`", "the bytes as UTF-8, an error when read where they are none", "convert in Rust"),
    row("negative zero", "`-0.0` in DOUBLE PRECISION", "keeps its sign", "0.0", "none: the two are equal"),
    row("other spellings", "another spelling as a literal: `'2024-01-01'` into TIMESTAMPTZ, upper case into UUID, `'1.50'` into NUMERIC", "taken, and read back canonical", "refused: not canonical", "bind it, or write the canonical form"),
    row("moments beside text", "`made_at > '2024-01-01'`", "midnight in the session's time zone", "by text", "bind a `Timestamp`"),
    row("the present moment", "`SELECT CURRENT_TIMESTAMP`", "a TIMESTAMPTZ", "text to the second, of another form", "bind `Timestamp::now()`; as a column's DEFAULT it is portable"),
    row("date functions", "`day + INTERVAL '1 month'`, `EXTRACT(…)`, `date(…, '+1 month')`", "the first two; days are held to the month", "the last; days run over into the next month", "compute in Rust"),
    row("JSONB compares", "JSONB: `=`, `DISTINCT`, the order of keys, duplicates, `-0.0`", "by value, normalised", "by text, as written", "compare in Rust"),
    row("JSONB members", "`doc ->> 'a'`", "text: `true`", "by kind: 1", "read the document, take the member in Rust"),
    row("JSONB operators", "`doc ? 'a'`, `doc @> …`", "JSONB's operators", "an error", "read in Rust, or a column beside it"),
    row("lone surrogates", "JSONB: lone surrogates (`\"\\ud800\"`)", "refused", "taken, refused when read", "none in a Rust string"),
    row("quoted names", "`\"C\"` for a column named `c`", "an error", "the column", "lower_snake_case, without quotes"),
    row("names with capitals", "`SELECT 1 AS Total`", "named `total`", "named `Total`", "lower_snake_case"),
    row("order of NULL", "`ORDER BY c` with NULLs", "last", "first", "`NULLS FIRST` or `NULLS LAST`, always"),
    row("IS", "`a IS b`", "an error", "equal, or both NULL", "`a IS NOT DISTINCT FROM b`"),
    row("min and max", "`min`, `max` over UUID, BYTEA, BOOLEAN", "no such function (over BYTEA from version 18)", "by bytes; 0 or 1", "`ORDER BY … LIMIT 1`"),
    row("ORDER BY a name twice", "`SELECT CAST(price AS TEXT) … ORDER BY price`", "sorts by the result, which is named price", "sorts by the column", "`ORDER BY item.price`"),
    row("columns that are not grouped", "`SELECT kind, n … GROUP BY kind`", "an error", "n of any row", "group by it, or aggregate it"),
    row("an alias in WHERE", "`SELECT n * 2 AS twice … WHERE twice > 3`", "an error", "understood", "write the expression again, or a subquery"),
    row("an empty IN ()", "`id IN ()`", "an error", "false", "leave the query out where the list is empty"),
    row("a negative LIMIT", "`LIMIT -1`", "an error", "no limit", "leave LIMIT out"),
    row("two colons", "`$1::text`, `c::text`", "a cast", "refused", "`CAST(c AS TEXT)`"),
    row("number of parameters", "more than 32,766 parameters", "up to 65,535", "refused", "chunks of 32,766 at most"),
    row("last_insert_id", "`last_insert_id()`", "None", "the rowid", "`RETURNING id`"),
    row("upsert twice", "an upsert with the same key twice in one statement", "an error", "the last one stays", "remove doubles first"),
    row("several broken rules", "a row that breaks several rules", "the first by name", "the first as written", "one kind for the type CHECKs, which come first on both"),
    row("foreign keys' types", "a foreign key of another type than its target", "refused", "taken", "give both columns one type"),
    row("ALTER TABLE", "`ALTER TABLE … ADD CONSTRAINT` (`ALTER COLUMN` is refused on both)", "done", "a syntax error", "a pair of variants; on SQLite one that rebuilds the table"),
    row("variants", "triggers, `CREATE INDEX CONCURRENTLY`, `DROP … CASCADE`", "its own syntax", "its own syntax, or none", "a pair of variants"),
    row("FOR UPDATE", "`SELECT … FOR UPDATE`", "locks the rows", "a syntax error", "an UPDATE first; on SQLite a transaction that writes is alone already"),
    row("isolation", "two transactions that read before either writes", "both go on: READ COMMITTED", "the second waits, and is refused as busy in the end", "what was read, checked again in the UPDATE's WHERE"),
    row("dropped queries", "a query whose future is dropped", "runs on; the connection is of use after it", "is stopped at once", "a statement timeout"),
];
