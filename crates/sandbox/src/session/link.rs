//! The two pipes to a jailed process. Nothing here waits beyond a deadline, and nothing that arrives is trusted.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use crate::group::{nonblocking, poll};
use crate::protocol::{REPLY_HEADER, take_u32};

/// A connection to a jailed process.
#[derive(Debug)]
pub(super) struct Link {
    questions: File,
    answers: File,
    /// The frame received last, and what of the next one came with it.
    frame: Vec<u8>,
    /// The end of the frame received last.
    end: usize,
    /// The end of what came.
    filled: usize,
}

/// Why there is no frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The deadline came first.
    Late,
    /// The other side is gone.
    End,
    /// What came is no frame of ours.
    Malformed(String),
}

impl Link {
    pub(super) fn new(questions: OwnedFd, answers: OwnedFd) -> io::Result<Link> {
        let (questions, answers) = (nonblocking(questions)?.into(), nonblocking(answers)?.into());
        Ok(Link { questions, answers, frame: vec![0; REPLY_HEADER], end: REPLY_HEADER, filled: REPLY_HEADER })
    }

    /// Writes a whole frame: a single write unless the pipe is full.
    pub(super) fn send(&mut self, mut frame: &[u8], deadline: Instant) -> Result<(), Trouble> {
        while !frame.is_empty() {
            match self.questions.write(frame) {
                Ok(written) => frame = &frame[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wait(&self.questions, libc::POLLOUT, deadline)?
                }
                Err(_) => return Err(Trouble::End),
            }
        }
        Ok(())
    }

    /// Reads a frame with a payload of at most `limit` bytes and returns its status.
    pub(super) fn receive(&mut self, limit: usize, deadline: Instant) -> Result<u32, Trouble> {
        // One byte more than may come shows an overlong answer at once.
        let room = (REPLY_HEADER + limit + 1).max(self.filled);
        if self.frame.len() < room {
            self.frame.resize(room, 0);
        }
        self.frame.copy_within(self.end..self.filled, 0);
        self.filled -= self.end;
        self.end = REPLY_HEADER;
        loop {
            if let (true, Some(length)) = (self.filled >= REPLY_HEADER, take_u32(&mut &self.frame[4..])) {
                let length = length as usize;
                if length > limit {
                    return Err(Trouble::Malformed(format!(
                        "it announces {length} bytes where at most {limit} are due"
                    )));
                }
                self.end = REPLY_HEADER + length;
                if self.filled >= self.end {
                    return Ok(take_u32(&mut &self.frame[..]).unwrap_or(0));
                }
            }
            wait(&self.answers, libc::POLLIN, deadline)?;
            self.filled += match self.answers.read(&mut self.frame[self.filled..room]) {
                Ok(0) if self.filled == 0 => return Err(Trouble::End),
                Ok(0) => return Err(Trouble::Malformed(format!("it ended after {} bytes of an answer", self.filled))),
                Ok(read) => read,
                Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {
                    continue;
                }
                Err(_) => return Err(Trouble::End),
            };
        }
    }

    /// Whether something came after the frame received last.
    pub(super) fn has_more(&self) -> bool {
        self.filled > self.end
    }

    /// The payload of the frame received last.
    pub(super) fn payload(&self) -> &[u8] {
        &self.frame[REPLY_HEADER..self.end]
    }
}

fn wait(pipe: &File, events: i16, deadline: Instant) -> Result<(), Trouble> {
    match poll(std::iter::once(pipe.as_fd()), events, deadline) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(Trouble::Late),
        Err(_) => Err(Trouble::End),
    }
}

/// All frames in these bytes, each with its status and payload, and why there are no more: what a jailed process may send.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn frames(bytes: &[u8], limit: usize) -> (Vec<(u32, Vec<u8>)>, String) {
    let deadline = Instant::now() + std::time::Duration::from_secs(60);
    let ((answers, mut sender), (_listener, questions)) = match (io::pipe(), io::pipe()) {
        (Ok(first), Ok(second)) => (first, second),
        _ => return (Vec::new(), "no pipe".to_owned()),
    };
    // What fits into a pipe, so that nobody waits for anybody.
    let sent = sender.write_all(&bytes[..bytes.len().min(32 << 10)]);
    drop(sender);
    let (Ok(()), Ok(mut link)) = (sent, Link::new(questions.into(), answers.into())) else {
        return (Vec::new(), "no link".to_owned());
    };
    let mut frames = Vec::new();
    loop {
        match link.receive(limit, deadline) {
            Ok(status) => frames.push((status, link.payload().to_vec())),
            Err(trouble) => return (frames, format!("{trouble:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same by the letter of the format.
    fn by_the_letter(mut bytes: &[u8], limit: usize) -> Vec<(u32, Vec<u8>)> {
        let mut frames = Vec::new();
        while bytes.len() >= 8 {
            let number = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
            let (status, length) = (number(0), number(4) as usize);
            if length > limit || bytes.len() < 8 + length {
                break;
            }
            frames.push((status, bytes[8..8 + length].to_vec()));
            bytes = &bytes[8 + length..];
        }
        frames
    }

    /// Bytes that are mostly frames, some of them cut or too long.
    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let frame =
            (0..9_u32, prop_oneof![9 => 0..40_u32, 1 => any::<u32>()], prop::collection::vec(any::<u8>(), 0..40));
        let frame = frame.prop_map(|(status, length, mut payload)| {
            payload.resize(payload.len().max(length.min(40) as usize), 7);
            let kept = if length < 40 { length as usize } else { payload.len() };
            [&status.to_le_bytes(), &length.to_le_bytes(), &payload[..kept]].concat()
        });
        (prop::collection::vec(frame, 0..8), prop::collection::vec(any::<u8>(), 0..12))
            .prop_map(|(frames, rest)| [frames.concat(), rest].concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_arrives_is_read_by_the_letter_and_never_waited_for(bytes in stream(), limit in 0..50_usize) {
            let (read, end) = frames(&bytes, limit);
            prop_assert_eq!(read, by_the_letter(&bytes, limit));
            prop_assert!(end != "Late", "{}", end);
        }
    }
}
