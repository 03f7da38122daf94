//! Statements that compute with a NUMERIC column, with what SQLite's error says.

/// Statements that PostgreSQL answers and SQLite would answer wrongly, with the name in the error.
pub(super) const REFUSED: [(&str, &str); 58] = [
    (
        "SELECT id FROM item WHERE coalesce(price, 0) > 5",
        "coalesce()",
    ),
    (
        "SELECT id FROM item WHERE CASE WHEN id > 0 THEN price END > 5",
        "CASE",
    ),
    (
        "SELECT CASE id WHEN 1 THEN price ELSE tax END FROM item",
        "CASE",
    ),
    (
        "SELECT kind FROM item GROUP BY kind HAVING max(price) > 5",
        "max(price)",
    ),
    (
        "SELECT kind FROM item GROUP BY kind HAVING sum(price) > 5",
        "sum(price)",
    ),
    (
        "SELECT id FROM item ORDER BY coalesce(price, 0)",
        "coalesce()",
    ),
    ("SELECT price + 1 FROM item", "price"),
    ("SELECT 1 + price FROM item", "price"),
    ("SELECT price * qty FROM item", "price"),
    ("SELECT -price FROM item", "price"),
    ("SELECT i.price / 3 FROM item i", "i.price"),
    ("SELECT (price) % 3 FROM item", "price"),
    ("SELECT price || '' FROM item", "price"),
    ("SELECT avg(price) FROM item", "avg()"),
    ("SELECT round(price) FROM item", "round()"),
    ("SELECT abs(price) FROM item", "abs()"),
    ("SELECT nullif(price, 0) FROM item", "nullif()"),
    ("SELECT sum(price * qty) FROM item", "price"),
    ("SELECT sum(price) * 2 FROM item", "sum(price)"),
    ("SELECT sum(price) + sum(tax) FROM item", "sum(price)"),
    ("SELECT sum(coalesce(price, 0)) FROM item", "coalesce()"),
    (
        "SELECT kind FROM item GROUP BY kind ORDER BY max(price)",
        "max(price)",
    ),
    (
        "SELECT kind, sum(price) AS total FROM item GROUP BY kind ORDER BY total",
        "total",
    ),
    (
        "SELECT kind, sum(price) FROM item GROUP BY kind ORDER BY 2",
        "NUMERIC",
    ),
    (
        "SELECT kind, max(price) AS price FROM item GROUP BY kind ORDER BY price",
        "price",
    ),
    (
        "SELECT * FROM (SELECT kind, max(price) AS top FROM item GROUP BY kind) AS x WHERE top > 5",
        "top",
    ),
    (
        "SELECT * FROM (SELECT kind, max(price) AS top FROM item GROUP BY kind) AS x ORDER BY x.top",
        "x.top",
    ),
    (
        "SELECT max(top) FROM (SELECT max(price) AS top FROM item GROUP BY kind) AS x",
        "top",
    ),
    (
        "WITH x (k, top) AS (SELECT kind, sum(price) FROM item GROUP BY kind) SELECT k FROM x WHERE top > 5",
        "top",
    ),
    (
        "WITH x AS (SELECT sum(price) AS s FROM item), y AS (SELECT s AS t FROM x) SELECT t FROM y WHERE t > 5",
        "t is",
    ),
    (
        "SELECT x.top FROM item, (SELECT max(price) AS top FROM item) AS x WHERE x.top >= item.price",
        "x.top",
    ),
    (
        "SELECT id FROM item WHERE (SELECT price FROM offer WHERE id = 1) > 9",
        "price",
    ),
    (
        "SELECT id FROM item WHERE 9 < (SELECT max(price) FROM offer)",
        "price",
    ),
    (
        "SELECT id FROM item WHERE 9 IN (SELECT price FROM offer)",
        "price",
    ),
    ("SELECT id FROM item WHERE 9 IN (price, tax)", "price"),
    (
        "SELECT id FROM item WHERE (price, id) > (9, 1)",
        "row of values",
    ),
    ("SELECT id FROM item WHERE price > 5 + 4", "price"),
    ("SELECT id FROM item WHERE price > qty", "price"),
    ("SELECT id FROM item WHERE price > abs(-9)", "price"),
    (
        "SELECT id FROM item WHERE price BETWEEN 1 AND 9 * 2",
        "price",
    ),
    (
        "SELECT id FROM item WHERE price > 12345678901234567.5",
        "price",
    ),
    ("SELECT id FROM item WHERE price < 1e20", "price"),
    ("SELECT id FROM item WHERE price = 1.5e-7", "price"),
    ("SELECT CAST(price AS BIGINT) FROM item", "price"),
    ("SELECT CAST(price AS DOUBLE PRECISION) FROM item", "price"),
    (
        "SELECT price FROM item UNION ALL SELECT qty FROM item ORDER BY 1",
        "UNION",
    ),
    (
        "SELECT p FROM (SELECT NULL AS p UNION ALL SELECT price FROM item) AS x WHERE p > 9",
        "p is",
    ),
    (
        "SELECT p FROM (SELECT price AS p FROM item UNION ALL SELECT max(price) FROM item) AS x ORDER BY p",
        "p is",
    ),
    ("SELECT kind FROM totals WHERE total > 5", "total"),
    ("SELECT kind FROM totals ORDER BY total", "total"),
    ("SELECT price + 1 FROM dear", "price"),
    ("UPDATE item SET price = price + 1", "price"),
    ("UPDATE item SET price = $1 + 0.5", "price"),
    ("UPDATE item SET qty = 1 WHERE price * 2 > 5", "price"),
    (
        "DELETE FROM item WHERE coalesce(price, 0) > 500",
        "coalesce()",
    ),
    (
        "INSERT INTO offer (id, price) VALUES (20, 3 * 0.1)",
        "price",
    ),
    (
        "INSERT INTO offer (id, price) SELECT 21, price * 2 FROM item WHERE id = 1",
        "price",
    ),
    (
        "INSERT INTO offer AS o (id, price) VALUES (1, '1') ON CONFLICT (id) DO UPDATE SET price = o.price + excluded.price",
        "price",
    ),
];
