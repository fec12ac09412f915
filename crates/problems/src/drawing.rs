//! What populations of any problem are made of: chance, windows, clusters, and their text as scenario files.

mod arrivals;
mod capacity;
mod check;
mod luck;
mod machines;
pub(crate) mod text;
mod window;

pub use arrivals::{Arrivals, Surge};
pub use capacity::{Saturated, saturated, saturated_rate};
pub(crate) use check::{Checked, choices, plain, range, within};
pub(crate) use luck::{Luck, log_uniform, middle, pick, stratified, tokens, uniform};
pub use machines::Machines;
pub use window::PastRange;
pub(crate) use window::{Before, Window};
