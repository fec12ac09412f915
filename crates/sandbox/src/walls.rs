//! What keeps the child process in.
//!
//! Each wall is set up by the process that it is to hold, after it was started and before it touches anything of the
//! candidate's. None can be taken down again.

mod filter;
mod namespaces;

use std::error::Error;
use std::fs::File;
use std::io;
use std::net::UdpSocket;
use std::path::Path;
use std::thread;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};

use crate::cell::Cell;
use crate::limits::Walls;
use crate::outcome::SandboxError;
use crate::places;
pub(crate) use filter::Filter;

/// What became of the attempt to set up one wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallState {
    /// Its name, as in `landlock`.
    pub name: &'static str,
    /// Whether the jail refuses to work without it.
    pub mandatory: bool,
    /// What it does here, or why it cannot be had.
    pub state: Result<String, String>,
}

/// A wall that could not be set up.
#[derive(Debug)]
pub(crate) struct Missing {
    pub wall: &'static str,
    pub reason: String,
}

type Attempt = fn() -> Result<String, String>;

/// The walls without which the jail does not work. Each is tried on a thread that is given up afterwards: walls hold single
/// threads.
const MANDATORY: [(&str, Attempt); 6] = [
    ("limits", try_limits),
    ("no_new_privs", try_no_new_privs),
    ("landlock", try_landlock),
    ("seccomp", try_seccomp),
    ("process file descriptors", try_pidfd),
    (FIXED_PLACES, places::attempt),
];

/// The wall without which a candidate's addresses are other ones in every process, and tell seats apart.
pub(crate) const FIXED_PLACES: &str = "fixed places";

/// Tries every wall on this system, those first without which the jail does not work.
pub fn probe() -> Vec<WallState> {
    let mut walls: Vec<WallState> = MANDATORY.into_iter().map(attempt).collect();
    let optional = |name, state| WallState { name, mandatory: false, state };
    walls.push(optional("no randomisation", places::Unrandomised::attempt()));
    walls.extend(namespaces::ALL.iter().map(|space| optional(space.name, namespaces::attempt(space))));
    walls
}

fn attempt((name, attempt): (&'static str, Attempt)) -> WallState {
    let state = thread::spawn(attempt).join().unwrap_or_else(|_| Err("the attempt panicked".to_owned()));
    WallState { name, mandatory: true, state }
}

/// Fails with the first mandatory wall that is missing.
pub(crate) fn require() -> Result<(), SandboxError> {
    for wall in MANDATORY.into_iter().map(attempt) {
        if let Err(reason) = wall.state {
            return Err(SandboxError::Wall { wall: wall.name.to_owned(), reason });
        }
    }
    Ok(())
}

/// Closes the cell as far as it can be closed before the process turns to its task: limits, and unless walls are disabled
/// namespaces, no new privileges, files, and system calls. The process has one thread.
pub(crate) fn close(cell: &Cell, filter: Filter) -> Result<(), Missing> {
    limit(cell).map_err(missing("limits"))?;
    if cell.walls == Walls::Disabled {
        return Ok(());
    }
    // A namespace of the network takes longer to make than all other walls together. A compilation does not notice; a
    // candidate's process, started many times, cannot even ask for a socket.
    namespaces::enter(cell, matches!(filter, Filter::Compiler));
    no_new_privs().map_err(missing("no_new_privs"))?;
    landlock(cell).map_err(|reason| Missing { wall: "landlock", reason })?;
    filter.apply().map_err(|reason| Missing { wall: "seccomp", reason })
}

fn missing(wall: &'static str) -> impl FnOnce(io::Error) -> Missing {
    move |error| Missing { wall, reason: error.to_string() }
}

/// Files: only those of the cell. Network, signals and abstract sockets: nothing, where the kernel knows how.
fn landlock(cell: &Cell) -> Result<RestrictionStatus, String> {
    restrict(cell).map_err(|error| error.to_string()).and_then(|status| match status.ruleset {
        RulesetStatus::NotEnforced => Err("the kernel does not enforce it".to_owned()),
        RulesetStatus::PartiallyEnforced | RulesetStatus::FullyEnforced => Ok(status),
    })
}

fn restrict(cell: &Cell) -> Result<RestrictionStatus, Box<dyn Error>> {
    let all = AccessFs::from_all(ABI::V5);
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let grants = [(&cell.read, read), (&cell.execute, read | AccessFs::Execute), (&cell.write, all)];
    let mut rules = Ruleset::default()
        // Without the first version there is no wall; what later versions add is taken where it exists.
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .handle_access(AccessNet::from_all(ABI::V4))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?;
    for (paths, access) in grants {
        for path in paths {
            rules = rules.add_rule(PathBeneath::new(PathFd::new(path)?, access_to(path, access)))?;
        }
    }
    Ok(rules.restrict_self()?)
}

/// What of `access` has a meaning for this path: the rights over directories have none for a file.
fn access_to(path: &Path, access: BitFlags<AccessFs>) -> BitFlags<AccessFs> {
    if path.is_dir() { access } else { access & AccessFs::from_file(ABI::V5) }
}

#[expect(unsafe_code, reason = "limits are set by a call of the C library")]
fn limit(cell: &Cell) -> io::Result<()> {
    // One second between the signal that says what happened and the kill.
    let limits = [
        (libc::RLIMIT_CPU, cell.cpu_s, cell.cpu_s + 1),
        (libc::RLIMIT_AS, cell.memory_bytes, cell.memory_bytes),
        (libc::RLIMIT_STACK, cell.stack_bytes, cell.stack_bytes),
        (libc::RLIMIT_FSIZE, cell.file_bytes, cell.file_bytes),
        (libc::RLIMIT_NOFILE, cell.open_files, cell.open_files),
        (libc::RLIMIT_CORE, 0, 0),
    ];
    for (resource, soft, hard) in limits {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: `limit` is valid for the duration of the calls, which write and read it.
        unsafe {
            if libc::getrlimit(resource, &mut limit) != 0 {
                return Err(io::Error::last_os_error());
            }
            // Whoever started us may have set a lower bound, which only root could lift.
            let (soft, hard) = (soft.min(limit.rlim_max), hard.min(limit.rlim_max));
            if libc::setrlimit(resource, &libc::rlimit { rlim_cur: soft, rlim_max: hard }) != 0 {
                return Err(io::Error::last_os_error());
            }
        }
    }
    Ok(())
}

#[expect(unsafe_code, reason = "a flag of the thread is set by a call of the C library")]
fn no_new_privs() -> io::Result<()> {
    // SAFETY: this prctl takes plain numbers.
    match unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[expect(unsafe_code, reason = "limits are read and written by calls of the C library")]
fn try_limits() -> Result<String, String> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for both calls; setting what was read changes nothing.
    let done =
        unsafe { libc::getrlimit(libc::RLIMIT_CPU, &mut limit) == 0 && libc::setrlimit(libc::RLIMIT_CPU, &limit) == 0 };
    if done {
        Ok("processor time, memory, stack, file size, open files".to_owned())
    } else {
        Err(io::Error::last_os_error().to_string())
    }
}

fn try_no_new_privs() -> Result<String, String> {
    no_new_privs().map_err(|error| error.to_string())?;
    Ok("set-user-id programs give nothing".to_owned())
}

fn try_landlock() -> Result<String, String> {
    let nothing = Cell {
        walls: Walls::Required,
        cpu_s: 0,
        memory_bytes: 0,
        stack_bytes: 0,
        file_bytes: 0,
        open_files: 0,
        read: Vec::new(),
        execute: Vec::new(),
        write: Vec::new(),
    };
    let status = landlock(&nothing)?;
    match File::open("/") {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(enforced(&status)),
        Err(error) => Err(format!("opening a directory failed for another reason: {error}")),
        Ok(_) => Err("it was set up, yet a directory could be opened".to_owned()),
    }
}

/// How far Landlock goes here.
fn enforced(status: &RestrictionStatus) -> String {
    let version = match status.landlock {
        LandlockStatus::Available { effective_abi, kernel_abi } => kernel_abi.unwrap_or(effective_abi as i32),
        LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => 0,
    };
    let missing = beyond(version);
    let rest = if missing.is_empty() {
        "fully enforced".to_owned()
    } else {
        format!("partially enforced; not by Landlock on this kernel: {}", missing.join(", "))
    };
    format!("files outside are out of reach (version {version}, {rest})")
}

/// What this version of Landlock does not guard, of what the jail asks of it.
fn beyond(version: i32) -> Vec<&'static str> {
    let since = [(2, "moving files"), (3, "truncating"), (4, "network"), (5, "devices"), (6, "signals")];
    since.into_iter().filter(|&(first, _)| version < first).map(|(_, what)| what).collect()
}

fn try_seccomp() -> Result<String, String> {
    no_new_privs().map_err(|error| error.to_string())?;
    Filter::Compiler.apply()?;
    match UdpSocket::bind("127.0.0.1:0") {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok("system calls are filtered".to_owned()),
        Err(error) => Err(format!("opening a socket failed for another reason: {error}")),
        Ok(_) => Err("it was set up, yet a socket could be opened".to_owned()),
    }
}

fn try_pidfd() -> Result<String, String> {
    match crate::group::watch(std::process::id()) {
        Ok(_) => Ok("the end of a process is noticed".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wall_stands_here_and_trying_leaves_this_process_free() {
        for wall in probe() {
            assert!(wall.state.is_ok() || !wall.mandatory, "{wall:?}");
        }
        assert!(File::open("/").is_ok());
        assert!(UdpSocket::bind("127.0.0.1:0").is_ok());
    }

    #[test]
    fn an_old_kernel_is_told_what_landlock_does_not_guard_there() {
        assert_eq!(beyond(1), ["moving files", "truncating", "network", "devices", "signals"]);
        assert_eq!(beyond(4), ["devices", "signals"]);
        assert!(beyond(6).is_empty() && beyond(7).is_empty());
    }
}
