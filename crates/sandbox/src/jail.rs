//! What the child process does.

use std::ffi::OsString;

/// The first argument by which the runner knows that it is to be the jail.
pub const ARGUMENT: &str = "__jail";

/// A function of the maths table; those of one argument ignore the second.
pub type MathsFn = extern "C" fn(f64, f64) -> f64;

/// Is the jail. The runner calls this first thing, before it has any thread, with the arguments that follow [`ARGUMENT`].
/// `maths` is what the kit's `install` function is given, in the kit's order.
pub fn main(_args: impl Iterator<Item = OsString>, _maths: &'static [MathsFn]) -> ! {
    std::process::exit(1)
}
