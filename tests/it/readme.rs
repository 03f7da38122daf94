use std::path::Path;

use twinbase::config::{KeyDoc, reference};

const README: &str = include_str!("../../README.md");

/// A row of README's configuration table.
fn row(key: &KeyDoc) -> String {
    let KeyDoc {
        section,
        key,
        default,
        variables,
        meaning,
        ..
    } = key;
    format!(
        "| `{section}.{key}` | `{default}` | `{}` | {meaning} |",
        variables[0]
    )
}

#[test]
fn the_configuration_table_has_every_key_as_the_code_has_it() {
    let known = |line: &&str| line.matches(" | ").count() == 3;
    let table: Vec<_> = README.lines().filter(known).skip(1).collect();
    let expected: Vec<_> = reference().iter().map(row).collect();
    assert!(
        table == expected,
        "write README's configuration table so:\n{}",
        expected.join("\n")
    );
}

/// The tests that `docs/acceptance.md` names, as their functions are called.
#[test]
fn every_test_that_the_acceptance_page_names_exists() {
    let page = include_str!("../../docs/acceptance.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = sources(&root.join("src")) + &sources(&root.join("tests/it"));
    let named: Vec<_> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|text| text.contains("::") && text.contains('_'))
        .map(|text| {
            text.trim_end_matches('…')
                .rsplit("::")
                .next()
                .unwrap_or_default()
        })
        .collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        let there = [format!("fn {name}("), format!("{name} =>")]
            .iter()
            .any(|form| sources.contains(form));
        assert!(
            there,
            "docs/acceptance.md names {name}, and no test is called so"
        );
    }
}

fn sources(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                std::fs::read_to_string(&path).unwrap_or_default()
            }
        })
        .collect()
}
