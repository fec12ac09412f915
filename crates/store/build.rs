//! Migrations are embedded at compile time; without this line cargo would not notice a new one.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
