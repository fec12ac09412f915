//! The campaign database, and its mirror for people. The only SQL of the project.
//!
//! Truth is the event log of a campaign plus its observations; every other table is derived and is written in the same
//! transaction as the event that it follows from. Reading guide, in this order:
//!
//! 1. `migrations/`: what is stored.
//! 2. [`events`]: how a log is read back and folded; [`head`]: how a step is staged and committed; `log.rs`: the chains.
//! 3. `project.rs`: which derived rows follow from which event; `batch.rs`: how they are written at once, or not at all.
//! 4. [`open`](mod@open): how a database is opened without ever harming one that is not ours to touch or obeying one that
//!    somebody planted; `place.rs` (files), `schema.rs`, `deadline.rs` and `sizes.rs` say what keeps it so.
//! 5. [`check`](mod@check): everything is held against everything else.
//!
//! [`export`](mod@export) hands tables out to the tools of others; `pulse.rs` says cheaply whether anything was added.
//! [`mirror`] writes candidates into a git repository that can be thrown away and written again. [`lock`](mod@lock)
//! keeps two processes from running one campaign.

mod batch;
pub mod campaigns;
mod chapters;
pub mod check;
mod deadline;
pub mod error;
pub mod events;
pub mod export;
pub mod head;
pub mod lock;
mod log;
pub mod mirror;
pub mod observations;
pub mod open;
mod place;
mod project;
mod pulse;
mod rebuild;
mod schema;
mod sizes;
pub mod texts;
pub mod trials;

pub use campaigns::{CampaignId, CampaignRow};
pub use chapters::Chapter;
pub use check::Finding;
pub use error::StoreError;
pub use events::{Extra, Loaded, Stored};
pub use export::{Cell, Export};
pub use head::{LogHead, Staged};
pub use lock::{Lock, lock};
pub use observations::Observation;
pub use open::Store;
pub use pulse::Pulse;
pub use trials::TrialRow;
