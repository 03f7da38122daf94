//! What parameters meet, for every way in which a statement may hold one.

use super::super::analysis;
use super::super::functions;
use super::super::lexer;
use super::super::targets::{Target, Type, Use};
use super::names::Names;
use super::{Recorder, parameters, targets};
use rusqlite::Connection;

const SCHEMA: &str = "
    CREATE TABLE t (id BIGINT, flag BOOLEAN, small SMALLINT, ratio DOUBLE PRECISION, body TEXT,
        uid UUID_TEXT, price NUMERIC_TEXT COLLATE twinbase_decimal, doc JSONB_TEXT);
    CREATE TABLE u (id BIGINT, ratio BIGINT, made_at TIMESTAMPTZ_TEXT, loose, old NUMERIC);
    CREATE VIEW v AS SELECT id AS number, made_at AS made_on, count(*) AS n FROM u;
    CREATE TABLE g (id BIGINT, twice BIGINT AS (id * 2), body TEXT);
    CREATE VIEW w AS SELECT id FROM t UNION SELECT ratio FROM t;
    CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO u (id) VALUES (new.id); END";

fn connection() -> (Connection, Recorder) {
    let connection = Connection::open_in_memory().unwrap();
    functions::register(&connection).unwrap();
    let recorder = Recorder::default();
    recorder
        .register(&connection, std::sync::Arc::default())
        .unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    (connection, recorder)
}

/// What each parameter meets: a type, with `=` where it is stored and `()` where it is cast.
fn met(sql: &str) -> String {
    let (connection, recorder) = connection();
    let analysis = analysis::analyse(sql, &std::collections::BTreeSet::new()).unwrap();
    let targets = targets(&connection, &recorder, &analysis.sql, &analysis.verb)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let count = connection.prepare(&analysis.sql).unwrap().parameter_count();
    let shown = (0..count).map(|index| match targets.at(index) {
        None => "?".to_owned(),
        Some(Target { kind, usage }) => match (kind, usage) {
            (Type::Limit, _) => "LIMIT".to_owned(),
            (Type::Offset, _) => "OFFSET".to_owned(),
            (kind, Use::Stored) => format!("={}", kind.name()),
            (kind, Use::Compared) => kind.name().to_owned(),
            (kind, Use::Cast) => format!("({})", kind.name()),
        },
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn assert_met(cases: &[(&str, &str)]) {
    let failures: Vec<_> = cases
        .iter()
        .map(|(sql, expected)| (*sql, met(sql), *expected))
        .filter(|(_, found, expected)| found != expected)
        .collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn what_is_stored_meets_its_column() {
    assert_met(&[
        ("INSERT INTO t (body, id) VALUES ($1, $2)", "=TEXT, =BIGINT"),
        (
            "INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            "=BIGINT, =BOOLEAN, =SMALLINT, =DOUBLE PRECISION, =TEXT, =UUID, =NUMERIC, =JSONB",
        ),
        (
            "INSERT INTO main.t AS x (\"Id\", [body]) VALUES (?, 'a'), (?, ?), ((?), (?5))",
            "=BIGINT, =BIGINT, =TEXT, =BIGINT, =TEXT",
        ),
        ("INSERT INTO t (id, ratio) VALUES (abs($1), $2 * 2)", "?, ?"),
        (
            "INSERT INTO t (id, body) SELECT $1, $2 FROM u WHERE u.ratio = $3",
            "=BIGINT, =TEXT, BIGINT",
        ),
        (
            "INSERT INTO t (id, ratio) SELECT DISTINCT id, ($1) AS x FROM u",
            "=DOUBLE PRECISION",
        ),
        ("INSERT INTO u SELECT *, $1 FROM (SELECT 1, 2, 3, 4)", "?"),
        (
            "REPLACE INTO u (made_at, loose, old) VALUES ($1, $2, $3)",
            "=TIMESTAMPTZ, ?, ?",
        ),
        (
            "INSERT INTO t (id, flag) VALUES ($1, $2) ON CONFLICT DO UPDATE SET flag = $3, body = \
             excluded.body WHERE t.small < $4 AND excluded.id > $5 AND ratio = $6 RETURNING id = $7",
            "=BIGINT, =BOOLEAN, =BOOLEAN, SMALLINT, BIGINT, DOUBLE PRECISION, BIGINT",
        ),
        (
            "WITH x AS (SELECT 1 AS id) INSERT INTO t (id, body) SELECT id, $1 FROM x WHERE id = $2",
            "=TEXT, ?",
        ),
        (
            "UPDATE t SET id = $1, body = ($2) WHERE uid = $3",
            "=BIGINT, =TEXT, UUID",
        ),
        (
            "UPDATE OR IGNORE t AS x SET ratio = ratio + $1, id = $2 * id",
            "DOUBLE PRECISION, BIGINT",
        ),
        ("UPDATE t SET (id, body) = ($1, $2)", "=BIGINT, =TEXT"),
        (
            "UPDATE t SET flag = id = $1, small = COALESCE($2, small)",
            "?, SMALLINT",
        ),
        (
            "UPDATE t SET body = $1 FROM u WHERE u.id = t.id AND made_at > $2 AND loose = $3",
            "=TEXT, TIMESTAMPTZ, ?",
        ),
        (
            "UPDATE t SET body = (SELECT $1 FROM u WHERE u.ratio = t.id + $2)",
            "?, BIGINT",
        ),
        ("DELETE FROM t WHERE id = $1", "BIGINT"),
        ("INSERT INTO g VALUES ($1, $2)", "?, ?"),
        ("INSERT INTO g (id, body) VALUES ($1, $2)", "=BIGINT, =TEXT"),
        ("INSERT INTO u VALUES (abs(1), ($1), 2, 3, (4))", "=BIGINT"),
    ]);
}

#[test]
fn what_is_compared_meets_the_column_beside_it() {
    assert_met(&[
        (
            "SELECT 1 FROM t WHERE id = $1 AND $2 <> flag OR small<=$3 AND $4 IS NOT DISTINCT FROM \
             body AND price > $5 AND uid IS $6",
            "BIGINT, BOOLEAN, SMALLINT, TEXT, NUMERIC, UUID",
        ),
        (
            "SELECT 1 FROM t WHERE id IN ($1, ($2)) AND body NOT IN ($3, 'x') AND $4 IN (small, 5)",
            "BIGINT, BIGINT, TEXT, SMALLINT",
        ),
        (
            "SELECT 1 FROM t WHERE ratio BETWEEN $1 AND $2 AND id NOT BETWEEN 1 AND $3 AND \
             $4 BETWEEN small AND 5",
            "DOUBLE PRECISION, DOUBLE PRECISION, BIGINT, SMALLINT",
        ),
        (
            "SELECT 1 FROM t WHERE body LIKE $1 ESCAPE $2 AND $3 NOT LIKE 'a' AND body LIKE $4 || '%'",
            "TEXT, TEXT, TEXT, ?",
        ),
        ("SELECT id FROM t LIMIT $1 OFFSET ($2)", "LIMIT, ?"),
        (
            "SELECT id FROM t ORDER BY id LIMIT $1 OFFSET $2",
            "LIMIT, OFFSET",
        ),
        (
            "SELECT 1 FROM t WHERE (id, body) > ($1, $2)",
            "BIGINT, TEXT",
        ),
        (
            "SELECT 1 FROM t WHERE (id, body) NOT IN (VALUES (1, 'x'), ($1, $2))",
            "?, ?",
        ),
        (
            "SELECT 1 FROM t WHERE (t.id) = (($1)) AND coalesce(body, $2) = $3",
            "BIGINT, TEXT, TEXT",
        ),
        (
            "SELECT count(*) FROM t GROUP BY id HAVING count(*) > $1 AND max(body) < $2",
            "BIGINT, TEXT",
        ),
        (
            "SELECT $1 IS NULL OR id = $1 FROM t WHERE nullif(small, $2) = 1",
            "BIGINT, SMALLINT",
        ),
        (
            "SELECT 1 FROM t WHERE id + $1 = 5 AND id * 2 + $2 > 1 AND 5 < $3 + id",
            "BIGINT, ?, BIGINT",
        ),
        (
            "SELECT 1 FROM t WHERE id = -$1 AND id=-$2 AND id = $3 || 'x' AND id || $4 = 'x'",
            "?, ?, ?, ?",
        ),
        (
            "SELECT 1 FROM t WHERE id = $1 + 1 AND lower(body) = $2 AND doc -> $3 = 1",
            "?, ?, ?",
        ),
    ]);
}

#[test]
fn a_cast_is_met_with_or_without_a_table() {
    assert_met(&[
        (
            "SELECT CAST($1 AS BIGINT), CAST(($2) AS TEXT)",
            "(BIGINT), (TEXT)",
        ),
        (
            "SELECT CAST($1 AS DOUBLE PRECISION) + CAST($2 AS VARCHAR(5))",
            "(DOUBLE PRECISION), (TEXT)",
        ),
        ("INSERT INTO u (loose) VALUES (CAST($1 AS TEXT))", "=TEXT"),
        ("SELECT 1 FROM t WHERE CAST(body AS BIGINT) = $1", "BIGINT"),
    ]);
}

#[test]
fn names_mean_what_is_nearest() {
    assert_met(&[
        (
            "SELECT 1 FROM t x JOIN u AS y ON x.id = y.id WHERE x.ratio = $1 AND y.ratio = $2",
            "DOUBLE PRECISION, BIGINT",
        ),
        (
            "SELECT 1 FROM t JOIN u USING (id) WHERE id = $1 AND made_at = $2",
            "BIGINT, TIMESTAMPTZ",
        ),
        (
            "SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM u WHERE ratio = $1 AND body = $2)",
            "BIGINT, TEXT",
        ),
        (
            "SELECT ratio FROM t WHERE id = $1 UNION SELECT ratio FROM u WHERE ratio = $2",
            "BIGINT, BIGINT",
        ),
        (
            "SELECT 1 FROM main.t WHERE t.id = $1 AND main.t.ratio = $2",
            "BIGINT, DOUBLE PRECISION",
        ),
        (
            "SELECT 1 FROM v WHERE number = $1 AND made_on = $2 AND n = $3",
            "BIGINT, TIMESTAMPTZ, ?",
        ),
        (
            "SELECT 1 FROM (t LEFT JOIN u ON t.id = u.id) WHERE made_at = $1",
            "TIMESTAMPTZ",
        ),
        ("SELECT 1 FROM u, t WHERE t.ratio = $1", "DOUBLE PRECISION"),
    ]);
}

#[test]
fn what_a_subquery_or_function_gives_is_not_guessed() {
    assert_met(&[
        (
            "WITH u AS (SELECT body AS id FROM t) SELECT 1 FROM u WHERE id = $1",
            "?",
        ),
        (
            "WITH x (id) AS (SELECT body FROM t) SELECT 1 FROM x WHERE id = $1 AND x.id = $2",
            "?, ?",
        ),
        (
            "SELECT 1 FROM (SELECT CAST(id AS TEXT) AS id FROM t) s WHERE id = $1 AND s.id = $2",
            "?, ?",
        ),
        (
            "SELECT 1 FROM (SELECT body AS id FROM t WHERE id = $1) s, u WHERE loose = $2",
            "BIGINT, ?",
        ),
        ("SELECT 1 FROM json_each('[1]') WHERE value = $1", "?"),
        ("SELECT 1 FROM w WHERE id = $1", "?"),
        ("SELECT id FROM t WHERE id = $1 AND body = $1", "?"),
        (
            "SELECT abs($1), $2, CASE WHEN id = 1 THEN $3 END, coalesce($4, 0), coalesce(id, ratio, $5) FROM t",
            "?, ?, ?, ?, ?",
        ),
    ]);
}

#[test]
fn hundreds_of_rows_take_linear_time() {
    let (connection, recorder) = connection();
    let time = |rows: usize| {
        let sql = format!(
            "INSERT INTO t (id, ratio, body) VALUES {}",
            vec!["(?, ?, ?)"; rows].join(", ")
        );
        let verb = analysis::describe(&sql).verb;
        let fastest = (0..3).map(|_| {
            let start = std::time::Instant::now();
            let targets = targets(&connection, &recorder, &sql, &verb).unwrap();
            assert!(targets.at(3 * rows - 1).is_some());
            start.elapsed()
        });
        fastest.min().unwrap()
    };
    let (few, many) = (time(500), time(8_000));
    // Sixteen times the rows; quadratic time would be 256 times as much.
    assert!(many < 80 * few, "{few:?} for 500 rows, {many:?} for 8000");
}

proptest::proptest! {
    #[test]
    fn any_tokens_are_resolved_without_a_panic(
        words in proptest::collection::vec(
            "SELECT|FROM|t|u|id|body|\\$1|\\?|\\?2|\\(|\\)|\\(\\?\\)|,|\\.|\\*|=|<|>|!|-|\\||5|'x'|AS|x|WITH|IN|IS|NOT|NULL|DISTINCT|BETWEEN|AND|LIKE|ESCAPE|ORDER BY|UNION|CASE|END|SET|INSERT INTO|UPDATE|DELETE|VALUES|RETURNING|WHERE|JOIN|USING|ON|CONFLICT|DO|OR|LIMIT|OFFSET|OVER|CAST|COALESCE|COUNT|MAX|COLLATE|excluded|\"|\"\"|\\[|;|é", 0..32)
    ) {
        let sql = words.join(" ");
        let mut names = Names::default();
        let columns = vec![
            ("id".to_owned(), super::super::declared::Declared::BigInt),
            ("body".to_owned(), super::super::declared::Declared::Text),
        ];
        names.all.insert("t".to_owned(), Some(columns.clone()));
        names.all.insert("u".to_owned(), None);
        names.tables.insert("t".to_owned(), std::collections::BTreeSet::new());
        let targets = parameters::targets(&names, &lexer::tokens(&sql));
        let _ = targets.at(0);
    }
}
