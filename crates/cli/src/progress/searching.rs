//! What a person sees while campaigns are compared with searches.

use super::Display;
use engine::compare::Progress;
use engine::science::spec::Spec;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Where no line can change, a new one is printed no more often than this, but for the end of a search.
const QUIET: Duration = Duration::from_secs(20);

/// The display of one comparison. Searches run side by side and all tell it.
pub(crate) struct Searching {
    display: Display,
    /// Evaluations beside each campaign.
    evaluations: Vec<usize>,
    last: Mutex<Instant>,
}

impl Searching {
    /// A display of so many evaluations beside each campaign that is still to be compared.
    pub(crate) fn new(evaluations: Vec<usize>) -> Self {
        Searching { display: Display::new(), evaluations, last: Mutex::new(Instant::now()) }
    }

    /// Shows what the comparison of a campaign, by its position and the beginning of its id, is doing.
    pub(crate) fn show(&self, (at, campaign): (usize, &str), progress: Progress, spec: &Spec) {
        let of = match self.evaluations.len() {
            1 => format!("campaign {campaign}"),
            campaigns => format!("campaign {campaign} ({} of {campaigns})", at + 1),
        };
        match progress {
            Progress::Searched { method, repeat, evaluation, room, done, best } => {
                let best = best.map_or_else(
                    || "nothing admissible yet".into(),
                    |best| format!("best {}", report::worth(spec, best)),
                );
                let left = self.left(self.evaluations[..at].iter().sum::<usize>() + done);
                let search = format!("{}, search {}", method.words(), repeat + 1);
                let line = format!("{of} · {search}: {evaluation} of {room}, {best} · {left}");
                self.display.turn(&line);
                if self.display.is_plain() && (evaluation == room || self.is_due()) {
                    self.display.line(&line);
                }
            }
            Progress::Sealed(finds) => self.display.line(&format!("{of} · looking at {finds} finds under the seal")),
        }
    }

    pub(crate) fn close(&self) {
        self.display.close();
    }

    /// What is done of all, and how long the rest takes if it goes on like that.
    fn left(&self, done: usize) -> String {
        let all: usize = self.evaluations.iter().sum();
        let rest = self.display.since.elapsed().as_secs_f64() * all.saturating_sub(done) as f64 / done.max(1) as f64;
        let rest = if rest < 90.0 { format!("{rest:.0} s") } else { format!("{:.0} min", rest / 60.0) };
        format!("{done} of {all} evaluations, about {rest} left")
    }

    fn is_due(&self) -> bool {
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let due = last.elapsed() >= QUIET;
        if due {
            *last = Instant::now();
        }
        due
    }
}
