//! Portable SQL into an engine's own.
