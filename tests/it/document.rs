use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use twinbase::testing::TestApplication;

/// A Python program under `tests/tools`, run by the environment that `scripts/tools` makes.
pub(crate) fn tool(script: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python: PathBuf = root.join("target/tools/venv/bin/python");
    assert!(
        python.is_file(),
        "{} is missing: run ./scripts/tools",
        python.display()
    );
    let mut command = Command::new(python);
    command
        .current_dir(root)
        .arg(root.join("tests/tools").join(script))
        .stdin(Stdio::null());
    command
}

pub(crate) async fn assert_succeeds(mut command: Command) {
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");

#[test]
fn the_committed_document_is_the_programs() {
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    let output = Command::new(env!("CARGO_BIN_EXE_twinbase"))
        .arg("openapi")
        .output()
        .unwrap();
    assert!(
        committed == String::from_utf8_lossy(&output.stdout),
        "openapi/openapi.json is stale; mend it with: just openapi"
    );
}

#[tokio::test]
async fn the_document_is_valid_openapi() {
    let mut command = tool("validate_openapi.py");
    command.arg(COMMITTED);
    assert_succeeds(command).await;
}

twinbase::on_both_engines! {
    async fn the_running_service_keeps_to_its_document(database: TestDatabase) {
        let application = TestApplication::start(database.config()).await;
        application.until_ready_answers(200).await;
        let mut command = tool("exercise_api.py");
        command.arg(format!("http://{}", application.address()));
        assert_succeeds(command).await;
        application.stop().await;
    }
}
