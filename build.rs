//! Has cargo watch the folders that `migrations!` embeds: a new file there is seen by the next build.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=examples/orders/migrations");
}
