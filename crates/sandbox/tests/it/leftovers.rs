//! Nothing stays behind. One test, for it counts what the whole process has open.

use sandbox::{Outcome, Round};

use crate::kit::{GOOD, Lab, ask, candidate, lab, playing};

/// Whether any process of this group lives.
fn lives(group: u32) -> bool {
    // A zombie counts as well, so this also shows that the child was waited for.
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        fields.split_whitespace().nth(2) == Some(&group.to_string())
    })
}

fn build_directories(lab: &Lab) -> usize {
    let caches = std::fs::read_dir(lab.cache.path()).unwrap().flatten();
    let entries = caches.flat_map(|cache| std::fs::read_dir(cache.path()).unwrap().flatten());
    entries.filter(|entry| entry.file_type().unwrap().is_dir()).count()
}

#[test]
fn no_process_and_no_build_directory_is_left_however_it_ends() {
    let lab = lab();
    let mut session = lab.start(GOOD, &[vec![]]).unwrap();
    assert_eq!(ask(&mut session, 0, &[1]), Ok(1));
    let group = session.process();
    assert!(lives(group), "the control");
    drop(session);
    assert!(!lives(group));

    for body in ["loop { core::hint::spin_loop() }", "q[9]"] {
        let mut session = lab.start(&playing(body), &[vec![]]).unwrap();
        let group = session.process();
        assert!(ask(&mut session, 0, &[1]).is_err());
        assert!(!lives(group), "{body}: gone as soon as the outcome is known");
    }
    let outcome = lab.compile(&candidate("const N: u8 = { loop {} };", "Policy", "N"));
    assert!(matches!(outcome, Err(Outcome::DoesNotCompile { .. })));
    assert_eq!(build_directories(&lab), 0);
}

#[test]
fn a_session_uses_two_descriptors_and_returns_them() {
    let lab = lab();
    let artifact = lab.compile(GOOD).unwrap();
    // Other tests run beside this one, so look at what this session points at: pipes that nobody else has.
    let session = lab.sandbox.start(&artifact, &[vec![]]).unwrap().unwrap();
    let theirs = |name: &str| std::fs::read_link(format!("/proc/{}/fd/{name}", session.process())).unwrap();
    let pipes = [theirs("0"), theirs("1")];
    let mine = || {
        let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        let links = open.filter_map(|entry| std::fs::read_link(entry.path()).ok());
        links.filter(|link| pipes.contains(link)).count()
    };
    assert_eq!(mine(), 2, "the control");
    drop(session);
    assert_eq!(mine(), 0);
    assert_eq!(Round::new().len(), 0);
}
