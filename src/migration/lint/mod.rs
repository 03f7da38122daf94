//! Looks for what goes wrong later: on the other engine, or on a `PostgreSQL` that is in use.
//!
//! It stands on the text of the migrations alone. Each version is looked at with what those before it
//! have made in mind (`model`): a table of the same version has no readers yet, and a column's type says
//! which literals it takes.
//!
//! - The source of a portable file is held to what both engines do alike (`portable`), variants to each
//!   other (`variants`).
//! - What really runs on `PostgreSQL` is held to what one may do to it while others work (`live`). Not
//!   so `.down.sql` files: who goes back has lost something already, and wants to be back.
//!
//! ```
//! use twinbase::migration::{Migrations, lint::lint};
//!
//! let migrations = Migrations::from_files([
//!     ("20260101000000_orders.sql", "CREATE TABLE orders (id UUID PRIMARY KEY, note TEXT);\n"),
//!     ("20260301000000_index.sql", "-- for the list\nCREATE INDEX orders_note ON orders (note);\n"),
//! ])?;
//! let findings = lint(&migrations, None);
//! assert_eq!((findings[0].rule.name, findings[0].line), ("index-without-concurrently", 2));
//! # Ok::<(), twinbase::migration::MigrationError>(())
//! ```

mod allow;
mod found;
mod kind;
mod live;
mod model;
mod parse;
mod portable;
mod rule;
mod standard;
mod variants;

use std::panic::resume_unwind;
use std::thread;

pub use found::Finding;
pub use rule::{Family, Rule, rules};

use super::source::{Script, Text, Version};
use super::translate::{TranslateError, translate};
use super::{MigrationError, Migrations, plan};
use crate::config::Engine;
use found::{Found, Sink};
use model::Model;
use parse::{Parsed, parse};
use rule::portable::{NOT_PORTABLE, REFUSED_BY_RUNNER};

/// The stack for walking over expressions, which are as deep as they are long.
const STACK: usize = 64 << 20;

/// Functions that give the present moment, the same in a whole transaction.
const MOMENTS: [&str; 6] = [
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtimestamp",
    "localtime",
];

/// What is found in the versions after `after`, or in all; those before are read all the same, for what
/// they make. Files in the order of their versions, lines in the order of the file.
#[must_use]
pub fn lint(migrations: &Migrations, after: Option<i64>) -> Vec<Finding> {
    let look = || {
        let mut linter = Linter::default();
        for version in migrations.versions() {
            let from = linter.findings.len();
            linter.version(version);
            if after.is_some_and(|after| version.number <= after) {
                linter.findings.truncate(from);
            }
        }
        linter.findings
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        match thread.spawn_scoped(scope, look) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // No thread is to be had; most files need no deep stack.
            Err(_) => look(),
        }
    })
}

#[derive(Default)]
struct Linter {
    postgres: Model,
    sqlite: Model,
    findings: Vec<Finding>,
}

impl Linter {
    fn version(&mut self, version: &Version) {
        match &version.up {
            Script::Portable(text) => self.portable_up(version.number, text),
            Script::Variants { postgres, sqlite } => {
                self.variants_up(version.number, postgres, sqlite);
            }
        }
        match &version.down {
            None => {}
            Some(Script::Portable(text)) => self.portable_down(text),
            Some(Script::Variants { postgres, sqlite }) => {
                self.variant_down(postgres, Engine::Postgres);
                self.variant_down(sqlite, Engine::Sqlite);
            }
        }
    }

    fn portable_up(&mut self, version: i64, text: &Text) {
        let source = parse(&text.sql, Engine::Postgres);
        let translated = translate(&text.sql, Engine::Postgres);
        let mut found = Vec::new();
        let running = match &translated {
            Ok(sql) => {
                refused(text, sql, Engine::Postgres, &mut found);
                sql
            }
            Err(error) => {
                found.push(not_portable(error, &source));
                &text.sql
            }
        };
        let running = parse(running, Engine::Postgres);
        let mut file = live::File::new(version, &text.sql, &running);
        for (number, (read, run)) in source
            .statements
            .iter()
            .zip(&running.statements)
            .enumerate()
        {
            let mut sink = Sink::new(&mut found, number);
            live::check(run, number, &self.postgres, &mut file, &mut sink);
            if let Ok(statement) = &run.ast {
                self.postgres.apply(statement, version);
            }
            if let Ok(statement) = &read.ast {
                self.sqlite.apply(statement, version);
            }
            portable::check(read, &self.postgres, &mut sink);
        }
        self.finish(text, &source, found);
    }

    fn portable_down(&mut self, text: &Text) {
        let source = parse(&text.sql, Engine::Postgres);
        let mut found = Vec::new();
        match translate(&text.sql, Engine::Postgres) {
            Ok(sql) => refused(text, &sql, Engine::Postgres, &mut found),
            Err(error) => found.push(not_portable(&error, &source)),
        }
        for (number, read) in source.statements.iter().enumerate() {
            let mut sink = Sink::new(&mut found, number);
            portable::check(read, &self.postgres, &mut sink);
        }
        self.finish(text, &source, found);
    }

    fn variants_up(&mut self, version: i64, postgres: &Text, sqlite: &Text) {
        let before = (self.postgres.clone(), self.sqlite.clone());
        let mut found = [Vec::new(), Vec::new()];
        let mut parsed = Vec::new();
        for ((text, engine), found) in [(postgres, Engine::Postgres), (sqlite, Engine::Sqlite)]
            .into_iter()
            .zip(&mut found)
        {
            refused(text, &text.sql, engine, found);
            let read = parse(&text.sql, engine);
            let mut file = live::File::new(version, &text.sql, &read);
            for (number, read) in read.statements.iter().enumerate() {
                let mut sink = Sink::new(found, number);
                variants::check(read, engine, &mut sink);
                let model = match engine {
                    Engine::Postgres => {
                        live::check(read, number, &self.postgres, &mut file, &mut sink);
                        &mut self.postgres
                    }
                    Engine::Sqlite => &mut self.sqlite,
                };
                if let Ok(statement) = &read.ast {
                    model.apply(statement, version);
                }
            }
            parsed.push(read);
        }
        let [postgres_found, sqlite_found] = &mut found;
        if let [on_postgres, on_sqlite] = parsed.as_slice() {
            let differences = variants::Differences {
                before: (&before.0, &before.1),
                after: (&self.postgres, &self.sqlite),
            };
            differences.report(on_postgres, on_sqlite, postgres_found, sqlite_found);
        }
        for ((text, read), found) in [postgres, sqlite].into_iter().zip(&parsed).zip(found) {
            self.finish(text, read, found);
        }
    }

    fn variant_down(&mut self, text: &Text, engine: Engine) {
        let mut found = Vec::new();
        refused(text, &text.sql, engine, &mut found);
        let read = parse(&text.sql, engine);
        for (number, read) in read.statements.iter().enumerate() {
            let mut sink = Sink::new(&mut found, number);
            variants::check(read, engine, &mut sink);
            if engine == Engine::Postgres {
                live::check_down(read, &text.sql, &mut sink);
            }
        }
        self.finish(text, &read, found);
    }

    /// Heeds what the file allows, and takes the rest over.
    fn finish(&mut self, text: &Text, read: &Parsed<'_>, mut found: Vec<Found>) {
        allow::apply(&read.comments, &mut found);
        let findings = found.into_iter().map(|found| found.at(&text.path));
        self.findings.extend(findings);
    }
}

/// What the translator says, as a finding.
fn not_portable(error: &TranslateError, source: &Parsed<'_>) -> Found {
    let line = error.position().line;
    let said = error.to_string();
    let said = said
        .strip_prefix(&format!("{}: ", error.position()))
        .unwrap_or(&said);
    let (what, safe) = match said.split_once("; ") {
        Some((what, advice)) => (what.to_owned(), Some(advice.to_owned())),
        None => (said.to_owned(), None),
    };
    let statement = source
        .statements
        .iter()
        .position(|read| read.lines().contains(&line));
    Found {
        rule: &NOT_PORTABLE,
        statement,
        line,
        what,
        safe,
    }
}

/// What the runner would not carry out.
fn refused(text: &Text, sql: &str, engine: Engine, found: &mut Vec<Found>) {
    if let Err(MigrationError::Rule {
        line, what, advice, ..
    }) = plan::check(text, sql, engine)
    {
        found.push(Found {
            rule: &REFUSED_BY_RUNNER,
            statement: None,
            line,
            what: format!("the file {what}"),
            safe: Some(advice.to_owned()),
        });
    }
}
