//! What the child process does.
//!
//! In order: give up all descriptors but its three pipes; then, as the compiler's jail, close the cell and become `rustc`;
//! or, as a candidate's jail, close the cell, take the object, close it further, and serve (`jail/serve.rs`). Nothing of a
//! candidate's is touched before the cell is closed.

mod object;
mod serve;
mod stack;

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::cell::Cell;
use crate::walls::{self, Filter, Missing};

/// The first argument by which the runner knows that it is to be the jail.
pub const ARGUMENT: &str = "__jail";

/// A function of the maths table; those of one argument ignore the second.
pub type MathsFn = extern "C" fn(f64, f64) -> f64;

/// The task of the compiler's jail: the cell, then the program and its arguments.
pub(crate) const COMPILE: &str = "compile";
/// The task of a candidate's jail: the cell, then the placement.
pub(crate) const RUN: &str = "run";
/// Exit status of a jail that could not be closed; which `rustc` never uses.
pub(crate) const NOT_CLOSED: i32 = 97;

/// Is the jail. The runner calls this first thing, before it has any thread, with the arguments that follow [`ARGUMENT`].
/// `maths` is what the kit's `install` function is given, in the kit's order.
pub fn main(mut arguments: impl Iterator<Item = OsString>, maths: &'static [MathsFn]) -> ! {
    let task = arguments.next();
    let cell = Cell::from_arguments(&mut arguments);
    match (task.as_ref().and_then(|task| task.to_str()), cell) {
        (Some(COMPILE), Some(cell)) => compile(&cell, arguments),
        (Some(RUN), Some(cell)) => serve::run(&cell, arguments, maths),
        _ => exit(NOT_CLOSED),
    }
}

/// Becomes the compiler. Returns never: what fails is told on stderr, which the session of the compiler reads anyway.
fn compile(cell: &Cell, mut arguments: impl Iterator<Item = OsString>) -> ! {
    // The death signal last: the kernel forgets it where rights change.
    let closed =
        drop_descriptors().and_then(|()| walls::close(cell, Filter::Compiler)).and_then(|()| die_with_parent());
    let failure = match (closed, arguments.next()) {
        (Ok(()), Some(program)) => {
            let error = Command::new(&program).args(arguments).exec();
            Missing { wall: "compiler", reason: format!("cannot start {}: {error}", program.display()) }
        }
        (Ok(()), None) => Missing { wall: "compiler", reason: "no program is named".to_owned() },
        (Err(missing), _) => missing,
    };
    // If even this fails the exit status still says so.
    let _ = write!(std::io::stderr(), "{}\n{}", failure.wall, failure.reason);
    exit(NOT_CLOSED)
}

/// Closes whatever was inherited beside stdin, stdout and stderr.
#[expect(unsafe_code, reason = "closing descriptors by number bypasses their owners")]
fn drop_descriptors() -> Result<(), Missing> {
    // SAFETY: nothing in this process owns a descriptor yet but the standard three, which stay.
    match unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) } {
        0 => Ok(()),
        _ => Err(Missing { wall: "descriptors", reason: std::io::Error::last_os_error().to_string() }),
    }
}

/// Without this a compiler would go on after the death of its master. Right here only because the thread that started it
/// waits for it: the signal is tied to that thread.
#[expect(unsafe_code, reason = "a property of the process is set by a call of the C library")]
fn die_with_parent() -> Result<(), Missing> {
    // SAFETY: this prctl takes plain numbers.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) } {
        0 => Ok(()),
        _ => Err(Missing { wall: "death signal", reason: std::io::Error::last_os_error().to_string() }),
    }
}

/// Ends the process at once: no destructors and no exit handlers, which a sealed process could not run.
#[expect(unsafe_code, reason = "the C library's immediate exit")]
fn exit(status: i32) -> ! {
    // SAFETY: it takes a number and does not return.
    unsafe { libc::_exit(status) }
}
