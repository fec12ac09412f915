//! A candidate's object in this process.

#![expect(
    unsafe_code,
    reason = "loads machine code and calls it; the wrapper that was compiled into it fixes the signatures"
)]

use std::alloc::{self, Layout};
use std::ffi::{OsStr, c_void};

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use super::MathsFn;

/// The functions that the generated wrapper exports.
pub(super) struct Object {
    layout: Layout,
    maths_bytes: usize,
    bind: unsafe extern "C" fn(*const c_void, Report),
    start: unsafe extern "C" fn(*mut u8, *const f64, usize),
    answer: unsafe extern "C" fn(*mut u8, *const u8, usize) -> u8,
    describe: unsafe extern "C" fn(*mut u8, usize) -> usize,
}

/// What a panicking candidate calls with its message.
pub(super) type Report = extern "C" fn(*const u8, usize);

/// Room for one candidate's state.
pub(super) struct Seat(*mut u8);

impl Object {
    /// Loads it, for as long as the process lives. Runs none of its code.
    pub(super) fn load(path: &OsStr) -> Result<Object, libloading::Error> {
        // SAFETY: the object was proven to have no code that runs on loading, and its exports have these types, both by the
        // compiler's part of this crate. It is never unloaded, so the functions stay valid.
        unsafe {
            let library = Library::open(Some(path), RTLD_NOW | RTLD_LOCAL)?;
            let [size, align, maths_bytes] = **library.get::<*const [usize; 3]>(c"CANDIDATE_LAYOUT")?;
            // The compiler admits no type that is no layout.
            let layout = Layout::from_size_align(size.max(1), align).unwrap_or(Layout::new::<u8>());
            let object = Object {
                layout,
                maths_bytes,
                bind: *library.get(c"candidate_bind")?,
                start: *library.get(c"candidate_start")?,
                answer: *library.get(c"candidate_answer")?,
                describe: *library.get(c"candidate_describe")?,
            };
            std::mem::forget(library);
            Ok(object)
        }
    }

    /// Makes room for a seat, if the memory suffices.
    pub(super) fn room(&self) -> Option<Seat> {
        // SAFETY: the layout has a size above zero.
        let slot = unsafe { alloc::alloc(self.layout) };
        (!slot.is_null()).then_some(Seat(slot))
    }

    /// Whether the kit wants a table of as many functions.
    pub(super) fn fits(&self, maths: &[MathsFn]) -> bool {
        self.maths_bytes == size_of_val(maths)
    }

    /// Gives the candidate its maths, which must fit, and the way to report a panic.
    pub(super) fn bind(&self, maths: &'static [MathsFn], report: Report) {
        // SAFETY: the table lives forever and is as long as the kit's.
        unsafe { (self.bind)(maths.as_ptr().cast(), report) }
    }

    /// Starts a run in this room. Code of the candidate.
    pub(super) fn start(&self, seat: &Seat, parameters: &[f64]) {
        // SAFETY: the room has the layout that the object asked for.
        unsafe { (self.start)(seat.0, parameters.as_ptr(), parameters.len()) }
    }

    /// Answers a question. Code of the candidate. The seat must have been started.
    pub(super) fn answer(&self, seat: &Seat, question: &[u8]) -> u8 {
        // SAFETY: `serve` starts all seats before the first question.
        unsafe { (self.answer)(seat.0, question.as_ptr(), question.len()) }
    }

    /// Lets the candidate describe itself; returns the number of bytes written.
    pub(super) fn describe(&self, out: &mut [u8]) -> usize {
        // SAFETY: pointer and length are those of a slice.
        unsafe { (self.describe)(out.as_mut_ptr(), out.len()) }.min(out.len())
    }
}

/// The message that a panicking candidate hands to its [`Report`].
pub(super) fn message<'a>(text: *const u8, length: usize) -> &'a [u8] {
    // SAFETY: the wrapper passes a buffer of its own that lives until the process ends.
    unsafe { std::slice::from_raw_parts(text, length) }
}

/// Lets the kernel speak for itself: the standard library's handler would print and abort.
pub(super) fn default_fault_signals() {
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        // SAFETY: restoring the default action has no preconditions.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}
