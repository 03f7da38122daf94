//! The objects of a `PostgreSQL` schema.

use sqlx::{AnyConnection, Executor as _, Row as _};

use super::is_own;

/// The table that a line is about, and the line. Extensions' objects are not the application's.
const OBJECTS: [&str; 6] = [
    // Columns
    "SELECT c.relname, 'table ' || c.relname || ' column ' || a.attname || ' ' || \
     format_type(a.atttypid, a.atttypmod) || \
     CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || (SELECT collname FROM pg_collation \
     WHERE oid = a.attcollation) ELSE '' END || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || \
     CASE WHEN a.attidentity <> '' THEN ' IDENTITY ' || CAST(a.attidentity AS TEXT) ELSE '' END || \
     CASE WHEN a.attgenerated <> '' THEN ' GENERATED ' ELSE '' END || \
     coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') \
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid \
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     WHERE c.relkind IN ('r', 'p') AND c.relnamespace = {schema} AND a.attnum > 0 \
     AND NOT a.attisdropped AND {own}",
    // Constraints; NOT NULL stands with its column. The translator's own hold for all rows, whether the
    // column came with the table, and they were checked, or was added later, as NOT VALID.
    "SELECT c.relname, 'table ' || c.relname || ' constraint ' || k.conname || ' ' || \
     CASE WHEN starts_with(CAST(k.conname AS TEXT), 'TWINBASE_TYPE.') THEN regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') \
     ELSE pg_get_constraintdef(k.oid) END FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
     WHERE c.relnamespace = {schema} AND k.contype <> 'n' AND {own}",
    // Indexes that are no constraint's
    "SELECT t.relname, 'table ' || t.relname || ' index ' || \
     regexp_replace(pg_get_indexdef(c.oid), ' ON (ONLY )?[^ ]*\\.', ' ON \\1') \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid \
     WHERE c.relnamespace = {schema} AND {own} \
     AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x'))",
    // Triggers
    "SELECT t.relname, 'table ' || t.relname || ' trigger ' || \
     regexp_replace(pg_get_triggerdef(c.oid), ' ON [^ ]*\\.', ' ON ') \
     FROM pg_trigger c JOIN pg_class t ON t.oid = c.tgrelid \
     WHERE t.relnamespace = {schema} AND NOT c.tgisinternal AND {own}",
    // Views and sequences
    "SELECT c.relname, CASE WHEN c.relkind = 'S' THEN 'sequence ' || c.relname ELSE \
     'view ' || c.relname || ' ' || regexp_replace(pg_get_viewdef(c.oid), '\\s+', ' ', 'g') END \
     FROM pg_class c WHERE c.relkind IN ('v', 'm', 'S') AND c.relnamespace = {schema} AND {own}",
    // Enums, domains and routines
    "SELECT '', 'type ' || c.typname || ' ' || coalesce((SELECT string_agg(e.enumlabel, ',' \
     ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = c.oid), format_type(c.typbasetype, c.typtypmod)) \
     FROM pg_type c WHERE c.typtype IN ('e', 'd') AND c.typnamespace = {schema} AND {own} \
     UNION ALL SELECT '', 'routine ' || c.proname || '(' || pg_get_function_identity_arguments(c.oid) || ') ' || \
     md5(coalesce(c.prosrc, '') || coalesce(pg_get_function_sqlbody(c.oid), '')) \
     FROM pg_proc c WHERE c.pronamespace = {schema} AND {own}",
];

const OWN: &str =
    "NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = c.oid AND e.deptype = 'e')";
const SCHEMA: &str = "(SELECT oid FROM pg_namespace WHERE nspname = current_schema())";

pub(super) async fn read(conn: &mut AnyConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut lines = Vec::new();
    for objects in OBJECTS {
        let objects = objects.replace("{schema}", SCHEMA).replace("{own}", OWN);
        let sql =
            format!("SELECT CAST(a AS TEXT), CAST(b AS TEXT) FROM ({objects}) AS found (a, b)");
        for row in conn.fetch_all(sqlx::AssertSqlSafe(sql)).await? {
            if !is_own(&row.try_get::<String, _>(0)?) {
                lines.push(row.try_get(1)?);
            }
        }
    }
    Ok(lines)
}
