//! Holds a candidate and answers questions.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::OnceLock;

use super::object::{self, Object, Unloadable};
use super::{MathsFn, NOT_CLOSED, drop_descriptors, exit};
use crate::cell::Cell;
use crate::limits::Walls;
use crate::places::{DESK_BYTES, Placement};
use crate::protocol::{self, take_u16, take_u32};
use crate::walls::{self, Filter, Missing};

/// Where answers go; a panicking candidate writes its last words there too.
static ANSWERS: OnceLock<File> = OnceLock::new();

/// Is the jail of a candidate until the session closes the pipe.
pub(super) fn run(cell: &Cell, mut arguments: impl Iterator<Item = OsString>, maths: &'static [MathsFn]) -> ! {
    let placement = arguments.next().and_then(|name| Placement::named(name.to_str()?));
    let Some(placement) = placement else { exit(NOT_CLOSED) };
    let mut stage = match Stage::set(cell, placement, maths) {
        Ok(stage) => stage,
        Err(Failure::Missing(Missing { wall, reason })) => {
            // If this fails the session is gone, and nobody is left to tell. The standard output is where answers go.
            let _ = io::stdout().as_fd().try_clone_to_owned().and_then(|out| {
                write_frame(&File::from(out), protocol::FAILED, format!("{wall}\n{reason}").as_bytes())
            });
            exit(NOT_CLOSED)
        }
        Err(Failure::NoRoom) => {
            let _ = ANSWERS.get().map(|answers| write_frame(answers, protocol::NO_ROOM, &[]));
            exit(0)
        }
        Err(Failure::TooLarge(bytes)) => {
            let bytes = (bytes as u64).to_le_bytes();
            let _ = ANSWERS.get().map(|answers| write_frame(answers, protocol::STATE_TOO_LARGE, &bytes));
            exit(0)
        }
        Err(Failure::Gone) => exit(0),
    };
    let _ = stage.serve(maths);
    exit(0)
}

/// Everything that serving needs, allocated beforehand: a sealed process cannot get memory.
struct Stage {
    questions: File,
    answers: &'static File,
    object: Object,
    /// The states of all seats, one after the other, while they are not asked.
    states: Vec<u8>,
    parameters: Vec<Vec<f64>>,
    order: Vec<u8>,
    reply: Vec<u8>,
}

enum Failure {
    Missing(Missing),
    NoRoom,
    /// The state of one seat has so many bytes.
    TooLarge(usize),
    /// The session closed the pipe.
    Gone,
}

impl From<Missing> for Failure {
    fn from(missing: Missing) -> Self {
        Failure::Missing(missing)
    }
}

impl From<Unloadable> for Failure {
    fn from(unloadable: Unloadable) -> Self {
        match unloadable {
            Unloadable::Place(error) => Missing { wall: walls::FIXED_PLACES, reason: error.to_string() }.into(),
            Unloadable::Object(reason) => Missing { wall: "object", reason }.into(),
            Unloadable::State(bytes) => Failure::TooLarge(bytes),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Self {
        Failure::Gone
    }
}

impl Stage {
    /// Closes the cell, puts the object in its place, makes room for the seats, and closes the cell for good. No code of the object has
    /// run when this returns.
    fn set(cell: &Cell, placement: Placement, maths: &'static [MathsFn]) -> Result<Stage, Failure> {
        drop_descriptors()?;
        let mut questions = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let answers = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let answers = ANSWERS.get_or_init(|| answers);
        walls::close(cell, Filter::Loader)?;
        let unusable = |reason: String| Missing { wall: "object", reason };
        let mut order = vec![0; protocol::MAX_START_BYTES];
        let mut first = read_order(&mut questions, &mut order)?.ok_or(Failure::Gone)?;
        let malformed = || unusable("the first order is malformed".to_owned());
        let length = take_u32(&mut first).ok_or_else(malformed)? as usize;
        let (object, first) = first.split_at_checked(length).ok_or_else(malformed)?;
        let (stack_bytes, anywhere) = (cell.stack_bytes as usize, cell.walls == Walls::Disabled);
        let object = Object::load(object, &placement.places(), stack_bytes, anywhere)?;
        let parameters = seats(first).ok_or_else(malformed)?;
        let mut states = Vec::new();
        let bytes = parameters.len() * object.state_bytes();
        states.try_reserve_exact(bytes).map_err(|_| Failure::NoRoom)?;
        states.resize(bytes, 0);
        if !object.fits(maths) {
            return Err(
                unusable(format!("the contract wants a maths table of another length than {}", maths.len())).into()
            );
        }
        object::default_fault_signals();
        let answers_bytes = protocol::MAX_SEATS * object.answer_bytes();
        let reply = vec![0; protocol::REPLY_HEADER + protocol::MAX_DESCRIPTION_BYTES.max(answers_bytes)];
        if cell.walls == Walls::Required {
            let filter = Filter::Candidate { questions: questions.as_raw_fd(), answers: answers.as_raw_fd() };
            filter.apply().map_err(|reason| Missing { wall: "seccomp", reason })?;
        }
        Ok(Stage { questions, answers, object, states, parameters, order, reply })
    }

    /// Starts the seats and answers rounds until the session closes the pipe.
    fn serve(&mut self, maths: &'static [MathsFn]) -> io::Result<()> {
        write_frame(self.answers, protocol::SEALED, &[])?;
        self.object.bind(maths, report);
        let bytes = self.object.state_bytes();
        for (seat, parameters) in self.parameters.iter().enumerate() {
            self.object.start(&mut self.states[seat * bytes..][..bytes], parameters);
        }
        let room = &mut self.reply[protocol::REPLY_HEADER..][..protocol::MAX_DESCRIPTION_BYTES];
        let length = self.object.describe(room);
        self.send(protocol::READY, length)?;
        while let Some(round) = read_order(&mut self.questions, &mut self.order)? {
            let answers = &mut self.reply[protocol::REPLY_HEADER..];
            let length = answer(&self.object, &mut self.states, self.parameters.len(), round, answers);
            let Some(length) = length else { exit(NOT_CLOSED) };
            self.send(protocol::ANSWERS, length)?;
        }
        Ok(())
    }

    /// Sends the first `length` bytes after the room for the header.
    fn send(&mut self, status: u32, length: usize) -> io::Result<()> {
        self.reply[..protocol::REPLY_HEADER].copy_from_slice(&protocol::reply_header(status, length));
        let mut answers = self.answers;
        answers.write_all(&self.reply[..protocol::REPLY_HEADER + length])
    }
}

/// Answers the questions of a round; the bytes of all answers. `None` if the session sent nonsense.
fn answer(object: &Object, states: &mut [u8], seats: usize, mut round: &[u8], answers: &mut [u8]) -> Option<usize> {
    let (mut end, bytes, each) = (0, object.state_bytes(), object.answer_bytes());
    while !round.is_empty() {
        let seat = Some(usize::from(take_u16(&mut round)?)).filter(|&seat| seat < seats)?;
        let length = usize::from(take_u16(&mut round)?);
        let (question, rest) = round.split_at_checked(length)?;
        round = rest;
        object.answer(&mut states[seat * bytes..][..bytes], question, answers.get_mut(end..end + each)?);
        end += each;
    }
    Some(end)
}

/// The parameters of each seat.
fn seats(mut order: &[u8]) -> Option<Vec<Vec<f64>>> {
    let mut seats = Vec::new();
    while !order.is_empty() {
        let bytes = (take_u32(&mut order)? as usize).checked_mul(8).filter(|&bytes| bytes <= DESK_BYTES)?;
        let (values, rest) = order.split_at_checked(bytes)?;
        order = rest;
        let (values, _) = values.as_chunks::<8>();
        seats.push(values.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect());
    }
    Some(seats)
}

/// The payload of the next order, `None` at the end of the pipe. A short order takes a single read.
fn read_order<'a>(questions: &mut File, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
    let mut filled = 0;
    let mut end = protocol::ORDER_HEADER;
    while filled < end {
        let read = match questions.read(&mut buffer[filled..]) {
            Ok(0) => return Ok(None),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        filled += read;
        if let (true, Some(length)) = (end == protocol::ORDER_HEADER, take_u32(&mut &buffer[..filled])) {
            end += length as usize;
            if end > buffer.len() {
                return Ok(None);
            }
        }
    }
    Ok(Some(&buffer[protocol::ORDER_HEADER..end]))
}

fn write_frame(mut pipe: &File, status: u32, payload: &[u8]) -> io::Result<()> {
    pipe.write_all(&protocol::reply_header(status, payload.len()))?;
    pipe.write_all(payload)
}

/// Called by a panicking candidate.
extern "C" fn report(text: *const u8, length: usize) {
    if let Some(answers) = ANSWERS.get() {
        // If this fails the signal that follows still tells that it died.
        let _ = write_frame(answers, protocol::PANICKED, object::message(text, length));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_order_makes_the_jail_panic_and_what_it_takes_has_the_length_of_the_order(
            order in prop::collection::vec(prop_oneof![3 => Just(0_u8), 1 => any::<u8>()], 0..200),
        ) {
            if let Some(seats) = seats(&order) {
                let bytes: usize = seats.iter().map(|parameters| 4 + 8 * parameters.len()).sum();
                prop_assert_eq!(bytes, order.len());
            }
        }
    }
}
