//! Where in memory everything lies that code of a candidate can learn the address of.
//!
//! Safe Rust sees addresses: of its own functions and constants, of its fields, of its locals, of what it is given. Chosen by
//! the system they would be other ones in every process, and they would tell one seat from another. So all of it lies at
//! fixed places: one for the object, one for the state of whichever seat is asked, one for what it is asked, one for the
//! stack. The places are numbers of ours, the same on every machine, and depend on no name, path, limit or environment.

use std::io;
use std::sync::{Mutex, PoisonError};

/// Which of two sets of places a candidate gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Where every trial runs.
    Home,
    /// Other places for everything: what acts differently there depends on addresses.
    Elsewhere,
}

/// The places of one candidate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    /// The first page of the object.
    pub object: usize,
    /// What it is asked.
    pub desk: usize,
    /// The state of the seat that is asked.
    pub slot: usize,
    /// The lower end of its stack.
    pub stack: usize,
    /// How far from the edge of a page desk, slot and upper end of the stack lie.
    pub offset: usize,
}

/// The longest question, and the longest description, in bytes.
pub(crate) const DESK_BYTES: usize = 64 << 10;

/// Below 2³⁹, which every processor has, and far from where systems put programs and libraries.
const HOME: Places =
    Places { object: 0x20_0000_0000, desk: 0x21_0000_0000, slot: 0x22_0000_0000, stack: 0x23_0000_0000, offset: 0 };

/// Differs from the other in high and low bits alike.
const ELSEWHERE: Places =
    Places { object: 0x15_5a5a_5000, desk: 0x16_a5a4_b000, slot: 0x1a_3c3d_6000, stack: 0x1d_9696_9000, offset: 0xa40 };

impl Placement {
    /// As an argument of the jail.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Placement::Home => "home",
            Placement::Elsewhere => "elsewhere",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Placement> {
        [Placement::Home, Placement::Elsewhere].into_iter().find(|placement| placement.name() == name)
    }

    pub(crate) fn places(self) -> Places {
        let places = match self {
            Placement::Home => HOME,
            Placement::Elsewhere => ELSEWHERE,
        };
        // On a system of larger pages.
        let page = |place: usize| place / page_bytes() * page_bytes();
        Places {
            object: page(places.object),
            desk: page(places.desk),
            slot: page(places.slot),
            stack: page(places.stack),
            offset: places.offset,
        }
    }
}

/// Takes `bytes` of memory at this place, all zero, to be read and written. They are never given back. Where the system does
/// not give it, and `anywhere` will do, elsewhere.
#[expect(unsafe_code, reason = "the standard library cannot map memory")]
pub(crate) fn take(place: usize, bytes: usize, anywhere: bool) -> io::Result<*mut u8> {
    let map = |flags| {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = flags | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: without a file, and never over something else, this only ever makes new memory.
        match unsafe { libc::mmap(place as *mut libc::c_void, bytes, access, flags, -1, 0) } {
            libc::MAP_FAILED => Err(io::Error::last_os_error()),
            taken => Ok(taken.cast::<u8>()),
        }
    };
    match map(libc::MAP_FIXED_NOREPLACE) {
        // A kernel that does not know the flag takes the place for a wish.
        Ok(taken) if taken as usize == place || anywhere => Ok(taken),
        Ok(taken) => {
            give_back(taken, bytes);
            Err(io::Error::other(format!("the kernel gives no memory at {place:#x}")))
        }
        Err(_) if anywhere => map(0),
        Err(error) => Err(error),
    }
}

#[expect(unsafe_code, reason = "the standard library cannot unmap memory")]
fn give_back(place: *mut u8, bytes: usize) {
    // SAFETY: nothing refers to it: it was mapped just now.
    unsafe { libc::munmap(place.cast(), bytes) };
}

/// Whether the places can be had, both sets of them. Takes and returns a page of each.
pub(crate) fn attempt() -> Result<String, String> {
    // The places are the process's: two threads that try them at once would find each other there.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for placement in [Placement::Home, Placement::Elsewhere] {
        let Places { object, desk, slot, stack, .. } = placement.places();
        for place in [object, desk, slot, stack] {
            let page = take(place, page_bytes(), false).map_err(|error| error.to_string())?;
            give_back(page, page_bytes());
        }
    }
    Ok("a candidate's addresses are the same in every process".to_owned())
}

/// Bytes of a page of memory.
#[expect(unsafe_code, reason = "a number from the C library")]
pub(crate) fn page_bytes() -> usize {
    // SAFETY: it takes and returns plain numbers.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// What this thread starts while this lives has its memory laid out the same way every time. A second lock: no code of a
/// candidate ever sees an address of the program around it.
pub(crate) struct Unrandomised(Option<libc::c_ulong>);

impl Unrandomised {
    pub(crate) fn start() -> Unrandomised {
        Unrandomised(personality(ASK).filter(|&before| personality(before | NO_RANDOMISATION).is_some()))
    }

    /// Whether this system allows it.
    pub(crate) fn attempt() -> Result<String, String> {
        match Unrandomised::start().0 {
            Some(_) => Ok("the program around a candidate has the same addresses in every process".to_owned()),
            None => Err(format!("{}; the jail does without it", io::Error::last_os_error())),
        }
    }
}

impl Drop for Unrandomised {
    fn drop(&mut self) {
        if let Some(before) = self.0 {
            // What was allowed a moment ago; it concerns the start of other programs only.
            personality(before);
        }
    }
}

const ASK: libc::c_ulong = 0xffff_ffff;
const NO_RANDOMISATION: libc::c_ulong = libc::ADDR_NO_RANDOMIZE as libc::c_ulong;

/// Sets how this thread starts programs; returns how it did before.
#[expect(unsafe_code, reason = "a property of the thread is set by a call of the C library")]
fn personality(flags: libc::c_ulong) -> Option<libc::c_ulong> {
    // SAFETY: it takes and returns plain numbers.
    libc::c_ulong::try_from(unsafe { libc::personality(flags) }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_of_one_set_is_a_place_of_the_other_and_none_lies_at_the_same_offset() {
        let all = |places: Places| [places.object, places.desk, places.slot, places.stack];
        let (home, elsewhere) = (Placement::Home.places(), Placement::Elsewhere.places());
        for (here, there) in all(home).into_iter().zip(all(elsewhere)) {
            assert!((here ^ there).count_ones() >= 8, "{here:#x} {there:#x}");
        }
        assert_ne!(home.offset % 4096, elsewhere.offset % 4096);
    }

    #[test]
    fn many_threads_may_try_the_places_at_once() {
        let threads: Vec<_> =
            (0..8).map(|_| std::thread::spawn(|| (0..200).try_for_each(|_| attempt().map(drop)))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Ok(()));
        }
    }

    #[test]
    fn a_place_that_is_taken_is_refused_and_nothing_is_lost() {
        let place = 0x24_0000_0000;
        let first = take(place, page_bytes(), false).unwrap();
        assert_eq!(first as usize, place);
        assert!(take(place, page_bytes(), false).is_err());
        assert_ne!(take(place, page_bytes(), true).unwrap() as usize, place, "anywhere");
        give_back(first, page_bytes());
    }
}
