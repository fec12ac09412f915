//! Which cores are shared by a session and its process.

use std::marker::PhantomData;
use std::mem;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::outcome::SandboxError;

/// The calling thread's bond to a core; ends on drop. See [`Session::share_core`](crate::Session::share_core).
#[derive(Debug)]
pub struct Core {
    /// The core, and where the thread was allowed before.
    bond: Option<(usize, Mask)>,
    /// Affinity belongs to a thread, so this must be dropped where it was made.
    _thread: PhantomData<*const ()>,
}

/// Cores that a session of this process keeps to. Two on one core would halve each other's speed.
static TAKEN: Mutex<Vec<usize>> = Mutex::new(Vec::new());

impl Core {
    /// Binds the calling thread and that process to a core that is free, preferably the current one.
    pub(crate) fn share(process: u32) -> Result<Core, SandboxError> {
        let before = Mask::of_thread()?;
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = (0..MAX_CORES).filter(|&core| before.has(core) && !taken.contains(&core));
        let current = current_core();
        let Some(first) = free.next() else { return Ok(Core { bond: None, _thread: PhantomData }) };
        let core = if first == current || free.any(|core| core == current) { current } else { first };
        let only = Mask::only(core);
        only.set(process)?;
        only.set(THIS_THREAD)?;
        taken.push(core);
        Ok(Core { bond: Some((core, before)), _thread: PhantomData })
    }

    /// The core, if one was free.
    pub fn number(&self) -> Option<usize> {
        self.bond.as_ref().map(|bond| bond.0)
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        if let Some((core, before)) = self.bond.take() {
            // It was allowed before; if the system has since taken those cores away the thread stays where it is.
            let _ = before.set(THIS_THREAD);
            TAKEN.lock().unwrap_or_else(PoisonError::into_inner).retain(|&taken| taken != core);
        }
    }
}

const THIS_THREAD: u32 = 0;
const MAX_CORES: usize = libc::CPU_SETSIZE as usize;

/// A set of cores.
#[derive(Clone, Copy)]
struct Mask(libc::cpu_set_t);

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries((0..MAX_CORES).filter(|&core| self.has(core))).finish()
    }
}

#[expect(unsafe_code, reason = "affinity is read and set by calls of the C library")]
impl Mask {
    fn of_thread() -> Result<Mask, SandboxError> {
        // SAFETY: a set is plain bits, all zero is the empty one; the call writes no more than the size it is told.
        unsafe {
            let mut set: libc::cpu_set_t = mem::zeroed();
            match libc::sched_getaffinity(0, mem::size_of_val(&set), &mut set) {
                0 => Ok(Mask(set)),
                _ => Err(failure()),
            }
        }
    }

    fn only(core: usize) -> Mask {
        // SAFETY: as above; the core is below the size of the set.
        unsafe {
            let mut set: libc::cpu_set_t = mem::zeroed();
            libc::CPU_SET(core, &mut set);
            Mask(set)
        }
    }

    fn has(&self, core: usize) -> bool {
        // SAFETY: the core is below the size of the set.
        unsafe { libc::CPU_ISSET(core, &self.0) }
    }

    fn set(&self, process: u32) -> Result<(), SandboxError> {
        // SAFETY: the call only reads the set.
        match unsafe { libc::sched_setaffinity(process as libc::pid_t, mem::size_of_val(&self.0), &self.0) } {
            0 => Ok(()),
            _ => Err(failure()),
        }
    }
}

#[expect(unsafe_code, reason = "a number from the C library")]
fn current_core() -> usize {
    // SAFETY: it takes nothing.
    usize::try_from(unsafe { libc::sched_getcpu() }).unwrap_or(0)
}

fn failure() -> SandboxError {
    SandboxError::io("share a core with", Path::new("the candidate's process"))(std::io::Error::last_os_error())
}
