//! The lint: each rule on bad and good files, and what is behind it on the real engines.

/// The cases, and what is found in them.
mod corpus;
/// Expressions one by one, on both engines.
mod forms;
/// What bad and good migrations do to a PostgreSQL that is in use.
mod live;
/// Names, values and conditions one by one, on both engines.
mod parted;
/// What bad and good migrations leave on each engine.
mod portability;
/// Files of PostgreSQL's own, line by line.
mod postgres;
/// The command, the documentation, the repository's own migrations; any text at all.
mod program;
/// Changes of columns one by one, on a real server.
mod rewrites;
/// Statements one by one, on both engines.
mod statements;
