//! Versioned SQL files, applied alike on both engines.

pub mod translate;
