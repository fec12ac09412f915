//! A campaign's record as terminal text, Markdown, HTML and JSON.
//!
//! Values in, text out: nothing here reads a file, a clock or the environment, and nothing prints. Facts are computed once,
//! in plain structs; `page` is what is read first; sections and pictures say the rest; the renderers only lay these out. Start with these
//! files: [`record`] (what comes in), `facts` (what is known), `page` (what is said first), [`json`] (the shapes that other tools read).

mod calibration;
pub mod contrast;
mod curves;
mod difference;
mod document;
mod effort;
pub mod evaluation;
mod facts;
mod features;
#[cfg(test)]
mod fixture;
mod formula;
pub mod html;
pub mod json;
mod lineage;
mod listed;
pub mod live;
pub mod markdown;
mod page;
mod panels;
mod path;
mod picture;
mod principles;
pub mod record;
mod sections;
mod spend;
mod standing;
pub mod terminal;
mod terms;
mod tuning;
mod words;
mod yardsticks;

pub use evaluation::{Evaluation, Timing};
pub use listed::Listed;
pub use record::{Held, Losses, Record, Stage, Times, quoted};
pub use words::{effect, elenchus, moment};

use science::spec::Spec;

/// What a policy is worth, as a campaign's problem calls it.
pub fn worth(spec: &Spec, worth: f64) -> String {
    let terms = terms::Terms(spec);
    format!("{} {}", terms.worth_of(worth, None), terms.worth())
}

/// The yardstick that policies are to beat, in one line.
pub fn reference(spec: &Spec, gain: f64, cost: f64) -> String {
    let terms = terms::Terms(spec);
    let paid = terms.cost().map_or_else(String::new, |name| format!(", {name} {}", terms.cost_of(cost)));
    format!("the reference: {} {}{paid}", terms.gain(), words::percent(gain))
}
