//! The plan as text: a folder that sqlx's own tools read, and SQL that an administrator runs.

use std::fmt::Write as _;

use super::checksum::hexadecimal;
use super::standing::Ledger;
use super::statement::Statement;
use super::translate::DECIMAL_COLLATION;
use super::{Step, history, record};
use crate::config::Engine;

/// The files of a flat folder with which sqlx's tools agree: name and text. Where the ledger of a
/// database is given, an applied version has the text that ran there, whichever translator made it.
#[must_use]
pub fn folder(plan: &[Step], ledger: Option<&Ledger>) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for step in plan {
        let ran = ledger.and_then(|ledger| {
            let row = ledger.applied.iter().find(|r| r.version == step.version)?;
            Some(ledger.record(row)?.applied_sql.clone())
        });
        let up = ran.unwrap_or_else(|| step.up.clone());
        let stem = format!("{}_{}", step.version, step.description.replace(' ', "_"));
        match &step.down {
            Some(down) => {
                files.push((format!("{stem}.up.sql"), up));
                files.push((format!("{stem}.down.sql"), down.sql.clone()));
            }
            None => files.push((format!("{stem}.sql"), up)),
        }
    }
    files
}

/// The SQL that applies the versions after `from` and up to `to`, with their rows in the history, for
/// `psql` and `sqlite3`. It holds no lock: nothing else may migrate meanwhile.
#[must_use]
pub fn sql(plan: &[Step], engine: Engine, from: Option<i64>, to: Option<i64>) -> String {
    let mut text = String::new();
    let (stop, run) = match engine {
        Engine::Postgres => ("\\set ON_ERROR_STOP on", "psql DATABASE -f FILE"),
        Engine::Sqlite => (".bail on", "sqlite3 DATABASE < FILE"),
    };
    let _ = writeln!(
        text,
        "-- Migrations for {}; run it with `{run}` while nothing else migrates.\n{stop}\n",
        engine.name()
    );
    let _ = writeln!(text, "{};\n{};", history::create(engine), record::CREATE);
    for step in plan {
        let wanted =
            from.is_none_or(|from| step.version > from) && to.is_none_or(|to| step.version <= to);
        if wanted {
            one(&mut text, step, engine);
        }
    }
    text
}

/// Whether the version can't be applied by a program that does not have Twinbase's collation, as
/// SQLite does not make a table with one that it does not know.
#[must_use]
pub fn needs_collation(step: &Step) -> bool {
    step.up.contains(DECIMAL_COLLATION)
}

fn one(text: &mut String, step: &Step, engine: Engine) {
    let _ = writeln!(text, "\n-- {} {}", step.version, step.description);
    if engine == Engine::Sqlite && needs_collation(step) {
        let _ = writeln!(
            text,
            "-- It has a NUMERIC column, whose collation {DECIMAL_COLLATION} only Twinbase's driver has:\n\
             -- sqlite3 stops here. Apply this version with `twinbase migrate up --to {}`.",
            step.version
        );
    }
    let statements = step.statements(engine);
    let up = step.up.trim_end();
    // A comment at the end would swallow the semicolon.
    let end = if statements.is_empty() { "" } else { "\n;" };
    if !step.transactional {
        let under_way = statements.first().map(|statement| statement.sql.as_str());
        let _ = writeln!(
            text,
            "BEGIN;\n{}{}COMMIT;\n{up}{end}\nBEGIN;\nUPDATE _sqlx_migrations SET success = TRUE WHERE version = {version};\n\
             UPDATE _twinbase_migrations SET statement = NULL WHERE version = {version};\nCOMMIT;",
            history_row(step, engine, false),
            record_row(step, under_way),
            version = step.version,
        );
        return;
    }
    let rebuilds = engine == Engine::Sqlite && statements.iter().any(Statement::drops_table);
    let (off, look, on) = if rebuilds {
        (
            "PRAGMA foreign_keys = OFF;\n",
            "-- This fails, and all of it with it, if a row refers to one that is not there.\n\
             INSERT INTO _sqlx_migrations (description) SELECT NULL FROM pragma_foreign_key_check LIMIT 1;\n",
            "PRAGMA foreign_keys = ON;\n",
        )
    } else {
        ("", "", "")
    };
    let begin = history::begin(engine);
    let _ = write!(
        text,
        "{off}{begin};\n{up}{end}\n{look}{}{}COMMIT;\n{on}",
        history_row(step, engine, true),
        record_row(step, None)
    );
}

fn history_row(step: &Step, engine: Engine, success: bool) -> String {
    let digits = hexadecimal(&step.checksum);
    let checksum = match engine {
        Engine::Sqlite => format!("X'{digits}'"),
        Engine::Postgres => format!("decode('{digits}', 'hex')"),
    };
    let success = if success { "TRUE" } else { "FALSE" };
    format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)\n    \
         VALUES ({}, {}, {success}, {checksum}, -1);\n",
        step.version,
        literal(&step.description)
    )
}

fn record_row(step: &Step, statement: Option<&str>) -> String {
    let null = || "NULL".to_owned();
    format!(
        "INSERT INTO _twinbase_migrations\n    \
         (version, source_checksum, translator, source, applied_sql, compatible, statement)\n    \
         VALUES ({}, {}, {}, {}, {}, {}, {});\n",
        step.version,
        literal(&step.source_checksum),
        step.translator,
        literal(&step.source),
        literal(&step.up),
        step.compatible.as_deref().map_or_else(null, literal),
        statement.map_or_else(null, literal)
    )
}

/// A text as a string of SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
