//! The sandbox from outside: candidates against a small contract of the tests' own.

mod addresses;
mod breakout;
mod compiling;
mod hostile_compiler;
mod kit;
mod leftovers;
mod missing_walls;
mod running;
mod screening;
mod second_opinion;
