//! Talks to the process that holds a candidate.

pub(crate) mod link;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cell::Cell;
use crate::cores::Core;
use crate::group::Group;
use crate::jail;
use crate::limits::{Limits, MAX_STATE_BYTES};
use crate::outcome::{Outcome, SandboxError, Verdict, death};
use crate::places::{Placement, Unrandomised};
use crate::protocol;
use crate::{Artifact, Options};
use link::{Link, Trouble};

/// A running candidate. Dropping it ends the process.
///
/// A write to a process that died raises SIGPIPE unless it is ignored, as it is in every Rust program by default.
#[derive(Debug)]
pub struct Session {
    group: Group,
    link: Link,
    limits: Limits,
    seats: usize,
    answer_bytes: usize,
    description: Vec<u8>,
    /// Why it is over, if it is.
    ending: Option<Outcome>,
}

impl Session {
    /// Starts the process and in it the candidate once for each seat.
    pub(crate) fn start(
        options: &Options,
        artifact: &Artifact,
        seats: &[Vec<f64>],
        placement: Placement,
    ) -> Verdict<Session> {
        assert!(seats.len() <= protocol::MAX_SEATS, "a seat has a number of 16 bits");
        let runner = |reason: String| SandboxError::Runner { runner: options.runner.clone(), reason };
        let mut command = Command::new(&options.runner);
        command.arg(jail::ARGUMENT).arg(jail::RUN).args(cell(options).to_arguments());
        command.arg(placement.name());
        command.env_clear().current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let unrandomised = Unrandomised::start();
        let mut group = Group::spawn(&mut command).map_err(SandboxError::io("start", &options.runner))?;
        drop(unrandomised);
        let pipes = (group.child().stdin.take(), group.child().stdout.take());
        let (Some(questions), Some(answers)) = pipes else { unreachable!("both were asked for") };
        let link = Link::new(questions.into(), answers.into()).map_err(SandboxError::io("talk to", &options.runner))?;
        let (limits, answer_bytes) = (options.limits, options.kit.answer_bytes);
        let (description, seated) = (Vec::new(), seats.len());
        let mut session = Session { group, link, limits, seats: seated, answer_bytes, description, ending: None };

        let deadline = Instant::now() + CLOSING_WALL;
        let order = start_order(&artifact.object, seats);
        let sealed = match session.link.send(&order, deadline) {
            // A jail that could not be closed has said why before it went.
            Ok(()) | Err(Trouble::End) => session.link.receive(protocol::MAX_TEXT_BYTES, deadline),
            Err(trouble) => Err(trouble),
        };
        match sealed {
            Ok(protocol::SEALED) => {}
            Ok(protocol::NO_ROOM) => return Ok(Err(Outcome::OutOfMemory)),
            Ok(protocol::STATE_TOO_LARGE) => return Ok(Err(too_large(session.link.payload()))),
            Ok(protocol::FAILED) => return Err(failed(session.link.payload())),
            Ok(status) => return Err(runner(format!("its first word is {status}"))),
            Err(Trouble::End) => {
                let status = session.group.end().map_err(SandboxError::io("wait for", &options.runner))?;
                return Err(runner(format!("it ended before it was closed: {status}")));
            }
            Err(Trouble::Late) => return Err(runner("it does not answer".to_owned())),
            Err(Trouble::Malformed(what)) => return Err(runner(what)),
        }
        let deadline = Instant::now() + limits.round_wall;
        match session.expect(protocol::READY, protocol::MAX_DESCRIPTION_BYTES, deadline) {
            Ok(()) => session.description = session.link.payload().to_vec(),
            Err(outcome) => return Ok(Err(outcome)),
        }
        Ok(Ok(session))
    }

    /// What the kit's `describe` wrote.
    pub fn describe(&self) -> Vec<u8> {
        self.description.clone()
    }

    /// The process that holds the candidate, which is also its process group.
    pub fn process(&self) -> u32 {
        self.group.id()
    }

    /// Puts the questions and returns one answer for each, in their order, each of the bytes that the kit fixes. Leaves
    /// `questions` empty for the next round. Once it has failed, every further round fails in the same way.
    ///
    /// # Panics
    /// If a question is put to a seat that was not started.
    pub fn round(&mut self, questions: &mut Round) -> Result<Answers<'_>, Outcome> {
        assert!(questions.seats <= self.seats, "a question to a seat that was not started");
        if let Some(ending) = &self.ending {
            return Err(ending.clone());
        }
        if questions.is_empty() {
            return Ok([].chunks_exact(self.answer_bytes));
        }
        let deadline = Instant::now() + self.limits.round_wall;
        let count = questions.len();
        match self.link.send(questions.order(), deadline) {
            // Its last words may still be in the pipe.
            Ok(()) | Err(Trouble::End) => {}
            Err(trouble) => return Err(self.over(trouble)),
        }
        questions.clear();
        let bytes = count * self.answer_bytes;
        self.expect(protocol::ANSWERS, bytes, deadline)?;
        if self.link.payload().len() != bytes {
            let each = self.answer_bytes;
            let what = format!("{} bytes of answers to {count} questions, of {each} each", self.link.payload().len());
            return Err(self.over(Trouble::Malformed(what)));
        }
        if self.link.has_more() {
            return Err(self.over(Trouble::Malformed(format!("more than {count} answers to {count} questions"))));
        }
        Ok(self.link.payload().chunks_exact(self.answer_bytes))
    }

    /// Keeps the calling thread and the candidate's process on one core until the result is dropped: a round is then much
    /// faster, since neither side has to wake another core. Where every core is taken in this way already, it does nothing.
    /// One at a time for a thread.
    pub fn share_core(&self) -> Result<Core, SandboxError> {
        Core::share(self.process())
    }

    /// Waits for a frame of this kind.
    fn expect(&mut self, wanted: u32, limit: usize, deadline: Instant) -> Result<(), Outcome> {
        let limit = limit.max(protocol::MAX_TEXT_BYTES);
        match self.link.receive(limit, deadline) {
            Ok(status) if status == wanted => Ok(()),
            Ok(protocol::PANICKED) => {
                let text = without_figures(&printable(self.link.payload()));
                // What follows is its death; it is given until the deadline, then it is killed.
                let _ = self.link.receive(0, deadline);
                let signal = self.ended();
                let outcome = Outcome::Crashed { signal, text };
                self.ending = Some(outcome.clone());
                Err(outcome)
            }
            Ok(status) => Err(self.over(Trouble::Malformed(format!("a frame of unknown kind {status}")))),
            Err(trouble) => Err(self.over(trouble)),
        }
    }

    /// Ends the session and says what became of the candidate.
    fn over(&mut self, trouble: Trouble) -> Outcome {
        let signal = self.ended();
        let outcome = match trouble {
            Trouble::Late => Outcome::Timeout {
                what: format!("it did not answer within {} s", self.limits.round_wall.as_secs_f64()),
            },
            Trouble::Malformed(what) => Outcome::Inconsistent { what },
            Trouble::End => match signal {
                Some(signal) => death(signal, "it", self.limits.run_cpu),
                None => Outcome::Inconsistent { what: "it ended without an answer".to_owned() },
            },
        };
        self.ending = Some(outcome.clone());
        outcome
    }

    /// Ends the process; the signal that it died of.
    fn ended(&mut self) -> Option<i32> {
        use std::os::unix::process::ExitStatusExt;
        self.group.end().ok().and_then(|status| status.signal())
    }
}

/// One answer after the other.
pub type Answers<'a> = std::slice::ChunksExact<'a, u8>;

/// Time for the jail to close. It takes a few milliseconds, and no code of the candidate runs in it.
const CLOSING_WALL: Duration = Duration::from_secs(60);

/// Questions to be put in one go. Reuse it: its buffer stays.
#[derive(Clone, Debug)]
pub struct Round {
    /// Room for the frame's header, then the questions.
    buffer: Vec<u8>,
    count: usize,
    /// One more than the highest seat that is asked.
    seats: usize,
}

impl Default for Round {
    fn default() -> Self {
        Round { buffer: vec![0; protocol::ORDER_HEADER], count: 0, seats: 0 }
    }
}

impl Round {
    /// Without questions.
    pub fn new() -> Round {
        Round::default()
    }

    /// Adds a question to `seat`, the index of its parameters at the start. See [`Round::ask`].
    pub fn push(&mut self, seat: u16, question: &[u8]) {
        self.ask(seat, |buffer| {
            buffer.extend_from_slice(question);
            true
        });
    }

    /// Adds a question that `write` appends to the buffer it is given, or none where it says that there is none.
    ///
    /// # Panics
    /// If the question is longer than [`MAX_QUESTION_BYTES`](crate::MAX_QUESTION_BYTES), or the round than
    /// [`MAX_SEATS`](crate::MAX_SEATS) questions or [`MAX_ROUND_BYTES`](crate::MAX_ROUND_BYTES).
    pub fn ask(&mut self, seat: u16, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        let header = self.buffer.len();
        self.buffer.extend_from_slice(&seat.to_le_bytes());
        self.buffer.extend_from_slice(&[0; 2]);
        let start = header + protocol::QUESTION_HEADER;
        if !write(&mut self.buffer) {
            self.buffer.truncate(header);
            return false;
        }
        let length = u16::try_from(self.buffer.len() - start).expect("a question of at most 65,535 bytes");
        self.buffer[header + 2..start].copy_from_slice(&length.to_le_bytes());
        self.count += 1;
        self.seats = self.seats.max(usize::from(seat) + 1);
        assert!(self.count <= protocol::MAX_SEATS, "a round of at most 65,536 questions");
        assert!(self.buffer.len() <= protocol::MAX_ORDER_BYTES, "a round of at most 8 MiB");
        true
    }

    /// Number of questions.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.buffer.truncate(protocol::ORDER_HEADER);
        self.count = 0;
        self.seats = 0;
    }

    /// As a frame.
    fn order(&mut self) -> &[u8] {
        let length = (self.buffer.len() - protocol::ORDER_HEADER) as u32;
        self.buffer[..protocol::ORDER_HEADER].copy_from_slice(&length.to_le_bytes());
        &self.buffer
    }
}

/// A candidate's process may open no file at all.
fn cell(options: &Options) -> Cell {
    Cell {
        walls: options.walls,
        cpu_s: options.limits.run_cpu.as_secs().max(1),
        memory_bytes: options.limits.run_memory_bytes,
        stack_bytes: options.limits.stack_bytes,
        file_bytes: 0,
        open_files: 16,
        read: Vec::new(),
        execute: Vec::new(),
        write: Vec::new(),
    }
}

fn start_order(object: &[u8], seats: &[Vec<f64>]) -> Vec<u8> {
    let mut order = vec![0; protocol::ORDER_HEADER];
    order.extend_from_slice(&(object.len() as u32).to_le_bytes());
    order.extend_from_slice(object);
    let before = order.len();
    for parameters in seats {
        order.extend_from_slice(&(parameters.len() as u32).to_le_bytes());
        order.extend(parameters.iter().flat_map(|value| value.to_le_bytes()));
    }
    assert!(order.len() - before <= protocol::MAX_ROUND_BYTES, "parameters of at most 8 MiB");
    let length = (order.len() - protocol::ORDER_HEADER) as u32;
    order[..protocol::ORDER_HEADER].copy_from_slice(&length.to_le_bytes());
    order
}

/// What becomes of a candidate with a state of more bytes than it may have.
fn too_large(payload: &[u8]) -> Outcome {
    let bytes = payload.first_chunk().map_or(0, |&bytes| u64::from_le_bytes(bytes));
    let what = format!("its state has {bytes} bytes for each run; at most {MAX_STATE_BYTES} are allowed");
    Outcome::Denied { what }
}

/// The wall that the jail names.
fn failed(payload: &[u8]) -> SandboxError {
    let text = printable(payload);
    let (wall, reason) = text.split_once('\n').unwrap_or(("jail", &text));
    SandboxError::Wall { wall: wall.to_owned(), reason: reason.to_owned() }
}

/// A candidate's words without numbers of four digits and more. Where something lies is no part of an outcome, and its author
/// is not to learn by its words what it was shown: that would tell the trials of later candidates apart.
fn without_figures(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let hexadecimal = number.starts_with("0x");
        let (prefix, digits) = number.split_at(if hexadecimal { 2 } else { 0 });
        let end = digits
            .find(|c: char| !if hexadecimal { c.is_ascii_hexdigit() } else { c.is_ascii_digit() })
            .unwrap_or(digits.len());
        kept.push_str(before);
        kept.push_str(prefix);
        kept.push_str(if end < 4 { &digits[..end] } else { "?" });
        rest = &digits[end..];
    }
    kept + rest
}

/// Text from the other side, fit for a terminal.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let keep = |c: char| if c.is_control() && c != '\n' { '\u{fffd}' } else { c };
    String::from_utf8_lossy(bytes).chars().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_figures_and_keep_places_and_small_numbers() {
        let said = "candidate.rs:12:5: index 7 of 4, now 72232, draw 0.4591, at 0x7ffc00a8 or 0xff";
        assert_eq!(without_figures(said), "candidate.rs:12:5: index 7 of 4, now ?, draw 0.?, at 0x? or 0xff");
    }
}
