//! A campaign's record as terminal text, Markdown and JSON.
//!
//! Values in, text out: nothing here reads a file, a clock or the environment, and nothing prints. Facts are computed once,
//! in plain structs; sections say them in words; the renderers only lay these out. Start with these three files:
//! [`record`] (what comes in), `facts` (what is said), [`json`] (the shapes that other tools read).

mod calibration;
mod curves;
mod document;
mod effort;
pub mod evaluation;
mod facts;
pub mod json;
mod lineage;
pub mod markdown;
mod panels;
mod path;
mod principles;
pub mod record;
mod sections;
mod spend;
mod standing;
pub mod terminal;
mod tuning;
mod words;
mod yardsticks;

pub use evaluation::{Evaluation, Timing};
pub use record::{Losses, Record, Times};
pub use words::{effect, moment};
