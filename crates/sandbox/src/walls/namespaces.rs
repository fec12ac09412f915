//! Namespaces: views of the kernel in which the names of the outside mean nothing. Taken where the kernel gives them.
//!
//! Not mandatory, because most containers refuse them, and because nothing rests on them alone: what they hide is denied by
//! the filter of system calls or by Landlock too.
//!
//! There is no namespace of processes. Its first process ignores the signal that tells a time limit, so a time-out would
//! read as a lack of memory; a process in between to prevent that would have to be waited for, killed and told apart from
//! its child. Other processes cannot be named anyway: `/proc` is out of reach, and signals are denied.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::cell::Cell;

/// A namespace that is taken where it can be had.
pub(super) struct Namespace {
    pub name: &'static str,
    flag: libc::c_int,
    /// What it does.
    about: &'static str,
}

/// All of them. The first is what lets an ordinary user have the others.
pub(super) const ALL: [Namespace; 3] = [
    Namespace {
        name: "user namespace",
        flag: libc::CLONE_NEWUSER,
        about: "a jail has no rights beyond those of its files' owner, be it started by root",
    },
    Namespace { name: "network namespace", flag: libc::CLONE_NEWNET, about: "the compiler sees no network" },
    Namespace {
        name: "ipc namespace",
        flag: libc::CLONE_NEWIPC,
        about: "the compiler sees no shared memory or queues",
    },
];

/// Enters a user namespace where that is possible, and then gives up every capability. `all` takes the others too. What the
/// kernel does not give is no error.
pub(super) fn enter(cell: &Cell, all: bool) {
    let user = keeps_access(cell) && unshare(libc::CLONE_NEWUSER).is_ok();
    for namespace in ALL[1..].iter().filter(|_| all) {
        let _ = unshare(namespace.flag);
    }
    // In a namespace of its own a process has every capability over that namespace, which nothing here needs. Outside of
    // one, root may need those by which it reads the files of others, as before.
    let kept = if user { 0 } else { capabilities().map_or(0, |all| all & READING) };
    let _ = set_capabilities(kept, kept);
}

/// Whether this namespace can be had, tried by a process of its own: a process that has threads cannot enter one.
#[expect(unsafe_code, reason = "the standard library cannot fork")]
pub(super) fn attempt(namespace: &Namespace) -> Result<String, String> {
    // SAFETY: between fork and exit the child makes nothing but system calls, as it must when there were threads.
    let status = unsafe {
        match libc::fork() {
            0 => {
                let privileged = libc::unshare(namespace.flag) == 0;
                let had = privileged || libc::unshare(libc::CLONE_NEWUSER | namespace.flag) == 0;
                libc::_exit(if had { 0 } else { *libc::__errno_location() & 0xff })
            }
            -1 => return Err(io::Error::last_os_error().to_string()),
            child => {
                let mut status = 0;
                while libc::waitpid(child, &mut status, 0) == -1 {
                    let error = io::Error::last_os_error();
                    if error.kind() != io::ErrorKind::Interrupted {
                        return Err(error.to_string());
                    }
                }
                status
            }
        }
    };
    match (libc::WIFEXITED(status), libc::WEXITSTATUS(status)) {
        (true, 0) => Ok(namespace.about.to_owned()),
        (true, error) => Err(format!("{}; the jail does without it", io::Error::from_raw_os_error(error))),
        (false, _) => Err("the attempt was killed; the jail does without it".to_owned()),
    }
}

/// Whether the files of the cell can be reached without the capabilities that are lost in a user namespace. Only root can
/// have reached them by those: a toolchain in the private home of another user, say.
fn keeps_access(cell: &Cell) -> bool {
    let Some(all) = capabilities().filter(|all| all & READING != 0) else { return true };
    if set_capabilities(0, all).is_err() {
        return false;
    }
    let reached = cell.read.iter().chain(&cell.execute).chain(&cell.write).all(|path| is_readable(path));
    set_capabilities(all, all).is_ok() && reached
}

fn is_readable(path: &Path) -> bool {
    File::open(path).is_ok()
}

/// `CAP_DAC_OVERRIDE` and `CAP_DAC_READ_SEARCH`: what files say about who may read them does not hold.
const READING: u64 = 1 << 1 | 1 << 2;

#[expect(unsafe_code, reason = "the C library has no function for this")]
fn unshare(flag: libc::c_int) -> io::Result<()> {
    // SAFETY: it takes a number.
    match unsafe { libc::unshare(flag) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Header of the kernel's calls about capabilities: version 3, this thread.
const HEADER: [u32; 2] = [0x2008_0522, 0];

/// The permitted capabilities of this thread.
#[expect(unsafe_code, reason = "the C library has no function for this")]
fn capabilities() -> Option<u64> {
    // Effective, permitted, inheritable; the low halves, then the high ones.
    let mut sets = [[0_u32; 3]; 2];
    // SAFETY: the kernel reads a header and writes two triples.
    let done = unsafe { libc::syscall(libc::SYS_capget, HEADER.as_ptr(), sets.as_mut_ptr()) };
    (done == 0).then(|| u64::from(sets[1][1]) << 32 | u64::from(sets[0][1]))
}

#[expect(unsafe_code, reason = "the C library has no function for this")]
fn set_capabilities(effective: u64, permitted: u64) -> io::Result<()> {
    let half = |shift: u32| [(effective >> shift) as u32, (permitted >> shift) as u32, 0];
    let sets = [half(0), half(32)];
    // SAFETY: the kernel reads a header and two triples.
    match unsafe { libc::syscall(libc::SYS_capset, HEADER.as_ptr(), sets.as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
