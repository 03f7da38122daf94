//! Statements that read a NUMERIC column as it is, with the rows that both engines give.

/// Statements that both engines answer, and what they give.
pub(super) const TAKEN: [(&str, &[&str]); 56] = [
    (
        "SELECT price FROM item WHERE price > 0.00001 AND price < 99999999999999 ORDER BY price",
        &["9", "10", "100"],
    ),
    (
        "SELECT sum(price) FROM item HAVING sum(price) IS NOT NULL",
        &["115.75"],
    ),
    (
        "SELECT price FROM item WHERE price > 5 ORDER BY price",
        &["9", "10", "100"],
    ),
    (
        "SELECT i.price AS p FROM item i WHERE 9.5 <= i.price ORDER BY p DESC",
        &["100", "10"],
    ),
    (
        "SELECT price p FROM item WHERE price IS NOT NULL ORDER BY item.price LIMIT 1",
        &["-3.25"],
    ),
    (
        "SELECT price FROM item WHERE price BETWEEN -4 AND 9.5 ORDER BY 1",
        &["-3.25", "9"],
    ),
    (
        "SELECT price FROM item WHERE NOT (price >= 9.0) AND price IS NOT NULL",
        &["-3.25"],
    ),
    (
        "SELECT price FROM item WHERE price IN (9.0, '10.0') ORDER BY price",
        &["9", "10"],
    ),
    (
        "SELECT price FROM item WHERE price NOT IN (9.0, 100) ORDER BY price",
        &["-3.25", "10"],
    ),
    (
        "SELECT price FROM item WHERE price IN (SELECT price FROM offer)",
        &["10"],
    ),
    (
        "SELECT price FROM item WHERE price = (SELECT max(price) FROM item)",
        &["100"],
    ),
    (
        "SELECT price FROM item WHERE (SELECT min(price) FROM item) = price",
        &["-3.25"],
    ),
    (
        "SELECT price FROM item WHERE price > tax ORDER BY price",
        &["9", "100"],
    ),
    (
        "SELECT price FROM item WHERE 9.7 BETWEEN tax AND price ORDER BY price",
        &["100"],
    ),
    (
        "SELECT price FROM item WHERE price IS NULL OR price = 9",
        &["9", "null"],
    ),
    (
        "SELECT price FROM item WHERE price IS DISTINCT FROM 9 AND id < 3",
        &["10"],
    ),
    (
        "SELECT price FROM item WHERE EXISTS (SELECT price FROM offer WHERE offer.price = item.price)",
        &["10"],
    ),
    (
        "SELECT i.price FROM item i JOIN offer o ON i.price = o.price",
        &["10"],
    ),
    ("SELECT price FROM item JOIN offer USING (price)", &["10"]),
    (
        "SELECT i.price FROM item i JOIN offer o ON i.price > o.price AND o.id = 2 ORDER BY i.price",
        &["10", "100"],
    ),
    (
        "SELECT DISTINCT price FROM item WHERE price > 0 ORDER BY price",
        &["9", "10", "100"],
    ),
    (
        "SELECT price FROM item WHERE price > 0 GROUP BY price ORDER BY price",
        &["9", "10", "100"],
    ),
    ("SELECT max(price) FROM item", &["100"]),
    ("SELECT min(price) AS price FROM item", &["-3.25"]),
    ("SELECT count(price) FROM item", &["4"]),
    (
        "SELECT count(DISTINCT price) FROM item HAVING count(*) > 1",
        &["4"],
    ),
    ("SELECT sum(price) FROM item", &["115.75"]),
    ("SELECT sum(DISTINCT tax) FROM item", &["20"]),
    (
        "SELECT sum(price) AS total FROM item WHERE price > 5 GROUP BY kind ORDER BY kind",
        &["19", "100"],
    ),
    (
        "SELECT sum(price) FILTER (WHERE price > 5) FROM item",
        &["119"],
    ),
    (
        "SELECT sum(price) OVER (ORDER BY price) FROM item WHERE price > 0 ORDER BY price",
        &["9", "19", "119"],
    ),
    (
        "SELECT sum(price) OVER (PARTITION BY kind ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM item WHERE kind = 'a' ORDER BY id",
        &["9", "19"],
    ),
    ("SELECT sum(qty) FROM item WHERE price > 1000", &["null"]),
    ("SELECT sum(price) FROM item WHERE FALSE", &["null"]),
    (
        "SELECT count(*) FROM item WHERE CASE WHEN price > 5 THEN TRUE ELSE FALSE END",
        &["3"],
    ),
    (
        "SELECT count(*) FROM item GROUP BY kind HAVING count(price) > 1 ORDER BY kind",
        &["2", "2"],
    ),
    (
        "SELECT price FROM (SELECT price FROM item) AS x WHERE price > 9 ORDER BY price",
        &["10", "100"],
    ),
    (
        "WITH x AS (SELECT price AS p FROM item) SELECT p FROM x WHERE p > 9 ORDER BY p",
        &["10", "100"],
    ),
    (
        "WITH x (p) AS (SELECT price FROM item) SELECT p FROM x WHERE p > 9 ORDER BY x.p DESC",
        &["100", "10"],
    ),
    (
        "WITH x AS (SELECT max(price) AS top FROM item) SELECT top FROM x",
        &["100"],
    ),
    (
        "SELECT item.price FROM item, (SELECT max(price) AS top FROM item) AS x WHERE item.price = x.top",
        &["100"],
    ),
    (
        "SELECT price FROM item WHERE price > 0 UNION SELECT price FROM offer ORDER BY price",
        &["9", "9.00000001", "10", "100"],
    ),
    (
        "SELECT p FROM (SELECT price AS p FROM item UNION ALL SELECT price FROM offer) AS x WHERE p > 9 ORDER BY p",
        &["9.00000001", "10", "10", "100"],
    ),
    ("SELECT price FROM dear ORDER BY price", &["9", "10", "100"]),
    (
        "SELECT price FROM dear WHERE price > 9 ORDER BY dear.price",
        &["10", "100"],
    ),
    ("SELECT total FROM totals WHERE kind = 'a'", &["19"]),
    (
        "SELECT price FROM item WHERE CAST(price AS TEXT) = '9'",
        &["9"],
    ),
    (
        "SELECT (SELECT max(price) FROM offer) AS top FROM item WHERE id = 1",
        &["10"],
    ),
    (
        "SELECT qty + 1 FROM item WHERE price > 9 ORDER BY qty * 2",
        &["4", "8"],
    ),
    (
        "SELECT coalesce(qty, 0) FROM item i WHERE i.price = 9 AND coalesce(i.kind, '') = 'a'",
        &["2"],
    ),
    (
        "SELECT i.price FROM item i JOIN stock s ON s.item = i.id WHERE coalesce(s.price, '') = '7'",
        &["9"],
    ),
    (
        "SELECT sum(total) FROM (SELECT sum(price) AS total FROM item GROUP BY kind) AS x",
        &["115.75"],
    ),
    (
        "UPDATE item SET price = tax, tax = 1.5 WHERE price > 99 RETURNING price",
        &["9.5"],
    ),
    (
        "UPDATE item SET price = (SELECT max(price) FROM offer) WHERE id = 3 RETURNING price",
        &["10"],
    ),
    (
        "INSERT INTO offer (id, price) SELECT id + 10, price FROM item WHERE price = 9 RETURNING price",
        &["9"],
    ),
    (
        "INSERT INTO offer AS o (id, price) VALUES (1, '7.5') ON CONFLICT (id) DO UPDATE SET price = excluded.price WHERE o.price > 9 RETURNING price",
        &["7.5"],
    ),
];
