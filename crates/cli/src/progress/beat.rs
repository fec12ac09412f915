//! Plain lines that are never silent for long: whoever reads a log sees that something is done, and what.

use crate::output;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// The longest silence.
const SILENCE: Duration = Duration::from_secs(5);

/// Lines with the time before them.
pub(super) struct Beat(Arc<Mutex<Said>>);

struct Said {
    since: Instant,
    last: Instant,
    /// What is done now; empty when there is nothing to say.
    doing: String,
}

impl Beat {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let said = Arc::new(Mutex::new(Said { since: now, last: now, doing: String::new() }));
        let watched = Arc::downgrade(&said);
        // It ends with the display, whose end nobody has to wait for.
        thread::spawn(move || watch(&watched));
        Beat(said)
    }

    pub(super) fn line(&self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).line(text);
    }

    /// Keeps in mind what is done: it is said once it takes long.
    pub(super) fn doing(&self, text: &str) {
        // Of a view of several lines, the one that says what is done.
        let now = text.lines().find_map(|line| line.strip_prefix("now")).unwrap_or(text).trim();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).doing = now.to_owned();
    }

    pub(super) fn end(&self) {
        self.doing("");
    }
}

impl Said {
    fn line(&mut self, text: &str) {
        output::note(format!("[{}] {text}", report::live::clock(self.since.elapsed())));
        self.last = Instant::now();
    }
}

fn watch(said: &Weak<Mutex<Said>>) {
    while let Some(said) = said.upgrade() {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if !said.doing.is_empty() && said.last.elapsed() >= SILENCE {
            let doing = format!("… {}", said.doing);
            said.line(&doing);
        }
        drop(said);
        thread::sleep(SILENCE / 10);
    }
}
