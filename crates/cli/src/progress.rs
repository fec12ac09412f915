//! What a person sees while a campaign runs: a line that changes on a terminal, plain lines elsewhere.

mod searching;

pub(crate) use searching::Searching;

use crate::output;
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

/// The display of one command.
pub(crate) struct Display {
    bar: Option<ProgressBar>,
    since: Instant,
}

impl Display {
    pub(crate) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {msg} · {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Display { bar, since: Instant::now() }
    }

    /// Says which campaign it is.
    pub(crate) fn campaign(&self, short: &str) {
        self.line(&format!("campaign {short}"));
    }

    /// Shows one piece of progress.
    pub(crate) fn show(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Working(state, work) => self.turn(&working(state, *work)),
            Progress::Recorded(state, event) => {
                if let Some(line) = told(state, event) {
                    self.line(&line);
                }
            }
            Progress::Warning(text) => self.warn(text),
        }
    }

    /// Says something that the user should know.
    pub(crate) fn warn(&self, text: &str) {
        self.line(&format!("warning: {text}"));
    }

    /// Clears the changing line.
    pub(crate) fn close(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Whether no line can change, since nobody sees it.
    fn is_plain(&self) -> bool {
        self.bar.is_none()
    }

    /// Changes the line that changes, if there is one.
    fn turn(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text::line(text));
        }
    }

    /// Questions, names and reasons come from agents and files: they stay in their line, which has an end.
    fn line(&self, text: &str) {
        let indent = &text[..text.len() - text.trim_start().len()];
        let text = format!("{indent}{}", clip(&text::line(text), LINE));
        match &self.bar {
            Some(bar) => bar.println(text),
            None => output::note(format!("[{:6.1} s] {text}", self.since.elapsed().as_secs_f64())),
        }
    }
}

fn working(state: &State, work: Work<'_>) -> String {
    let of = format!("iteration {}/{}", state.iteration_number(), state.opened().experiment.iterations);
    let what = match work {
        Work::Calibrating => return "measuring baseline, reference and yardsticks".into(),
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
    };
    format!("{of} · {what} · {}", best(state))
}

fn best(state: &State) -> String {
    let champion = state.champion();
    let score = champion.as_ref().and_then(|c| state.candidates[&c.id].score.as_ref());
    match (champion.as_ref(), score.and_then(|score| score.worth)) {
        (Some(champion), Some(worth)) => {
            format!("best {}: {}", champion.id.short(), report::worth(state.spec(), worth))
        }
        (Some(champion), None) => format!("best {}", champion.id.short()),
        (None, _) => "nothing admissible yet".into(),
    }
}

/// What was recorded, in a line; none where nobody needs to know.
pub(crate) fn told(state: &State, event: &Event) -> Option<String> {
    match event {
        Event::Calibrated { yardsticks, .. } => {
            let reference = &yardsticks.reference;
            Some(report::reference(state.spec(), reference.improvement(), reference.cost()))
        }
        Event::BundleRegistered { bundle, .. } => {
            Some(format!("iteration {}: {}", state.iteration_number(), bundle.question))
        }
        Event::PlanFailed { reason, .. } => {
            Some(format!("iteration {}: no usable plan: {reason}", state.iteration_number()))
        }
        Event::CandidateEvaluated { candidate, outcome, .. } => (*outcome != engine::science::outcome::Outcome::Scored)
            .then(|| format!("  candidate {}: {}", candidate.short(), outcome.as_str())),
        Event::ArmJudged { arm, finding } => {
            let metric = state.bundle().arm(arm).and_then(|(_, arm)| state.spec().metric(&arm.prediction.metric));
            let effect = finding
                .effect
                .zip(metric)
                .map_or_else(String::new, |(effect, metric)| format!(" {}", report::effect(metric.unit(), effect)));
            let error = finding.error.map_or_else(String::new, |error| format!(" ({})", error.as_str()));
            Some(format!("  {arm}: {}{error}{effect}: {}", finding.verdict.as_str(), finding.reason))
        }
        Event::ExecutorFailed { arm, reason, .. } => Some(format!("  {arm}: nothing usable was written: {reason}")),
        Event::RepairFailed { arm, reason, .. } => Some(format!("  {arm}: not mended: {reason}")),
        Event::CandidateWritten { arm, candidate, .. } => candidate
            .repairs
            .as_ref()
            .map(|broken| format!("  {arm}: {} mends {}", candidate.id.short(), broken.short())),
        Event::VariantWritten { arm, left: 0, .. } => {
            let (at, _) = state.bundle().arm(arm)?;
            Some(format!("  {arm}: {} variants to measure", state.current().arms[at].variants.len()))
        }
        Event::Tuned { candidate, tried, retuned, .. } => {
            let made =
                retuned.as_ref().map_or_else(|| "kept as it is".into(), |made| format!("becomes {}", made.id.short()));
            Some(format!("  {}: constants tuned at {} points: {made}", candidate.short(), tried.len()))
        }
        Event::Simplified { of, tried, candidate, .. } => {
            let made = candidate
                .as_ref()
                .map_or_else(|| "all of it matters".into(), |made| format!("becomes {}", made.id.short()));
            Some(format!("  {}: simplified in {} ways: {made}", of.short(), tried.len()))
        }
        Event::Finals { finalists, .. } => {
            let champion = state.champion().map_or_else(
                || "none is admissible there".to_owned(),
                |champion| format!("champion is {}", champion.id.short()),
            );
            Some(format!("{} finalists ran on fresh seeds and workloads; {champion}", finalists.len()))
        }
        Event::IterationClosed { volume } => {
            let bound = state.false_exclusion().map_or_else(String::new, |bound| {
                format!(
                    " (at most {:.0} % of the rest is better than what was known, by {} audited points)",
                    bound * 100.0,
                    state.audited_points()
                )
            });
            let left = format!("; {:.1} % of the declared space is left{bound}", volume * 100.0);
            Some(format!("  {}{}", best(state), if *volume < 1.0 { left } else { String::new() }))
        }
        Event::Audited { principle, points, .. } => {
            let audit = state.current().audits.last()?;
            match &audit.refused {
                Some(refused) => {
                    Some(format!("  {principle} forbids too much, by one of {} points: {refused}", points.len()))
                }
                None => Some(format!(
                    "  {principle} forbids: {} (none of {} points is better)",
                    audit.constraint,
                    points.len()
                )),
            }
        }
        Event::Started(_)
        | Event::Tested { .. }
        | Event::VariantWritten { .. }
        | Event::ArmSkipped { .. }
        | Event::PrinciplesRevised { .. }
        | Event::Ended { .. } => None,
    }
}
