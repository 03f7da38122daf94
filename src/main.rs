//! The `twinbase` program.

fn main() {}
