//! A child process with all its descendants.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::time::Instant;

/// A child that leads a process group of its own. Dropping it kills the group.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    status: Option<ExitStatus>,
}

/// How a [`Group::finish`] ended.
pub(crate) struct Finished {
    /// `None` if the deadline came first.
    pub status: Option<ExitStatus>,
    /// The beginning of what it wrote to stderr.
    pub stderr: Vec<u8>,
}

impl Group {
    /// Starts it. The caller has emptied its environment.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Group> {
        let child = command.process_group(0).spawn()?;
        Ok(Group { child, status: None })
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the child ends or the deadline comes, then kills what is left of the group. Keeps at most `kept_bytes` of
    /// stderr, and does not wait for descendants that hold it open.
    pub(crate) fn finish(mut self, deadline: Instant, kept_bytes: usize) -> io::Result<Finished> {
        let end = watch(self.id())?;
        let pipe = self.child.stderr.take().map(OwnedFd::from);
        let mut pipe = pipe.map(|pipe| nonblocking(pipe).map(File::from)).transpose()?;
        let mut stderr = Vec::new();
        let mut ended = false;
        while !ended {
            let fds = [Some(end.as_fd()), pipe.as_ref().map(|pipe| pipe.as_fd())];
            match poll(fds.into_iter().flatten(), libc::POLLIN, deadline)? {
                None => break,
                Some(ready) => ended = ready & 1 != 0,
            }
            if let Some(open) = &mut pipe
                && drain(open, &mut stderr, kept_bytes)?
            {
                pipe = None;
            }
        }
        let status = self.end()?;
        Ok(Finished { status: ended.then_some(status), stderr })
    }

    /// Kills the group if it still lives, and returns how the child ended. A child that was already dying keeps its cause.
    #[expect(unsafe_code, reason = "the standard library cannot signal a process group")]
    pub(crate) fn end(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        // SAFETY: it takes plain numbers. The child is not reaped yet, so the number is still its group's.
        unsafe { libc::killpg(self.id() as libc::pid_t, libc::SIGKILL) };
        let status = self.child.wait()?;
        self.status = Some(status);
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A child that cannot be waited for is none of ours.
        let _ = self.end();
    }
}

/// Reads what is there, at most one pipe full. True at the end of the pipe.
fn drain(pipe: &mut File, kept: &mut Vec<u8>, kept_bytes: usize) -> io::Result<bool> {
    let mut chunk = [0; 8 << 10];
    for _ in 0..16 {
        match pipe.read(&mut chunk) {
            Ok(0) => return Ok(true),
            Ok(read) => {
                let room = kept_bytes.saturating_sub(kept.len());
                kept.extend_from_slice(&chunk[..read.min(room)]);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// A descriptor that becomes readable when the process ends.
#[expect(unsafe_code, reason = "the standard library has no pidfd on stable")]
pub(crate) fn watch(process: u32) -> io::Result<OwnedFd> {
    // SAFETY: the call takes plain numbers; the descriptor it returns is new and ours.
    unsafe {
        match libc::syscall(libc::SYS_pidfd_open, process, 0) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd as i32)),
        }
    }
}

/// Makes reads and writes return instead of wait.
#[expect(unsafe_code, reason = "the standard library has this for sockets only")]
pub(crate) fn nonblocking(fd: OwnedFd) -> io::Result<OwnedFd> {
    // SAFETY: the descriptor is open, and the call takes plain numbers.
    match unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(fd),
    }
}

/// Waits until one of up to two descriptors is ready for `events` (or at its end). A bit mask of those that are; `None` at
/// the deadline.
#[expect(unsafe_code, reason = "the standard library has no poll")]
pub(crate) fn poll<'a>(
    fds: impl Iterator<Item = BorrowedFd<'a>>,
    events: i16,
    deadline: Instant,
) -> io::Result<Option<usize>> {
    let mut polled = [libc::pollfd { fd: -1, events, revents: 0 }; 2];
    for (polled, fd) in polled.iter_mut().zip(fds) {
        polled.fd = fd.as_raw_fd();
    }
    loop {
        // Rounded up, so that the last wait does not spin.
        let left_ms = deadline.saturating_duration_since(Instant::now()).as_micros().div_ceil(1000);
        let left_ms = i32::try_from(left_ms).unwrap_or(i32::MAX);
        // SAFETY: the array is valid for the call; the descriptors in it are open, or −1, which is ignored.
        match unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, left_ms) } {
            0 => return Ok(None),
            1.. => {}
            _ => {
                let error = io::Error::last_os_error();
                if error.kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                return Err(error);
            }
        }
        let ready = polled.iter().enumerate().filter(|(_, polled)| polled.revents != 0);
        return Ok(Some(ready.fold(0, |mask, (index, _)| mask | 1 << index)));
    }
}
