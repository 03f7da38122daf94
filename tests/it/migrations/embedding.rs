use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::program::text;

/// A package of its own that embeds a folder, with nothing to compile but the macro.
fn package() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let macros = Path::new(env!("CARGO_MANIFEST_DIR")).join("macros");
    let manifest = format!(
        "[package]\nname = \"embeds\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\ntwinbase-macros = {{ path = '{}' }}\n",
        macros.display()
    );
    fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    fs::create_dir_all(folder.path().join("src")).unwrap();
    fs::create_dir_all(folder.path().join("migrations/sqlite")).unwrap();
    fs::create_dir_all(folder.path().join("migrations/postgres")).unwrap();
    let main = "fn main() { for (path, sql) in twinbase_macros::files!(\"migrations\") { println!(\"{path} {}\", sql.trim()); } }";
    fs::write(folder.path().join("src/main.rs"), main).unwrap();
    fs::write(
        folder.path().join("migrations/20260101000000_first.sql"),
        "SELECT 1\n",
    )
    .unwrap();
    folder
}

fn run(folder: &Path) -> Output {
    Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline"])
        .current_dir(folder)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("OUT_DIR")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .output()
        .unwrap()
}

fn prints(folder: &Path) -> String {
    let output = run(folder);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn refused(folder: &Path, part: &str) {
    let output = run(folder);
    assert!(!output.status.success(), "{}", text(&output.stdout));
    let said = text(&output.stderr);
    assert!(said.contains(part), "no {part:?} in {said}");
}

#[test]
fn a_new_a_changed_and_a_removed_file_are_seen_by_the_next_build() {
    let package = package();
    let folder = package.path();
    // Without a build script cargo would not see a new file: the compiler says so, and what to write.
    refused(folder, "write a build.rs beside Cargo.toml");
    fs::write(
        folder.join("build.rs"),
        "fn main() { println!(\"cargo::rerun-if-changed=elsewhere\"); }",
    )
    .unwrap();
    refused(folder, "cargo::rerun-if-changed=migrations");
    fs::write(
        folder.join("build.rs"),
        "fn main() { println!(\"cargo::rerun-if-changed=migrations\"); }",
    )
    .unwrap();
    assert_eq!(prints(folder), "20260101000000_first.sql SELECT 1\n");

    let second = folder.join("migrations/20260102000000_second.sql");
    fs::write(&second, "SELECT 2\n").unwrap();
    assert_eq!(prints(folder).lines().count(), 2);
    fs::write(&second, "SELECT 22\n").unwrap();
    assert!(prints(folder).ends_with("20260102000000_second.sql SELECT 22\n"));
    fs::remove_file(&second).unwrap();
    assert_eq!(prints(folder).lines().count(), 1);

    // The differences between the engines that are meant come with the migrations.
    let meant = folder.join("migrations/parity.toml");
    for text in ["# one", "# another"] {
        fs::write(&meant, format!("{text}\n")).unwrap();
        assert!(prints(folder).ends_with(&format!("parity.toml {text}\n")));
    }
}

#[test]
fn a_folder_that_breaks_a_rule_stops_the_build_and_the_file_is_named() {
    let package = package();
    let folder = package.path();
    fs::write(folder.join("build.rs"), "fn main() {}").unwrap();
    assert_eq!(prints(folder).lines().count(), 1);
    for (file, sql, part) in [
        (
            "sqlite/20260103000000_search.sql",
            "SELECT 1",
            "has no counterpart in postgres/",
        ),
        (
            "20260101000000_first.up.sql",
            "SELECT 1",
            "both say what version 20260101000000 does",
        ),
        ("20260101000000_other.sql", "SELECT 1", "two slugs"),
        ("2026_short.sql", "SELECT 1", "the name is not"),
        ("notes.txt", "SELECT 1", "the name is not"),
        ("sqlite/parity.toml", "# moved", "the name is not"),
        (
            "20260103000000_windows.sql",
            "SELECT 1\r\n",
            "a carriage return",
        ),
        (
            "20260103000000_marked.sql",
            "\u{feff}SELECT 1\n",
            "a byte-order mark",
        ),
        ("20260103000000_undone.down.sql", "SELECT 1", "no `.up.sql`"),
    ] {
        let path = folder.join("migrations").join(file);
        fs::write(&path, sql).unwrap();
        let output = run(folder);
        let said = text(&output.stderr);
        assert!(!output.status.success(), "{file} was taken");
        assert!(
            said.contains(part) && said.contains(file),
            "no {part:?} for {file} in {said}"
        );
        fs::remove_file(&path).unwrap();
    }
    fs::create_dir(folder.join("migrations/mysql")).unwrap();
    refused(folder, "only postgres/ and sqlite/ are read");
}
