//! Where the variants meet: one database, ours in this process, and the peers in theirs.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use sqlx::Executor as _;
use tokio::runtime::Runtime;
use twinbase::database::Database;

use super::counts::Counts;
use super::effort::Effort;
use super::ours;
use super::peer::Peer;
use super::rounds::{Remark, Subject, Work as Timed};
use super::turn::{self, Turn, Work};

pub(crate) struct Site<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) ours: Database,
    pub(crate) stock: Peer,
    pub(crate) native: Peer,
    pub(crate) sqlalchemy: Option<Peer>,
    /// Empties the table that is written and puts the database's log in order.
    pub(crate) empty: Box<dyn Fn() + 'a>,
}

/// What the ratios are to be.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Goals {
    pub(crate) stock: Option<f64>,
    pub(crate) sqlalchemy: Option<f64>,
}

/// What begins the transaction in which a counter is read and written, and what reads it. SQLite locks
/// all there is to lock when the transaction begins, PostgreSQL the row when it is read.
pub(crate) fn increment(is_sqlite: bool) -> (&'static str, &'static str) {
    if is_sqlite {
        let read = "SELECT n FROM counters WHERE id = $1";
        return ("BEGIN IMMEDIATE", read);
    }
    ("BEGIN", "SELECT n FROM counters WHERE id = $1 FOR UPDATE")
}

impl<'a> Site<'a> {
    /// The tables, with their rows. `series` is what selects `i` from 1 to `$1`.
    pub(crate) fn fill(&self, series: &str) {
        let columns =
            "name TEXT, note TEXT, price DOUBLE PRECISION, weight DOUBLE PRECISION, stock BIGINT";
        let tables = [
            format!("CREATE TABLE t (id BIGINT PRIMARY KEY, {columns})"),
            format!("CREATE TABLE w (id BIGINT, {columns})"),
            "CREATE TABLE counters (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)".to_owned(),
        ];
        let rows = [
            (
                "t",
                "i, 'name ' || i, 'a longer note on ' || i, i * 0.25, i * 0.125, -i",
                super::TABLE_ROWS,
            ),
            ("counters", "i, 0", super::COUNTERS),
        ];
        self.runtime.block_on(async {
            let mut conn = self.ours.connect().await.unwrap();
            for sql in tables {
                conn.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
            }
            for (table, values, count) in rows {
                let sql = format!("INSERT INTO {table} SELECT {values} FROM ({series}) AS series");
                let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(count);
                query.execute(&mut conn).await.unwrap();
            }
            conn.execute("ANALYZE").await.unwrap();
            sqlx::Connection::close(conn).await.unwrap();
        });
    }

    /// A subject of three works by so many tasks. The first variant is ours.
    pub(crate) fn subject(
        &'a self,
        title: &str,
        work: Work,
        tasks: u64,
        goals: Goals,
    ) -> Subject<'a> {
        let subject = Subject::new(title).before_turn(move || {
            if work != Work::Select {
                (self.empty)();
            }
        });
        let subject = match work {
            Work::Select => self.ours(subject, "ours", work, tasks, ours::select),
            Work::Insert => {
                let subject = self.ours(subject, "ours", work, tasks, ours::insert);
                let name = "ours, Database::write";
                self.ours(subject, name, work, tasks, ours::insert_in_write)
            }
            Work::Increment => {
                let name = "ours, Database::write";
                let subject = self.ours(subject, name, work, tasks, ours::increment_in_write);
                let name = "ours, Lane::transaction";
                self.ours(subject, name, work, tasks, ours::increment_in_transaction)
            }
        };
        let subject = self.peer(
            subject,
            "stock AnyPool",
            &self.stock,
            work,
            tasks,
            goals.stock,
        );
        let subject = self.peer(subject, "native pool", &self.native, work, tasks, None);
        match &self.sqlalchemy {
            Some(peer) => {
                let name = "SQLAlchemy async";
                self.peer(subject, name, peer, work, tasks, goals.sqlalchemy)
            }
            None => subject,
        }
    }

    fn ours<F, R, E>(
        &'a self,
        subject: Subject<'a>,
        name: &'static str,
        work: Work,
        tasks: u64,
        operation: F,
    ) -> Subject<'a>
    where
        F: Fn(Database, u64) -> R + Copy + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send,
        E: std::fmt::Display,
    {
        let (timed, remark) = self.counted(std::process::id(), work, move |time| {
            let database = self.ours.clone();
            turn::run(self.runtime, tasks, time, move |number| {
                operation(database.clone(), number)
            })
        });
        subject.variant_with(name, timed, remark)
    }

    fn peer(
        &'a self,
        subject: Subject<'a>,
        name: &'static str,
        peer: &'a Peer,
        work: Work,
        tasks: u64,
        goal: Option<f64>,
    ) -> Subject<'a> {
        let run = move |time| peer.run(work, tasks, time);
        let (timed, remark) = self.counted(peer.process(), work, run);
        subject.variant_with(name, timed, remark).goal(goal)
    }

    /// Counts what comes of a variant's turns, and what of it is in the table.
    fn counted(
        &'a self,
        process: u32,
        work: Work,
        turn: impl Fn(std::time::Duration) -> Turn + 'a,
    ) -> (Timed<'a>, Remark<'a>) {
        let counts = Rc::new(RefCell::new(Counts::default()));
        let told = Rc::clone(&counts);
        let timed = Box::new(move |time| {
            let looks = work == Work::Increment;
            let before = looks.then(|| self.sum());
            let spent = Effort::of(process).unwrap_or_default();
            let turn = turn(time);
            let effort = Effort::of(process).unwrap_or_default().since(spent);
            let grown = before.map(|before| self.sum() - before);
            counts.borrow_mut().add(&turn, effort, grown);
            turn.rate
        });
        let remark = Box::new(move || told.borrow().remark());
        (timed, remark)
    }

    fn sum(&self) -> i64 {
        let query = sqlx::query_scalar("SELECT CAST(SUM(n) AS BIGINT) FROM counters");
        let sum = query.fetch_one(self.ours.reader());
        self.runtime.block_on(sum).unwrap()
    }
}
