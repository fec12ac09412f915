//! Everything that a report says, computed once.

use crate::calibration::{Calibration, calibration};
use crate::lineage::{Lineage, lineage};
use crate::page;
use crate::path::{Turn, path};
use crate::principles::{Principles, principles};
use crate::record::Record;
use crate::spend::{Spend, spend};
use crate::standing::{Found, Standing, found, standing};
use crate::terms::Terms;
use crate::words::{count, elenchus};
use crate::yardsticks::{Yardsticks, yardsticks};
use science::event::Started;
use science::id::CandidateId;
use science::state::{Action, State};

/// The facts of an opened campaign.
#[derive(Clone, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) record: Record<'a>,
    pub(crate) started: &'a Started,
    pub(crate) found: Found<'a>,
    pub(crate) yardsticks: Option<Yardsticks>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) lineage: Lineage,
    pub(crate) front: Vec<Standing<'a>>,
    pub(crate) principles: Principles,
    pub(crate) calibration: Calibration,
    pub(crate) spend: Option<Spend>,
}

impl<'a> Facts<'a> {
    /// Computes them; none if the record holds no `started` event.
    pub(crate) fn of(record: &Record<'a>) -> Option<Self> {
        let state = record.state;
        Some(Facts {
            record: *record,
            started: state.started.as_ref()?,
            found: found(state),
            yardsticks: yardsticks(state),
            turns: path(state),
            lineage: lineage(state),
            front: state.front().filter_map(|id| standing(state, id)).collect(),
            principles: principles(state),
            calibration: calibration(state),
            spend: spend(record),
        })
    }

    /// The champion's standing, if there is a champion.
    pub(crate) fn champion(&self) -> Option<Standing<'a>> {
        match &self.found {
            Found::Champion { standing, .. } => Some(*standing),
            Found::Uncalibrated | Found::NothingScored | Found::NoChampion { .. } => None,
        }
    }

    /// How a command begins that finds this campaign again.
    pub(crate) fn elenchus(&self) -> String {
        elenchus(self.record.state_dir)
    }

    /// The inputs that change a candidate's answers and that production does not pass today.
    pub(crate) fn opt_in(&self, id: &CandidateId) -> Vec<&'a str> {
        let used = self.record.state.candidates.get(id).and_then(|own| own.descriptor.as_ref());
        let is_used = |name: &&String| used.is_some_and(|used| used.inputs.contains(*name));
        self.started.spec.opt_in.iter().filter(is_used).map(String::as_str).collect()
    }

    /// What the problem calls things.
    pub(crate) fn terms(&self) -> Terms<'a> {
        Terms(&self.started.spec)
    }

    /// What was found, sentence by sentence.
    pub(crate) fn sentences(&self) -> Vec<String> {
        self.found.sentences(self.record.state, self.yardsticks.as_ref())
    }

    /// The same in one paragraph.
    pub(crate) fn paragraph(&self) -> String {
        self.sentences().join(" ")
    }

    /// Candidates with a score.
    pub(crate) fn scored(&self) -> usize {
        self.record.state.candidates.values().filter(|record| record.score.is_some()).count()
    }

    /// Iterations that have ended.
    pub(crate) fn closed(&self) -> usize {
        self.turns.iter().filter(|turn| turn.closed).count()
    }

    /// What candidates are scored on.
    pub(crate) fn search_panel(&self) -> String {
        match self.started.training.len() {
            0 => "search seeds of the study".into(),
            drawn => format!("search panel: the study and {drawn} drawn workloads"),
        }
    }

    /// Whether candidates ran behind walls; loud when not.
    pub(crate) fn sandbox(&self) -> &'static str {
        if self.started.sandboxed { "sandboxed" } else { NOT_SANDBOXED }
    }

    /// How a reader must take the figures: no figure means more than this.
    pub(crate) fn caveats(&self) -> Vec<String> {
        let experiment = &self.started.experiment;
        let mut panel = format!(
            "{} on {}",
            count(experiment.seeds as usize, "search seed"),
            count(self.started.scenarios.len(), "scenario")
        );
        if !self.started.training.is_empty() {
            panel.push_str(&format!(" and from {}", count(self.started.training.len(), "drawn workload")));
        }
        let calibration = &self.calibration.verdicts;
        let verdicts = calibration.confirmed + calibration.partially_confirmed + calibration.refuted;
        let tested = verdicts + calibration.inconclusive;
        let chosen = match &self.record.state.finals {
            Some(_) => "the same that chose among the candidates, up to the finals, which others decided",
            None => "the same that chose among the candidates",
        };
        let mut caveats = vec![
            format!(
                "Scores come from {panel}, {chosen}. Whether the champion holds on fresh workloads, \
                 and on workloads that the search has not seen, only the sealed look says."
            ),
            "Intervals of scores are 95 %, one figure at a time, and taken after choosing among candidates: a champion's lies too \
             high. Those of worth are over the drawn workloads where there are some, else over search seeds, which say nothing \
             about other workloads."
                .into(),
            format!(
                "Verdicts rest on fresh seeds of their iteration{}, looked at until they decide: {} of {} that were tested. At most \
                 {:.1} of them are expected to be wrong.",
                match self.record.state.drawn_each() {
                    0 => String::new(),
                    each => format!(", each with {each} workloads drawn for it"),
                },
                verdicts,
                count(tested, "claim"),
                0.05 * tested as f64
            ),
            "What random points, tuning alone and TPE find with as many evaluations, `elenchus compare` says.".into(),
        ];
        caveats.extend(self.traces());
        if !self.started.sandboxed {
            caveats.insert(
                0,
                format!("{NOT_SANDBOXED}: candidates ran without walls and could have done anything to this record."),
            );
        }
        if self.record.state.ended.is_none() {
            caveats.insert(0, page::open(self));
        }
        caveats
    }
}

impl Facts<'_> {
    /// What recorded traces cannot say; none where there are none.
    pub(crate) fn traces(&self) -> Option<String> {
        let (traces, scenarios) = (&self.started.traces, &self.started.scenarios);
        match traces.len() {
            0 => None,
            recorded if recorded == scenarios.len() => Some(
                "One trace: no interval. Every scenario is a recorded trace, which no seed changes: candidates were chosen and \
                 claims judged on its first part, by what the policies' draws make of it, and the sealed look runs what was held out. \
                 Nothing here speaks of other workloads."
                    .into(),
            ),
            _ => Some(format!(
                "Recorded traces, which no seed changes: {}. Intervals say nothing of other workloads there.",
                traces.iter().filter_map(|at| scenarios.get(*at as usize)).cloned().collect::<Vec<_>>().join(", ")
            )),
        }
    }
}

/// What every report of an unsandboxed campaign says.
pub(crate) const NOT_SANDBOXED: &str = "NOT SANDBOXED";

/// What the campaign does next, in words.
pub(crate) fn phase(state: &State) -> String {
    if state.started.is_none() {
        return "not opened".into();
    }
    match state.next_action() {
        Action::Calibrate => "measuring the yardsticks".into(),
        Action::Plan => "planning".into(),
        Action::Implement { arm } => format!("writing arm {}", state.bundle().arms[arm].name),
        Action::Repair { arm, .. } => format!("mending the candidate of arm {}", state.bundle().arms[arm].name),
        Action::Evaluate { candidate } => format!("evaluating candidate {}", candidate.short()),
        Action::Test { tests } => format!("testing {} on fresh seeds", science::state::describe(&tests[0].policy)),
        Action::Tune { candidate } => format!("tuning the constants of candidate {}", candidate.short()),
        Action::Simplify { candidate } => {
            format!("leaving out of candidate {} what does not matter", candidate.short())
        }
        Action::Finals { finalists } => format!("running {} finalists on fresh seeds and workloads", finalists.len()),
        Action::Extract => "drawing lessons".into(),
        Action::Audit { principle, .. } => format!("auditing what {principle} forbids"),
        Action::Record(event) => format!("recording {}", event.kind()),
        Action::Rest => "ended".into(),
    }
}
