//! The frames between a session and its jailed process. All numbers are little-endian.
//!
//! To the child: length u32, then that many bytes. The first frame starts the seats: the length of the object as u32,
//! the object, and for each seat its number of parameters as u32 and the parameters as f64. Every later one is a round: for each question the seat as u16, its length as u16, its
//! bytes.
//!
//! From the child: status u32, length u32, then that many bytes. `SEALED` (empty) comes before any code of the candidate
//! has run, so whatever goes wrong earlier is ours; then `READY` with the candidate's description; then `ANSWERS` for each
//! round, as many bytes per question as the contract fixes. A candidate that has broken out of the language can forge frames; it speaks for itself then,
//! as with any answer, and knows nothing more.

use crate::limits::MAX_OBJECT_BYTES;
use crate::places::DESK_BYTES;

/// The most seats of a session, and the most questions of a round.
pub const MAX_SEATS: usize = 1 << 16;
/// The longest question, in bytes.
pub const MAX_QUESTION_BYTES: usize = u16::MAX as usize;
/// Bytes that a question takes in a round beside its own.
pub const QUESTION_HEADER: usize = 4;
/// The most bytes of a round: for each question its own and [`QUESTION_HEADER`]. The parameters of all seats of a session
/// must not take more either: for each seat 4 bytes, and 8 for each parameter.
pub const MAX_ROUND_BYTES: usize = MAX_ORDER_BYTES - ORDER_HEADER;
/// The longest answer, in bytes.
pub const MAX_ANSWER_BYTES: usize = 128;
/// The most parameters of a seat.
pub const MAX_PARAMETERS: usize = DESK_BYTES / 8;

/// Bytes before the payload of a frame to the child.
pub(crate) const ORDER_HEADER: usize = 4;
/// Bytes before the payload of a frame from the child.
pub(crate) const REPLY_HEADER: usize = 8;

/// The jail is closed.
pub(crate) const SEALED: u32 = 1;
/// All seats have started; payload: what the kit's `describe` wrote.
pub(crate) const READY: u32 = 2;
/// Payload: an answer per question, each of the bytes that the contract fixes.
pub(crate) const ANSWERS: u32 = 3;
/// The candidate panicked; payload: its words. The process is about to die.
pub(crate) const PANICKED: u32 = 4;
/// The jail could not be set up; payload: which wall, a line feed, why.
pub(crate) const FAILED: u32 = 5;
/// The seats do not fit into memory.
pub(crate) const NO_ROOM: u32 = 6;
/// The state of one seat is larger than it may be; payload: its bytes as u64.
pub(crate) const STATE_TOO_LARGE: u32 = 7;

/// The largest frame to the child, in bytes.
pub(crate) const MAX_ORDER_BYTES: usize = 8 << 20;
/// The largest first frame to the child, in bytes.
pub(crate) const MAX_START_BYTES: usize = MAX_ORDER_BYTES + 4 + MAX_OBJECT_BYTES;
/// The largest description of a candidate.
pub(crate) const MAX_DESCRIPTION_BYTES: usize = 16 << 10;
/// The largest text in a frame that reports a failure or a panic.
pub(crate) const MAX_TEXT_BYTES: usize = 4 << 10;

/// The header of a frame from the child.
pub(crate) fn reply_header(status: u32, length: usize) -> [u8; REPLY_HEADER] {
    let mut header = [0; REPLY_HEADER];
    header[..4].copy_from_slice(&status.to_le_bytes());
    header[4..].copy_from_slice(&(length as u32).to_le_bytes());
    header
}

/// Takes a u16 from the front.
pub(crate) fn take_u16(bytes: &mut &[u8]) -> Option<u16> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u16::from_le_bytes(*head))
}

/// Takes a u32 from the front.
pub(crate) fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    let (head, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*head))
}
