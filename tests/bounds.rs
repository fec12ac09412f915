//! What comes in from outside is bounded where it is read, and cleaned where it goes out.

mod clean;
mod experiments;
mod pipes;
mod replies;
mod special;
