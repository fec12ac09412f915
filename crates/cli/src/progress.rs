//! What a person, or a program, sees while a campaign runs: a view that changes below a line for each iteration on a terminal, plain
//! lines elsewhere, an event in a line of JSON for programs, nothing for whoever asks for quiet.

mod beat;
mod searching;
mod stream;

pub(crate) use searching::Searching;

use crate::output;
use beat::Beat;
use clap::ValueEnum;
use engine::Progress;
use engine::campaign::Work;
use engine::science::event::Event;
use engine::science::state::State;
use engine::science::text::{self, clip};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Characters of one line.
const LINE: usize = 1000;
/// How often what changes is drawn.
const REDRAW: Duration = Duration::from_secs(1);

/// How a command shows what it does.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct Shown {
    /// How to show progress, and what came of it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Show no progress
    #[arg(long)]
    quiet: bool,
}

/// For whom progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person
    Text,
    /// For other tools: an event in each line
    Json,
}

impl Shown {
    /// Whether a program reads it.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }
}

/// The display of one command.
pub(crate) struct Display {
    means: Means,
    since: Instant,
    /// Whether the head of the lines was said.
    headed: bool,
}

/// By what it is shown.
enum Means {
    Live(ProgressBar),
    Plain(Beat),
    Stream,
    Nothing,
}

impl Display {
    /// As somebody asked for it.
    pub(crate) fn shown(shown: Shown) -> Self {
        match shown {
            Shown { quiet: true, .. } => Display::by(Means::Nothing),
            Shown { format: Format::Json, .. } => Display::by(Means::Stream),
            Shown { format: Format::Text, .. } => Display::new(),
        }
    }

    /// For a person.
    pub(crate) fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Display::by(Means::Plain(Beat::new()));
        }
        let bar = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{msg}\n       {spinner} {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(REDRAW);
        Display::by(Means::Live(bar))
    }

    fn by(means: Means) -> Self {
        Display { means, since: Instant::now(), headed: false }
    }

    /// Says which campaign it is.
    pub(crate) fn campaign(&self, short: &str) {
        self.line(&format!("campaign {short}"));
    }

    /// Shows one piece of progress.
    pub(crate) fn show(&mut self, progress: &Progress<'_>) {
        if let Means::Stream = self.means {
            return stream::show(progress);
        }
        match progress {
            Progress::Working(state, work) => {
                let below = report::live::below(state, &doing(*work), self.since.elapsed(), output::error_width());
                self.turn(&below);
            }
            Progress::Recorded(state, Event::IterationClosed { .. }) => self.ended(state),
            Progress::Recorded(state, event) => {
                if let Some(line) = recorded(state, event) {
                    self.line(&line);
                }
            }
            Progress::Warning(text) => self.warn(text),
        }
    }

    /// The iteration that ended, in a line.
    fn ended(&mut self, state: &State) {
        let width = output::error_width();
        if !self.headed {
            self.line(&report::live::head(width));
            self.headed = true;
        }
        if let Some(line) = report::live::ended(state, width) {
            self.line(&line);
        }
    }

    /// Says what is done when the campaign itself is over.
    pub(crate) fn doing(&self, text: &str) {
        if let Means::Stream = self.means {
            return stream::say("working", text);
        }
        self.turn(text);
    }

    /// Says something that the user should know.
    pub(crate) fn warn(&self, text: &str) {
        if let Means::Stream = self.means {
            return stream::say("warning", text);
        }
        self.line(&format!("warning: {text}"));
    }

    /// Clears what changes.
    pub(crate) fn close(&self) {
        match &self.means {
            Means::Live(bar) => bar.finish_and_clear(),
            Means::Plain(beat) => beat.end(),
            Means::Stream | Means::Nothing => {}
        }
    }

    /// Whether no line can change, since nobody sees it.
    fn is_plain(&self) -> bool {
        !matches!(self.means, Means::Live(_))
    }

    /// Changes what changes.
    fn turn(&self, text: &str) {
        match &self.means {
            Means::Live(bar) => bar.set_message(text::clean(text)),
            Means::Plain(beat) => beat.doing(text),
            Means::Stream | Means::Nothing => {}
        }
    }

    /// Questions, names and reasons come from agents and files: they stay in their line, which has an end.
    fn line(&self, text: &str) {
        let text = clip(text::clean(text).replace(['\n', '\t'], " ").trim_end(), LINE);
        match &self.means {
            Means::Live(bar) => bar.println(text),
            Means::Plain(beat) => beat.line(&text),
            Means::Stream | Means::Nothing => {}
        }
    }
}

/// What is being done, in words.
fn doing(work: Work<'_>) -> String {
    match work {
        Work::Calibrating => "measuring baseline, reference and yardsticks".into(),
        Work::Planning => "planning".to_owned(),
        Work::Implementing(arm) => format!("writing {arm}"),
        Work::Repairing(arm) => format!("mending {arm}"),
        Work::Evaluating(id) => format!("evaluating {}", id.short()),
        Work::Testing(seeds) => format!("testing on {seeds} fresh seeds"),
        Work::Tuning(id) => format!("tuning the constants of {}", id.short()),
        Work::Simplifying(id) => format!("leaving out of {} what does not matter", id.short()),
        Work::Finals(count) => format!("running {count} finalists on fresh seeds and workloads"),
        Work::Extracting => "drawing lessons".to_owned(),
        Work::Auditing(principle, points) => {
            format!("looking for better in {points} points of what {principle} forbids")
        }
    }
}

/// What is said beside the line of an iteration: what no line of the report would miss.
fn recorded(state: &State, event: &Event) -> Option<String> {
    match event {
        Event::Calibrated { yardsticks, .. } => {
            let reference = &yardsticks.reference;
            Some(report::reference(state.spec(), reference.improvement(), reference.cost()))
        }
        Event::ExecutorFailed { arm, reason, .. } => Some(format!("     {arm}: nothing usable was written: {reason}")),
        Event::Simplified { of, tried, candidate, .. } => {
            let made = candidate
                .as_ref()
                .map_or_else(|| "all of it matters".into(), |made| format!("becomes {}", made.id.short()));
            Some(format!("simplified   {} in {} ways: {made}", of.short(), tried.len()))
        }
        Event::Finals { finalists, .. } => {
            let champion = state.champion().map_or_else(
                || "none is admissible there".to_owned(),
                |champion| format!("champion is {}", champion.id.short()),
            );
            Some(format!("finals       {} on fresh seeds and workloads: {champion}", finalists.len()))
        }
        Event::Started(_)
        | Event::BundleRegistered { .. }
        | Event::PlanFailed { .. }
        | Event::CandidateWritten { .. }
        | Event::VariantWritten { .. }
        | Event::RepairFailed { .. }
        | Event::CandidateEvaluated { .. }
        | Event::Tested { .. }
        | Event::ArmJudged { .. }
        | Event::ArmSkipped { .. }
        | Event::Tuned { .. }
        | Event::PrinciplesRevised { .. }
        | Event::Audited { .. }
        | Event::IterationClosed { .. }
        | Event::Ended { .. } => None,
    }
}
