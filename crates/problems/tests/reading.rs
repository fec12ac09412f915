//! Everything that reads a candidate's text ends, whatever the text is.

#[path = "../../../tests/fixtures/shapes.rs"]
mod shapes;

use engine::Prepared;
use engine::sandbox::{on_deep_stack, screen};
use engine::science::{retune, simplify};
use problems::admission::KIT;
use std::sync::mpsc::channel;
use std::time::Duration;

/// How often each kind of text has what it is made of: more than the screen reads at all, about as much, and what passes.
const SIZES: [usize; 4] = [64 << 10, 6000, 900, 400];

/// What the loop reads off a candidate in all; says whether the screen let it pass.
fn read_by_all(source: &str) -> bool {
    Prepared::new(source, &KIT);
    if screen(source, &KIT).is_err() {
        return false;
    }
    on_deep_stack(|| {
        let _ = retune::retuned(source, &[("a", 0.5)]);
        let inlined = retune::inlined(source);
        let changes = simplify::changes(source);
        for change in &changes {
            if let Some(changed) = simplify::changed(source, std::slice::from_ref(change)) {
                Prepared::new(changed, &KIT);
            }
        }
        simplify::changed(source, &[]).or(inlined)
    });
    true
}

#[test]
fn no_text_holds_up_whoever_reads_it() {
    let (done, reports) = channel();
    std::thread::spawn(move || {
        let mut passed = 0;
        for length in SIZES {
            for (name, source) in shapes::shapes(length) {
                passed += usize::from(read_by_all(&source));
                done.send((name, source.len(), passed)).expect("somebody waits");
            }
        }
    });
    // What a count could not show: that the parser itself ends. A text takes milliseconds, and what does not end takes for ever.
    let (mut last, mut all) = (("nothing", 0, 0), 0);
    loop {
        match reports.recv_timeout(Duration::from_secs(300)) {
            Ok(report) => (last, all) = (report, all + 1),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("what comes after {last:?} does not end"),
        }
    }
    assert_eq!(all, SIZES.len() * shapes::shapes(1).len(), "reading ended after {last:?}");
    assert!(last.2 > all / 3, "of {all} texts the screen let only {} pass", last.2);
}

#[test]
fn layout_comments_and_documentation_make_no_description_longer() {
    let plain = "pub struct Policy { k: f64 }";
    let dressed =
        "//! Of 300.\n/* Many\n words. */\n/// A policy.\npub struct Policy\n{\n    /// The factor.\n    k: f64\n}";
    let (plain, dressed) = (Prepared::new(plain, &KIT).reading, Prepared::new(dressed, &KIT).reading);
    assert_eq!((plain.id, plain.description_length), (dressed.id, dressed.description_length));
    assert_eq!(plain.description_length, Some(8));
}

#[test]
fn text_that_the_screen_refuses_is_read_no_further() {
    // Any reader that recurses dies of this, and takes the process with it.
    let deep = format!("fn f() {{ {}1{} }}", "(".repeat(30_000), ")".repeat(30_000));
    let long = format!("const A: &str = \"{}\";", "a".repeat(10 << 20));
    for source in [deep, long] {
        let reading = Prepared::new(source, &KIT).reading;
        assert_eq!((reading.description_length, reading.tunables), (None, 0));
    }
}
