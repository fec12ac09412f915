//! The sandbox from outside: candidates against a small contract of the tests' own.

mod compiling;
mod kit;
mod leftovers;
mod running;
mod screening;
