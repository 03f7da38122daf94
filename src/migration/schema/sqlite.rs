//! The objects of a `SQLite` database.

use sqlx::{AnyConnection, Executor as _, Row as _};

use super::is_own;

/// Columns, keys and indexes of the table `$1`, a line each.
const PARTS: [&str; 3] = [
    "SELECT 'column ' || name || ' ' || type || CASE WHEN \"notnull\" THEN ' NOT NULL' ELSE '' END || \
     CASE WHEN pk > 0 THEN ' KEY ' || pk ELSE '' END || CASE hidden WHEN 0 THEN '' ELSE ' GENERATED' END || \
     coalesce(' DEFAULT ' || dflt_value, '') FROM pragma_table_xinfo($1)",
    "SELECT 'foreign key ' || group_concat(\"from\" || ' -> ' || \"table\" || '.' || coalesce(\"to\", 'key'), ', ') || \
     ' ON UPDATE ' || max(on_update) || ' ON DELETE ' || max(on_delete) FROM pragma_foreign_key_list($1) GROUP BY id",
    "SELECT 'index ' || CASE l.origin WHEN 'c' THEN l.name ELSE 'of a key' END || \
     CASE WHEN l.\"unique\" THEN ' UNIQUE' ELSE '' END || ' (' || (SELECT group_concat(coalesce(i.name, 'expression') || \
     ' ' || i.coll || CASE WHEN i.\"desc\" THEN ' DESC' ELSE '' END, ', ') FROM pragma_index_xinfo(l.name) i \
     WHERE i.key) || ')' || coalesce((SELECT ' ' || sql FROM sqlite_master WHERE name = l.name AND \
     (l.partial OR instr(sql, '||') OR instr(sql, '(('))), '') FROM pragma_index_list($1) l",
];

pub(super) async fn read(conn: &mut AnyConnection) -> Result<Vec<String>, sqlx::Error> {
    let objects = conn
        .fetch_all(
            "SELECT type, name, tbl_name, sql FROM sqlite_master \
             WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%'",
        )
        .await?;
    let mut lines = Vec::new();
    for object in objects {
        let (kind, name, table, sql): (String, String, String, String) = (
            object.try_get(0)?,
            object.try_get(1)?,
            object.try_get(2)?,
            object.try_get(3)?,
        );
        if is_own(&table) {
            continue;
        }
        match kind.as_str() {
            "table" => {
                lines.push(format!("table {name}{}", ending(&sql)));
                for part in PARTS {
                    let rows = sqlx::query(part)
                        .bind(name.as_str())
                        .fetch_all(&mut *conn)
                        .await?;
                    for row in rows {
                        lines.push(format!("table {name} {}", row.try_get::<String, _>(0)?));
                    }
                }
                lines.extend(
                    clauses(&sql)
                        .into_iter()
                        .map(|clause| format!("table {name} {clause}")),
                );
            }
            "view" | "trigger" => lines.push(format!("{kind} {name} {}", one_line(&sql))),
            _ => {}
        }
    }
    Ok(lines)
}

fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What follows the columns: STRICT, WITHOUT ROWID.
fn ending(sql: &str) -> String {
    let after = sql.rsplit(')').next().unwrap_or_default().trim();
    if after.is_empty() {
        String::new()
    } else {
        format!(" {}", one_line(after).to_uppercase())
    }
}

/// The CHECKs and collations of a table, which no pragma tells.
fn clauses(sql: &str) -> Vec<String> {
    let upper = sql.to_ascii_uppercase();
    let mut found = Vec::new();
    for (at, _) in upper.match_indices("CHECK") {
        let rest = &sql[at + "CHECK".len()..];
        if !rest.trim_start().starts_with('(') {
            continue;
        }
        let mut depth = 0_usize;
        let end = rest.char_indices().find_map(|(at, c)| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            (c == ')' && depth == 0).then_some(at)
        });
        let condition = &rest[..end.map_or(rest.len(), |end| end + 1)];
        found.push(format!("check {}", one_line(condition)));
    }
    for (at, _) in upper.match_indices(" COLLATE ") {
        let name = upper[at + " COLLATE ".len()..]
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next();
        found.push(format!("collate {}", name.unwrap_or_default()));
    }
    found
}
