//! The store from outside, on made-up campaigns in temporary directories.

mod lineage;
mod lock;
mod log;
mod lookup;
mod made_up;
mod mirror;
mod open;
mod planted;
mod read_only;
mod schema;
mod survival;
#[path = "../../../../tests/fixtures/verdict_seeds.rs"]
mod verdict_seeds;
mod words;
