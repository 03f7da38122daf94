//! Which writes may run on the caller's thread: those of one row, by a unique key, that is never large, and
//! INSERTs of a list of such rows.
//!
//! Such a write can't be stopped without cost to its transaction, so what it may take is told from its
//! program (`EXPLAIN`) and its table. An INSERT has no values but those that are bound, within a limit
//! that SQLite holds before it writes. An UPDATE or DELETE frees what the row had, however large, in one
//! instruction: it is for tables alone whose columns are all small by their type.

use super::declared::Declared;
use rusqlite::{Connection, OptionalExtension as _};

/// The instructions of a writing statement that go around in a loop, run another program, or take any
/// time by themselves. What has none of them is over after as many instructions as it has, but for
/// the rows of a RETURNING, which are no more than those written.
const LOOPING: [&str; 23] = [
    "Prev",
    "VNext",
    "VFilter",
    "VOpen",
    "VUpdate",
    "SorterOpen",
    "SorterSort",
    "SorterNext",
    "Sort",
    "Gosub",
    "Return",
    "Yield",
    "InitCoroutine",
    "Program",
    "RowSetRead",
    "RowSetTest",
    "DecrJumpZero",
    "Count",
    "Clear",
    "Destroy",
    "IntegrityCk",
    "Savepoint",
    "AutoCommit",
];

/// What makes a row of a VALUES list of parameters and numbers.
const VALUES: [&str; 6] = ["Variable", "Integer", "Int64", "Real", "Null", "Yield"];

/// The most rows of such a list.
const MOST_ROWS: usize = 256;

/// `OE_Fail`: what a constraint does under OR FAIL, which keeps the rows before.
const FAIL: i64 = 3;

/// The longest `VARCHAR(n)` of a table whose rows are small.
const SMALL_TEXT: u32 = 255;

/// The functions of the CHECKs that hold a column to its type: what they take is what they are given, and
/// what they give is small. `printf` and `zeroblob` are not among them.
const SMALL_FUNCTIONS: [&str; 13] = [
    "abs",
    "date",
    "datetime",
    "glob",
    "instr",
    "json_valid",
    "julianday",
    "length",
    "lower",
    "strftime",
    "substr",
    "typeof",
    "upper",
];

/// An instruction: its address, name, and first two operands.
type Instruction = (i64, String, i64, i64);

/// What a write is, as far as that matters here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Write {
    /// An INSERT that replaces nothing.
    Insert,
    /// Any other.
    Change,
}

/// How a write goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Course {
    /// It is over soon, whatever its arguments are. What SQLite refuses of it has had no effect.
    Straight,
    /// The same, but for a limit for the length of values, which it may meet when it has written already:
    /// the second row of a list, a row that RETURNING gives.
    Stepwise,
    /// It may take any time.
    Winding,
}

/// How the write goes. `None` where it can't be told now.
pub(super) fn course(connection: &Connection, sql: &str, write: Write) -> Option<Course> {
    let look = || -> rusqlite::Result<Course> {
        let instructions = explain(connection, sql)?;
        let rows = list(&instructions).filter(|_| write == Write::Insert);
        let has = |wanted: &str| instructions.iter().any(|(_, name, ..)| name == wanted);
        let own_tables: Vec<i64> = instructions
            .iter()
            .filter(|(_, name, ..)| name == "OpenEphemeral")
            .map(|(_, _, table, _)| *table)
            .collect();
        let loops = |(address, name, first, target): &Instruction| match name.as_str() {
            "InitCoroutine" | "Yield" | "Goto" if rows.is_some_and(|rows| rows.has(*address)) => {
                false
            }
            // The rows of RETURNING.
            "Next" => !own_tables.contains(first),
            // Each program ends with a jump to its beginning, once.
            "Goto" => target <= address && *target != 1,
            name => LOOPING.contains(&name),
        };
        if instructions.iter().any(loops) {
            return Ok(Course::Winding);
        }
        let is_straight = match write {
            // One that replaces a row deletes it.
            Write::Insert => !has("Delete") && !has("IdxDelete"),
            Write::Change if has("ResultRow") => false,
            Write::Change => {
                let roots = instructions
                    .iter()
                    .filter(|(_, name, ..)| name == "OpenWrite")
                    .map(|(_, _, _, root)| *root);
                are_small(connection, roots)?
            }
        };
        Ok(match rows {
            _ if !is_straight => Course::Winding,
            None if !has("ResultRow") => Course::Straight,
            // No limit for the length holds it.
            _ if computes_large(connection, sql)? => Course::Winding,
            _ => Course::Stepwise,
        })
    };
    let course = look();
    if let Err(error) = &course {
        tracing::debug!(%error, "a statement could not be explained, it stays on its own thread");
    }
    course.ok()
}

/// The loop over a VALUES list: a coroutine that gives row after row, and what takes them.
#[derive(Clone, Copy, Debug)]
struct List {
    begin: i64,
    end: i64,
    /// The instruction that takes the next row.
    next: i64,
    /// The one that goes back to it.
    back: i64,
}

impl List {
    fn has(self, address: i64) -> bool {
        (self.begin..=self.end).contains(&address) || [self.next, self.back].contains(&address)
    }
}

/// The list of rows that a statement writes, where that is all that goes around in it, no row is computed,
/// and none stays where a later one is refused.
fn list(instructions: &[Instruction]) -> Option<List> {
    let named = |wanted: &'static str| {
        instructions
            .iter()
            .filter(move |(_, name, ..)| name == wanted)
    };
    let ((begin, ..), (end, ..)) = (
        named("InitCoroutine").next()?,
        named("EndCoroutine").next()?,
    );
    let inside = |address: i64| *begin < address && address < *end;
    let body = instructions.iter().filter(|(address, ..)| inside(*address));
    let computes = body
        .clone()
        .any(|(_, name, ..)| !VALUES.contains(&name.as_str()));
    let rows = body.filter(|(_, name, ..)| name == "Yield").count();
    let keeps = instructions.iter().any(|(_, name, _, action)| {
        ["Halt", "HaltIfNull"].contains(&name.as_str()) && *action == FAIL
    });
    let mut takes = named("Yield").filter(|(address, ..)| !inside(*address));
    let ((next, ..), more) = (takes.next()?, takes.next());
    let mut backs = named("Goto").filter(|(_, _, _, target)| target == next);
    let ((back, ..), again) = (backs.next()?, backs.next());
    let is_one_loop = more.is_none() && again.is_none() && named("InitCoroutine").count() == 1;
    (is_one_loop && !computes && !keeps && rows <= MOST_ROWS).then_some(List {
        begin: *begin,
        end: *end,
        next: *next,
        back: *back,
    })
}

fn explain(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<Instruction>> {
    let mut explained = connection.prepare(&format!("EXPLAIN {sql}"))?;
    let mut rows = explained.raw_query();
    let mut instructions = Vec::new();
    while let Some(row) = rows.next()? {
        instructions.push((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    }
    Ok(instructions)
}

/// Whether a function may compute a value that is much larger than what is bound.
fn computes_large(connection: &Connection, sql: &str) -> rusqlite::Result<bool> {
    let mut explained = connection.prepare(&format!("EXPLAIN {sql}"))?;
    let mut instructions = explained.raw_query();
    while let Some(instruction) = instructions.next()? {
        let (name, detail) = (instruction.get_ref(1)?, instruction.get_ref(5)?);
        if ["Function", "PureFunc"].contains(&name.as_str()?) {
            let function = detail.as_str()?.split('(').next().unwrap_or_default();
            // In the CHECKs it takes a sign away; what a statement puts in may be long.
            let shortens = function == "replace" && !sql.to_ascii_lowercase().contains("replace");
            if !shortens && !SMALL_FUNCTIONS.contains(&function) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether the rows of the tables and indexes with these roots are small by the types of their columns.
fn are_small(connection: &Connection, roots: impl Iterator<Item = i64>) -> rusqlite::Result<bool> {
    let mut table_of =
        connection.prepare_cached("SELECT tbl_name FROM sqlite_schema WHERE rootpage = ?1")?;
    let mut types_of = connection.prepare_cached("SELECT type FROM pragma_table_xinfo(?1)")?;
    for root in roots {
        let table: Option<String> = table_of.query_row([root], |row| row.get(0)).optional()?;
        // One of another database.
        let Some(table) = table else {
            return Ok(false);
        };
        let mut types = types_of.query([table])?;
        while let Some(row) = types.next()? {
            if !is_small(row.get_ref(0)?.as_str()?) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn is_small(declared: &str) -> bool {
    let length = || {
        let (_, rest) = declared.split_once('(')?;
        rest.split([',', ')']).next()?.trim().parse::<u32>().ok()
    };
    match Declared::parse(declared) {
        Declared::Boolean
        | Declared::SmallInt
        | Declared::Integer
        | Declared::BigInt
        | Declared::Double
        | Declared::Uuid
        | Declared::Timestamptz
        | Declared::Date => true,
        Declared::Text | Declared::Decimal => length().is_some_and(|length| length <= SMALL_TEXT),
        _ => false,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests;
