//! A candidate's object in this process.

#![expect(
    unsafe_code,
    reason = "maps machine code and calls it; the wrapper that was compiled into it fixes the signatures"
)]

use std::ffi::c_void;
use std::io;
use std::ops::Range;
use std::ptr;

use super::MathsFn;
use super::stack::Stack;
use crate::elf::Proven;
use crate::limits::MAX_STATE_BYTES;
use crate::places::{self, DESK_BYTES, Places};
use crate::protocol::MAX_ANSWER_BYTES;

/// A loaded object, with the one slot and the one desk at which all seats are answered.
pub(super) struct Object {
    /// Bytes of the state of one seat.
    state_bytes: usize,
    maths_bytes: usize,
    answer_bytes: usize,
    bind: usize,
    start: usize,
    answer: usize,
    describe: usize,
    slot: *mut u8,
    desk: *mut u8,
    stack: Stack,
}

/// What a panicking candidate calls with its message.
pub(super) type Report = extern "C" fn(*const u8, usize);

/// Why an object cannot be loaded.
pub(super) enum Unloadable {
    /// The system does not give the place for it.
    Place(io::Error),
    /// It is no object of ours.
    Object(String),
    /// The state of one seat is larger than it may be; its bytes.
    State(usize),
}

impl Object {
    /// Loads it, for as long as the process lives. Runs none of its code.
    pub(super) fn load(
        object: &[u8],
        places: &Places,
        stack_bytes: usize,
        anywhere: bool,
    ) -> Result<Object, Unloadable> {
        let take = |place, bytes| places::take(place, bytes, anywhere).map_err(Unloadable::Place);
        let proven = Proven::read(object).map_err(Unloadable::Object)?;
        let symbol = |name: &str| {
            let found = proven.export(name).and_then(|address| usize::try_from(address).ok());
            found.ok_or_else(|| Unloadable::Object(format!("it does not define `{name}`")))
        };
        let layout = symbol("CANDIDATE_LAYOUT")?;
        let word = |index: usize| {
            let word = proven.word((layout + 8 * index) as u64).and_then(|word| usize::try_from(word).ok());
            word.ok_or_else(|| Unloadable::Object("it does not say how large its state is".to_owned()))
        };
        let (state_bytes, align, maths_bytes, answer_bytes) = (word(0)?, word(1)?, word(2)?, word(3)?);
        if !(1..=MAX_ANSWER_BYTES).contains(&answer_bytes) {
            return Err(Unloadable::Object(format!("its contract answers with {answer_bytes} bytes")));
        }
        if state_bytes > MAX_STATE_BYTES || !align.is_power_of_two() || align > places::page_bytes() {
            return Err(Unloadable::State(state_bytes));
        }
        let base = place(&proven, places.object, anywhere)?;
        let offset = places.offset;
        Ok(Object {
            state_bytes,
            maths_bytes,
            answer_bytes,
            bind: base + symbol("candidate_bind")?,
            start: base + symbol("candidate_start")?,
            answer: base + symbol("candidate_answer")?,
            describe: base + symbol("candidate_describe")?,
            slot: take(places.slot, MAX_STATE_BYTES + places::page_bytes())?.wrapping_add(offset / align * align),
            desk: take(places.desk, DESK_BYTES + places::page_bytes())?.wrapping_add(offset),
            stack: Stack::new(take(places.stack, stack_bytes)?, stack_bytes - offset),
        })
    }

    /// Bytes of the state of one seat.
    pub(super) fn state_bytes(&self) -> usize {
        self.state_bytes
    }

    /// Bytes of an answer.
    pub(super) fn answer_bytes(&self) -> usize {
        self.answer_bytes
    }

    /// Whether the kit wants a table of as many functions.
    pub(super) fn fits(&self, maths: &[MathsFn]) -> bool {
        self.maths_bytes == size_of_val(maths)
    }

    /// Gives the candidate its maths, which must fit, and the way to report a panic.
    pub(super) fn bind(&self, maths: &'static [MathsFn], report: Report) {
        // SAFETY: the table lives forever and is as long as the kit's.
        unsafe { self.stack.call(self.bind, [maths.as_ptr() as usize, report as usize, 0]) };
    }

    /// Starts a run, whose state is left in `state`. Code of the candidate.
    pub(super) fn start(&self, state: &mut [u8], parameters: &[f64]) {
        let bytes = size_of_val(parameters);
        assert!(state.len() == self.state_bytes && bytes <= DESK_BYTES, "`serve` makes room for both");
        // SAFETY: slot and desk are as large as that, and aligned; nothing else refers to them.
        unsafe {
            ptr::copy_nonoverlapping(parameters.as_ptr().cast(), self.desk, bytes);
            ptr::write_bytes(self.slot, 0, self.state_bytes);
            self.stack.call(self.start, [self.slot as usize, self.desk as usize, parameters.len()]);
            ptr::copy_nonoverlapping(self.slot, state.as_mut_ptr(), self.state_bytes);
        }
    }

    /// Answers a question to the seat with this state. Code of the candidate. The seat must have been started.
    pub(super) fn answer(&self, state: &mut [u8], question: &[u8], answer: &mut [u8]) {
        let fits = state.len() == self.state_bytes && question.len() <= DESK_BYTES && answer.len() == self.answer_bytes;
        assert!(fits, "`serve` makes room for all of them");
        // SAFETY: as above. The state is a value that `start` or the answer before left in the slot; moving it away and back
        // is what Rust allows with every value that nothing borrows.
        unsafe {
            ptr::copy_nonoverlapping(question.as_ptr(), self.desk, question.len());
            ptr::copy_nonoverlapping(state.as_ptr(), self.slot, self.state_bytes);
            self.stack.call(self.answer, [self.slot as usize, self.desk as usize, question.len()]);
            ptr::copy_nonoverlapping(self.slot, state.as_mut_ptr(), self.state_bytes);
            ptr::copy_nonoverlapping(self.desk, answer.as_mut_ptr(), self.answer_bytes);
        }
    }

    /// Lets the candidate describe itself; returns the number of bytes written.
    pub(super) fn describe(&self, out: &mut [u8]) -> usize {
        let room = out.len().min(DESK_BYTES);
        // SAFETY: the desk is as large as that.
        unsafe {
            let length = self.stack.call(self.describe, [self.desk as usize, room, 0]).min(room);
            ptr::copy_nonoverlapping(self.desk, out.as_mut_ptr(), length);
            length
        }
    }
}

/// Puts the object in its place; returns its address.
fn place(proven: &Proven<'_>, wanted: usize, anywhere: bool) -> Result<usize, Unloadable> {
    // The size does not depend on the place, the words in it do.
    let bytes = proven.image(0, [0; 5]).bytes.len().next_multiple_of(places::page_bytes());
    let base = places::take(wanted, bytes, anywhere).map_err(Unloadable::Place)?;
    let given: [*const c_void; 5] = [
        libc::memcpy as *const c_void,
        libc::memmove as *const c_void,
        libc::memset as *const c_void,
        libc::memcmp as *const c_void,
        // It may tell more than was asked.
        libc::memcmp as *const c_void,
    ];
    let image = proven.image(base as u64, given.map(|function| function as u64));
    // SAFETY: there are as many bytes.
    unsafe { ptr::copy_nonoverlapping(image.bytes.as_ptr(), base, image.bytes.len()) };
    let protect = |range: Range<usize>, access: libc::c_int| {
        // SAFETY: the range lies in what was taken above.
        match unsafe { libc::mprotect(base.wrapping_add(range.start).cast(), range.len(), access) } {
            0 => Ok(()),
            _ => Err(Unloadable::Place(io::Error::last_os_error())),
        }
    };
    protect(0..bytes, libc::PROT_NONE)?;
    let page = places::page_bytes();
    let whole = |range: &Range<usize>| range.start / page * page..range.end.next_multiple_of(page);
    let (code, data) = (libc::PROT_READ | libc::PROT_EXEC, libc::PROT_READ | libc::PROT_WRITE);
    for (ranges, access) in [(&image.data, data), (&image.constant, libc::PROT_READ), (&image.code, code)] {
        ranges.iter().try_for_each(|range| protect(whole(range), access))?;
    }
    for range in &image.settled {
        let (start, end) = (range.start.next_multiple_of(page), range.end / page * page);
        protect(start..end.max(start), libc::PROT_READ)?;
    }
    Ok(base as usize)
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
