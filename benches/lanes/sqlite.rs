//! SQLite: a file on a disk, in WAL mode, with `synchronous` NORMAL and FULL.

use std::path::Path;
use std::time::Duration;

use tokio::runtime::Runtime;
use twinbase::config::{DatabaseConfig, Synchronous};
use twinbase::database::Database;

use super::peer::Peer;
use super::site::{Goals, Site};
use super::turn::Work;

const SERIES: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i FROM n";

pub(crate) fn bench(runtime: &Runtime, wanted: &[String]) {
    let folder = tempfile::tempdir_in(disk()).unwrap();
    let normal = site(
        runtime,
        &folder.path().join("normal.db"),
        Synchronous::Normal,
    );
    for tasks in [1, 64] {
        let goals = goals(tasks, 4.0, 50.0);
        let title = format!("SQLite: point select, {tasks} at a time");
        let subject = normal.subject(&title, Work::Select, tasks, goals);
        subject.run(wanted);
    }
    for tasks in [1, 64] {
        let title = format!("SQLite: single insert, synchronous=NORMAL, {tasks} at a time");
        let subject = normal.subject(&title, Work::Insert, tasks, Goals::default());
        subject.run(wanted);
    }
    for tasks in [1, 64] {
        let goals = goals(tasks, 8.0, 130.0);
        let title = format!("SQLite: read-modify-write, synchronous=NORMAL, {tasks} at a time");
        let subject = normal.subject(&title, Work::Increment, tasks, goals);
        subject.run(wanted);
    }
    close(&normal);
    let full = site(runtime, &folder.path().join("full.db"), Synchronous::Full);
    for tasks in [1, 64] {
        let title = format!("SQLite: single insert, synchronous=FULL, {tasks} at a time");
        let subject = full.subject(&title, Work::Insert, tasks, Goals::default());
        subject.run(wanted);
    }
    for tasks in [1, 64] {
        let mut goals = goals(tasks, 25.0, 0.0);
        goals.sqlalchemy = None;
        let title = format!("SQLite: read-modify-write, synchronous=FULL, {tasks} at a time");
        let subject = full.subject(&title, Work::Increment, tasks, goals);
        subject.run(wanted);
    }
    close(&full);
}

/// Where files outlive a restart, which is a disk: the system's temporary ones may be in memory.
pub(crate) fn disk() -> &'static Path {
    let disk = Path::new("/var/tmp");
    if disk.is_dir() {
        return disk;
    }
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// They are for 64 tasks.
fn goals(tasks: u64, stock: f64, sqlalchemy: f64) -> Goals {
    if tasks == 1 {
        return Goals::default();
    }
    Goals {
        stock: Some(stock),
        sqlalchemy: Some(sqlalchemy),
    }
}

fn site<'a>(runtime: &'a Runtime, file: &Path, synchronous: Synchronous) -> Site<'a> {
    let file = file.to_str().unwrap().to_owned();
    let url = format!("sqlite://{file}");
    let config = DatabaseConfig {
        url: Some(url.parse().unwrap()),
        sqlite_synchronous: synchronous,
        ..DatabaseConfig::default()
    };
    let word = match synchronous {
        Synchronous::Normal => "normal",
        Synchronous::Full => "full",
    };
    let ours = {
        let _inside = runtime.enter();
        Database::new(&config).unwrap()
    };
    // Makes the file, in WAL mode.
    drop(runtime.block_on(ours.connect()).unwrap());
    let control = rusqlite::Connection::open(&file).unwrap();
    control.busy_timeout(Duration::from_mins(1)).unwrap();
    let site = Site {
        runtime,
        ours,
        stock: Peer::sqlx("stock", &url, word),
        native: Peer::sqlx("native", &url, word),
        sqlalchemy: Peer::sqlalchemy(&format!("sqlite+aiosqlite:///{file}"), word),
        empty: Box::new(move || {
            let sql = "DELETE FROM w; PRAGMA wal_checkpoint(TRUNCATE)";
            control.execute_batch(sql).unwrap();
        }),
    };
    site.fill(SERIES);
    site
}

fn close(site: &Site<'_>) {
    site.runtime.block_on(site.ours.close());
}
