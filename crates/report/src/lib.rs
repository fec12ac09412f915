//! A campaign's record as terminal text, Markdown and JSON.
//!
//! Values in, text out: nothing here reads a file, a clock or the environment, and nothing prints. Facts are computed once,
//! in plain structs, and the three renderers only lay them out. Start with these three files: [`record`] (what comes in),
//! [`terminal`] (what a person reads first), [`json`] (the shapes that other tools read).

pub mod evaluation;
pub mod json;
pub mod markdown;
pub mod record;
pub mod terminal;

pub use evaluation::{Evaluation, Timing};
pub use record::{Record, Times};
