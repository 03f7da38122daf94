//! The same code on both engines: a case for each place where they differ or sqlx's `Any` loses
//! something. A case gives the same on both, is refused on both, or is a difference that stays, which
//! `docs/portability.md` lists.

mod arguments;
mod cancellation;
mod constraints;
mod ddl;
mod dialect;
mod differences;
mod json;
mod like;
mod null;
mod numbers;
mod outcome;
mod parameters;
mod properties;
mod refusals;
mod registry;
mod subjects;
mod text;
mod time;
mod transactions;
mod types;

use std::collections::BTreeSet;

use differences::DIFFERENCES;
use registry::{Case, Verdict, run_theme};
use subjects::SUBJECTS;

/// Every case, by theme. Each theme is a test an engine.
const THEMES: &[(&str, &[Case])] = &[
    ("arguments", arguments::CASES),
    ("cancellation", cancellation::CASES),
    ("constraints", constraints::CASES),
    ("ddl", ddl::CASES),
    ("dialect", dialect::CASES),
    ("json", json::CASES),
    ("null", null::CASES),
    ("numbers", numbers::CASES),
    ("parameters", parameters::CASES),
    ("text", text::CASES),
    ("time", time::CASES),
    ("transactions", transactions::CASES),
    ("types", types::CASES),
];

fn cases() -> impl Iterator<Item = &'static Case> {
    THEMES.iter().flat_map(|(_, cases)| *cases)
}

twinbase::on_both_engines! {
    async fn the_cases_of_arguments_hold(database: TestDatabase) {
        run_theme("arguments", database).await;
    }

    async fn the_cases_of_cancellation_hold(database: TestDatabase) {
        run_theme("cancellation", database).await;
    }

    async fn the_cases_of_constraints_hold(database: TestDatabase) {
        run_theme("constraints", database).await;
    }

    async fn the_cases_of_ddl_hold(database: TestDatabase) {
        run_theme("ddl", database).await;
    }

    async fn the_cases_of_dialect_hold(database: TestDatabase) {
        run_theme("dialect", database).await;
    }

    async fn the_cases_of_json_hold(database: TestDatabase) {
        run_theme("json", database).await;
    }

    async fn the_cases_of_null_hold(database: TestDatabase) {
        run_theme("null", database).await;
    }

    async fn the_cases_of_numbers_hold(database: TestDatabase) {
        run_theme("numbers", database).await;
    }

    async fn the_cases_of_parameters_hold(database: TestDatabase) {
        run_theme("parameters", database).await;
    }

    async fn the_cases_of_text_hold(database: TestDatabase) {
        run_theme("text", database).await;
    }

    async fn the_cases_of_time_hold(database: TestDatabase) {
        run_theme("time", database).await;
    }

    async fn the_cases_of_transactions_hold(database: TestDatabase) {
        run_theme("transactions", database).await;
    }

    async fn the_cases_of_types_hold(database: TestDatabase) {
        run_theme("types", database).await;
    }
}

#[test]
fn every_subject_has_a_case_and_every_claim_is_made_once() {
    let answered: BTreeSet<_> = cases().map(|case| case.subject).collect();
    assert_eq!(answered, SUBJECTS.iter().copied().collect());
    let claims: BTreeSet<_> = cases().map(|case| case.claim).collect();
    assert_eq!(claims.len(), cases().count());
}

#[test]
fn every_difference_has_a_case_that_shows_it() {
    let listed: BTreeSet<_> = DIFFERENCES.iter().map(|row| row.key).collect();
    let mut shown = BTreeSet::new();
    for case in cases() {
        if let Verdict::Differs {
            key,
            sqlite,
            postgres,
        } = case.verdict
        {
            assert_ne!(sqlite, postgres, "no difference: {}", case.claim);
            shown.insert(key);
        }
    }
    assert_eq!(shown, listed);
    assert_eq!(listed.len(), DIFFERENCES.len());
}

#[test]
fn the_page_lists_the_differences_that_stay() {
    let page = include_str!("../../../docs/portability.md");
    let (_, section) = page.split_once("\n## Differences that stay\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let lines: Vec<_> = section
        .lines()
        .filter(|line| line.starts_with('|'))
        .collect();
    let table = differences::table();
    assert!(
        lines == table.lines().collect::<Vec<_>>(),
        "write the table of docs/portability.md's \"Differences that stay\" so:\n{table}"
    );
}
