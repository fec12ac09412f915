//! The stack on which all code of a candidate runs: its own, so that its locals lie where we want them.

#![expect(unsafe_code, reason = "no language but assembly can change the stack")]

use std::arch::asm;

/// A stack at a place of its own, which is never given back.
pub(super) struct Stack {
    /// Its upper end.
    top: *mut u8,
}

impl Stack {
    /// A stack of `bytes` from `place` on. What lies below it must not be mapped, so that an overflow is a fault.
    pub(super) fn new(place: *mut u8, bytes: usize) -> Stack {
        let top = place.wrapping_add(bytes);
        Stack { top: top.wrapping_sub(top as usize % ALIGNMENT) }
    }

    /// Calls a function of three words that returns one, on this stack, from its upper end on.
    ///
    /// # Safety
    /// `function` must be the address of a function that takes no more than these words by the C convention, and they must be
    /// what it expects. It must not be called while this stack is in use.
    pub(super) unsafe fn call(&self, function: usize, [first, second, third]: [usize; 3]) -> usize {
        let result: usize;
        // SAFETY: the C convention is kept: registers that a callee may change are named, the others it keeps, among them the
        // one that holds our own stack meanwhile. The memory above the new stack is not touched.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            asm!(
                "mov r12, rsp",
                "mov rsp, {top}",
                "call {function}",
                "mov rsp, r12",
                out("r12") _,
                top = in(reg) self.top,
                function = in(reg) function,
                inlateout("rdi") first => _,
                inlateout("rsi") second => _,
                inlateout("rdx") third => _,
                lateout("rax") result,
                clobber_abi("C"),
            );
        }
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        unsafe {
            asm!(
                "mov x20, sp",
                "mov sp, {top}",
                "blr {function}",
                "mov sp, x20",
                out("x20") _,
                top = in(reg) self.top,
                function = in(reg) function,
                inlateout("x0") first => result,
                inlateout("x1") second => _,
                inlateout("x2") third => _,
                clobber_abi("C"),
            );
        }
        result
    }
}

/// Of the stack pointer at a call, on both processors.
const ALIGNMENT: usize = 16;
