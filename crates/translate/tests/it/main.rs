//! Tests of the translator, and of what it writes.

mod go;
mod maths;
mod subset;
