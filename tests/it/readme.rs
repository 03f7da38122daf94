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
