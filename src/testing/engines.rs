//! One claim, both engines.

use std::io::Write as _;
use std::sync::Once;

use super::TestDatabase;
use crate::config::Engine;

/// Makes a test for each engine from each claim: `claim_name::sqlite` and `claim_name::postgres`.
///
/// Each gets a database of its own, which is removed afterwards.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* async fn $name:ident($database:ident: TestDatabase) $body:block)*) => {$(
        $(#[$attribute])*
        async fn $name($database: $crate::testing::TestDatabase) $body

        // A module and a function may share a name.
        mod $name {
            #[test]
            fn sqlite() {
                $crate::testing::run($crate::config::Engine::Sqlite, super::$name);
            }

            #[test]
            fn postgres() {
                $crate::testing::run($crate::config::Engine::Postgres, super::$name);
            }
        }
    )*};
}

/// Runs a claim on one engine with a database of its own.
///
/// # Panics
/// When the claim does, when no server can be had, and when `TWINBASE_TEST_ENGINES` is neither unset
/// nor `sqlite` nor `sqlite,postgres`.
pub fn run<C, F>(engine: Engine, claim: C)
where
    C: FnOnce(TestDatabase) -> F,
    F: Future<Output = ()>,
{
    if engine == Engine::Postgres && left_out() {
        return;
    }
    run_alone(async {
        let database = TestDatabase::create(engine).await;
        let remains = database.remains();
        claim(database).await;
        remains.remove().await;
    });
}

/// Runs a claim that brings its own database, or needs none, on a runtime of its own.
///
/// # Panics
/// When the claim does.
pub fn run_alone(claim: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(claim);
}

/// Whether someone asked, by name, to leave `PostgreSQL` out; said once, past the capture of output.
fn left_out() -> bool {
    static SAID: Once = Once::new();
    match std::env::var("TWINBASE_TEST_ENGINES").as_deref() {
        Err(_) | Ok("" | "sqlite,postgres") => false,
        Ok("sqlite") => {
            SAID.call_once(|| {
                let _ = writeln!(
                    std::io::stderr().lock(),
                    "\nLEFT OUT: TWINBASE_TEST_ENGINES=sqlite, so no test runs on PostgreSQL; `…::postgres` claims nothing\n"
                );
            });
            true
        }
        Ok(other) => panic!(
            "TWINBASE_TEST_ENGINES={other}: write `sqlite`, or unset it to test both engines"
        ),
    }
}
