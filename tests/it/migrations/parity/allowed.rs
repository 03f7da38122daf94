use twinbase::migration::parity::Aspect;

use super::{PARENTS, Place, lines, with_place};

const FILES: [(&str, &str); 4] = [
    ("20260101000000_parents.sql", PARENTS),
    (
        "postgres/20260201000000_search.sql",
        "ALTER TABLE parents ADD COLUMN words TEXT COLLATE \"C\"; CREATE INDEX search ON parents (words);",
    ),
    (
        "sqlite/20260201000000_search.sql",
        "ALTER TABLE parents ADD COLUMN words TEXT CONSTRAINT \"TWINBASE_TYPE.parents.words\" CHECK (typeof(\"words\") IN ('text', 'null'));",
    ),
    (
        "20260301000000_later.sql",
        "CREATE TABLE later (id BIGINT);",
    ),
];

const ENTRY: &str = "[[allow]]\nobject = \"parents.search\"\nwhat = \"index\"\nreason = \"SQLite searches otherwise\"\n";

fn with(file: &str) -> Vec<(&str, &str)> {
    let mut files = FILES.to_vec();
    files.push(("parity.toml", file));
    files
}

async fn refused(place: &Place, file: &str) -> String {
    place.try_compare(with(file)).await.unwrap_err()
}

#[test]
fn what_is_meant_is_told_with_its_reason_and_is_no_difference() {
    with_place(|place| async move {
        let difference = "parents.search index: (words) on PostgreSQL, none on SQLite";
        let parity = place.compare(FILES).await;
        assert_eq!(lines(&parity), [format!("20260201000000 {difference}")]);
        for entry in [
            ENTRY.to_owned(),
            ENTRY.replace("[[allow]]", "[[allow]]\nversion = 20260201000000"),
            ENTRY.replace("parents.search", "parents.*"),
        ] {
            let parity = place.compare(with(&entry)).await;
            assert!(parity.is_alike(), "{entry}: {parity:?}");
            let [(allowed, reason)] = &parity.versions[1].allowed[..] else {
                panic!("{entry}: {parity:?}");
            };
            assert_eq!(
                (allowed.to_string().as_str(), reason.as_str()),
                (difference, "SQLite searches otherwise")
            );
            assert!(parity.versions[2].allowed.is_empty(), "told once");
        }
    });
}

#[test]
fn an_entry_from_a_later_version_on_leaves_the_versions_before_it() {
    with_place(|place| async move {
        let later = ENTRY.replace("[[allow]]", "[[allow]]\nversion = 20260301000000");
        let parity = place.compare(with(&later)).await;
        let standing: Vec<_> = parity
            .versions
            .iter()
            .map(|version| version.standing)
            .collect();
        assert_eq!(standing, [0, 1, 0]);
        assert_eq!(parity.versions[2].allowed.len(), 1);
        assert!(parity.stale.is_empty());
    });
}

#[test]
fn an_entry_that_permits_nothing_is_stale() {
    with_place(|place| async move {
        for (old, new) in [
            ("parents.search", "parents.serach"),
            ("\"index\"", "\"unique\""),
            ("[[allow]]", "[[allow]]\nversion = 20270101000000"),
        ] {
            let file = format!(
                "# The differences that are meant\n{ENTRY}{}",
                ENTRY.replace(old, new)
            );
            let parity = place.compare(with(&file)).await;
            assert!(!parity.is_alike(), "{new}");
            assert_eq!(lines(&parity), Vec::<String>::new());
            let [stale] = &parity.stale[..] else {
                panic!("{new}: {:?}", parity.stale);
            };
            assert_eq!(stale.line, 6, "{new}");
        }
        let parity = place.compare(with(&ENTRY.replace("index", "type"))).await;
        assert_eq!(parity.stale[0].what, Aspect::Type);
        assert_eq!(lines(&parity).len(), 1);
    });
}

#[test]
fn a_file_that_breaks_a_rule_is_refused_before_anything_runs() {
    with_place(|place| async move {
        let said = refused(&place, &ENTRY.replace("reason", "because")).await;
        assert!(
            said.starts_with("parity.toml, line 4: \"because\" is not known"),
            "{said}"
        );
        let said = refused(
            &place,
            &ENTRY.replace("reason = \"SQLite searches otherwise\"\n", ""),
        )
        .await;
        assert!(
            said.starts_with("parity.toml, line 1: [[allow]] has no reason"),
            "{said}"
        );
        let said = refused(&place, "[[alow]]\n").await;
        assert!(
            said.starts_with("parity.toml, line 1: \"alow\" is not known; write [[allow]]"),
            "{said}"
        );
    });
}
