//! The generated crate around a candidate: what makes a loadable object of it.

use crate::kit::Kit;

/// File name of the generated crate root in a build directory.
pub(crate) const FILE: &str = "wrapper.rs";
/// File name of the candidate beside it. It shows in the compiler's diagnostics and in panics.
pub(crate) const CANDIDATE_FILE: &str = "candidate.rs";

/// The crate root. The candidate is a file of its own, so that its lines keep their numbers; `forbid` cannot be undone by an
/// attribute inside it.
pub(crate) fn text(kit: &Kit) -> String {
    TEMPLATE.replace("{STATE}", kit.state).replace("{INSTALL}", kit.install).replace("{CANDIDATE_FILE}", CANDIDATE_FILE)
}

/// `core` is compiled with unwinding and refers to a personality routine; without one of our own the object would not load.
/// A panic is reported and then ends the process by an illegal instruction: a loop would hang, and there is nothing to
/// unwind to.
const TEMPLATE: &str = r#"#![no_std]

#[forbid(unsafe_code)]
#[path = "{CANDIDATE_FILE}"]
mod candidate;

use core::ffi::c_void;
use core::fmt::Write;
use core::mem::{align_of, size_of};
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

type State = {STATE};
type Report = extern "C" fn(*const u8, usize);

/// Bytes and alignment of a seat, bytes of the maths table, bytes of an answer. Data, since no code of this object may run before the jail is
/// closed.
#[unsafe(no_mangle)]
static CANDIDATE_LAYOUT: [usize; 4] =
    [size_of::<State>(), align_of::<State>(), table_size({INSTALL}), answer_size(State::answer)];

const fn answer_size<const N: usize>(_: fn(&mut State, &[u8]) -> [u8; N]) -> usize {
    N
}

const fn table_size<T: 'static>(_: fn(&'static T)) -> usize {
    size_of::<T>()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn candidate_bind(table: *const c_void, report: Report) {
    REPORT.store(report as *mut c_void, Ordering::Release);
    unsafe { install_with({INSTALL}, table) }
}

unsafe fn install_with<T: 'static>(install: fn(&'static T), table: *const c_void) {
    install(unsafe { &*table.cast::<T>() });
}

#[unsafe(no_mangle)]
unsafe extern "C" fn candidate_start(slot: *mut State, parameters: *const f64, count: usize) {
    unsafe { slot.write(State::start(core::slice::from_raw_parts(parameters, count))) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn candidate_answer(slot: *mut State, desk: *mut u8, length: usize) {
    unsafe {
        let answer = (*slot).answer(core::slice::from_raw_parts(desk, length));
        // The question is done with: the answer takes its place.
        core::ptr::copy_nonoverlapping(answer.as_ptr(), desk, answer.len());
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn candidate_describe(out: *mut u8, room: usize) -> usize {
    unsafe { State::describe(core::slice::from_raw_parts_mut(out, room)) }
}

static REPORT: AtomicPtr<c_void> = AtomicPtr::new(core::ptr::null_mut());
static PANICKED: AtomicBool = AtomicBool::new(false);

struct Text {
    bytes: [u8; 512],
    length: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for (room, byte) in self.bytes[self.length..].iter_mut().zip(text.bytes()) {
            *room = byte;
            self.length += 1;
        }
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    if !PANICKED.swap(true, Ordering::Relaxed) {
        let mut text = Text { bytes: [0; 512], length: 0 };
        let _ = write!(text, "{info}");
        let report = REPORT.load(Ordering::Acquire);
        if !report.is_null() {
            let report = unsafe { core::mem::transmute::<*mut c_void, Report>(report) };
            report(text.bytes.as_ptr(), text.length);
        }
    }
    trap()
}

#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    trap()
}

fn trap() -> ! {
    #[cfg(target_arch = "x86_64")]
    unsafe {
        core::arch::asm!("ud2", options(noreturn))
    }
    #[cfg(target_arch = "aarch64")]
    unsafe {
        core::arch::asm!("udf #0", options(noreturn))
    }
}
"#;
