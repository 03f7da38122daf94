//! What an INSERT puts into NUMERIC columns: `VALUES ($1 * 2)` would make a binary float of it.

use super::super::error::SqliteError;
use super::scope::{Class, Scope};
use super::uses::refuse;

impl Scope<'_> {
    /// Looks at the values for NUMERIC columns.
    pub(super) fn check_inserts(&self) -> Result<(), SqliteError> {
        let Some(into) = self.inside(None).find(|at| self.is(*at, "INTO")) else {
            return Ok(());
        };
        let mut table = into + 1;
        if self.is_symbol(table + 1, ".") {
            table += 2;
        }
        let Some(columns) = self
            .name(table)
            .and_then(|name| self.names.inserted.get(&name))
        else {
            return Ok(());
        };
        let is_numeric = |name: &str| {
            columns
                .iter()
                .any(|(column, numeric)| column == name && *numeric)
        };
        let mut at = table + 1;
        if self.is(at, "AS") {
            at += 2;
        }
        let mut targets: Vec<(String, bool)> = columns.clone();
        if let Some(close) = self.partner(at).filter(|_| self.is_symbol(at, "(")) {
            targets = self
                .list(at + 1, close)
                .into_iter()
                .filter_map(|(first, _)| self.name(first))
                .map(|name| (name.clone(), is_numeric(&name)))
                .collect();
            at = close + 1;
        }
        if self.is(at, "VALUES") {
            at += 1;
            while let Some(close) = self.partner(at).filter(|_| self.is_symbol(at, "(")) {
                self.check_row(&targets, &self.list(at + 1, close))?;
                at = close + 1;
                if self.is_symbol(at, ",") {
                    at += 1;
                }
            }
            return Ok(());
        }
        for select in self.selects(None) {
            let items: Vec<_> = self
                .items(select)
                .iter()
                .map(|item| (item.first, item.end))
                .collect();
            if items
                .iter()
                .all(|(first, end)| self.class(*first, *end) != Class::Star)
            {
                self.check_row(&targets, &items)?;
            }
        }
        Ok(())
    }

    fn check_row(
        &self,
        targets: &[(String, bool)],
        values: &[(usize, usize)],
    ) -> Result<(), SqliteError> {
        for ((name, is_numeric), (first, end)) in targets.iter().zip(values) {
            if *is_numeric && matches!(self.class(*first, *end), Class::Other) {
                return Err(refuse(
                    name,
                    "an expression put into it",
                    "bind a Decimal that is computed in Rust",
                ));
            }
        }
        Ok(())
    }
}
