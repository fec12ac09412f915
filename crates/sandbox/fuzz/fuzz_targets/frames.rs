//! No bytes from a jailed process make the reader of its frames panic, wait, or take more than it was told to.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &[u8])| {
    let (limit, bytes) = (usize::from(input.0), input.1);
    let (frames, end) = sandbox::read_frames(bytes, limit);
    assert!(frames.iter().all(|(_, payload)| payload.len() <= limit));
    assert!(frames.iter().map(|(_, payload)| 8 + payload.len()).sum::<usize>() <= bytes.len());
    assert_ne!(end, "Late");
});
