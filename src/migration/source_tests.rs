#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::*;

fn error(files: &[(&str, &str)]) -> String {
    parse(files.iter().copied()).unwrap_err().to_string()
}

#[test]
fn versions_come_oldest_first_with_their_variants() {
    let versions = parse([
        ("sqlite/20260301090000_search.up.sql", "-- s"),
        ("postgres/20260301090000_search.up.sql", "-- p"),
        ("20260210120000_add_signals.down.sql", "DROP TABLE signals;"),
        (
            "20260210120000_add_signals.up.sql",
            "CREATE TABLE signals (id BIGINT);",
        ),
        ("20260101000000_baseline.sql", ""),
    ])
    .unwrap();
    let names: Vec<_> = versions
        .iter()
        .map(|v| (v.number, v.description.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            (20_260_101_000_000, "baseline"),
            (20_260_210_120_000, "add signals"),
            (20_260_301_090_000, "search"),
        ]
    );
    assert!(versions[0].down.is_none());
    assert!(matches!(&versions[1].down, Some(Script::Portable(t)) if t.sql.starts_with("DROP")));
    assert!(matches!(&versions[2].up, Script::Variants { sqlite, .. } if sqlite.sql == "-- s"));
}

#[test]
fn a_one_sided_version_is_refused_by_name() {
    let said = error(&[("postgres/20260301090000_search.up.sql", "")]);
    assert!(
        said.starts_with("postgres/20260301090000_search.up.sql has no counterpart in sqlite/")
    );
    let said = error(&[
        ("20260301090000_search.up.sql", ""),
        ("sqlite/20260301090000_search.down.sql", ""),
    ]);
    assert!(said.starts_with("sqlite/20260301090000_search.down.sql has no counterpart"));
}

#[test]
fn a_version_with_two_texts_for_an_engine_is_refused() {
    let said = error(&[
        ("20260301090000_search.sql", ""),
        ("20260301090000_search.up.sql", ""),
    ]);
    assert!(
        said.contains("both say what version 20260301090000 does"),
        "{said}"
    );
    let said = error(&[
        ("20260301090000_search.sql", ""),
        ("postgres/20260301090000_search.sql", ""),
        ("sqlite/20260301090000_search.sql", ""),
    ]);
    assert!(said.contains("both say"), "{said}");
}

#[test]
fn names_off_the_pattern_are_refused() {
    for name in [
        "baseline.sql",
        "1_baseline.sql",
        "20260101000000-baseline.sql",
        "20260101000000_Baseline.sql",
        "20260101000000_.sql",
        "20260101000000_a.txt",
        "mysql/20260101000000_a.sql",
    ] {
        assert_eq!(parse([(name, "")]), Err(SourceError::Name(name.to_owned())));
    }
}

#[test]
fn carriage_returns_marks_two_slugs_and_a_lone_down_are_refused() {
    assert!(error(&[("20260101000000_a.sql", "SELECT 1;\r\n")]).contains("carriage return"));
    assert!(error(&[("20260101000000_a.sql", "\u{feff}SELECT 1;")]).contains("byte-order mark"));
    assert!(
        error(&[
            ("20260101000000_a.up.sql", ""),
            ("20260101000000_b.down.sql", "")
        ])
        .contains("two slugs")
    );
    assert!(error(&[("20260101000000_a.down.sql", "")]).contains("no `.up.sql` makes"));
}
