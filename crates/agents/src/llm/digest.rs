//! What a campaign has learned so far, as a prompt says it. Its length has a bound that does not depend on the number of
//! iterations: what is old is counted, what is recent or best is told.

use super::asked::told_with_texts;
use super::candidates;
use super::regimes::{Most, Regimes};
use super::text::line;
use super::words::{percent, quantity, unit};
use science::bundle::{Arm, ArmKind, Relation, Side};
use science::champion::{Champion, Contender};
use science::judge::{Finding, Verdict};
use science::principle::{Confidence, Principle, Status};
use science::spec::Spec;
use science::state::{ArmRecord, CandidateRecord, Iteration, State, describe};
use serde::Serialize;

/// The last iterations that are told with what was thought and built.
pub(super) const WHOLE: usize = 2;
/// Candidates that are listed, at most.
const CANDIDATES: usize = 3;
/// Characters of one text of a planner or extractor.
const TEXT: usize = 180;
/// Characters of what a principle states: as many as an extractor is asked to keep to.
pub(super) const STATEMENT: usize = 280;
/// Characters of what a variant is.
const VARIANT: usize = 120;
/// Characters of the question of an older iteration.
const QUESTION: usize = 120;

/// How much is told.
#[derive(Clone, Copy)]
pub(super) struct Detail {
    /// Iterations that are told arm by arm.
    iterations: usize,
    /// The last ones of them, which are told with what was thought and built.
    whole: usize,
    /// Candidates that are listed.
    candidates: usize,
    /// Those of them, the best ones, that are told with what was built and what they do.
    described: usize,
    /// Principles that are listed.
    principles: usize,
    /// Iterations before those that are told arm by arm, the last ones, which have a line each.
    named: usize,
    /// Of where the best candidate wins and loses; none where that has to be asked for.
    regimes: Option<Most>,
}

/// Characters of the design of a candidate: the best one is told so that it can be departed from.
const DESIGN: usize = 600;

impl Detail {
    /// Characters that the design of a candidate has, by how many are better; none where neither it nor what it does is told.
    fn of(self, better: usize) -> Option<usize> {
        (better < self.described).then_some(if better == 0 { DESIGN } else { TEXT })
    }

    pub(super) const FULL: Self = Detail {
        iterations: 4,
        whole: WHOLE,
        candidates: CANDIDATES,
        described: 2,
        principles: 5,
        named: 12,
        regimes: Some(Most::ALL),
    };
    /// Ever less, for where a request would be too long.
    pub(super) const ALL: [Self; 5] = [
        Self::FULL,
        Detail { iterations: 3, whole: 1, described: 1, principles: 4, named: 9, ..Self::FULL },
        Detail { candidates: 2, regimes: Some(Most { features: 6, worst: 4 }), ..Self::brief(2, 3, 7) },
        Detail { candidates: 2, regimes: Some(Most { features: 3, worst: 2 }), ..Self::brief(1, 2, 4) },
        Detail { candidates: 1, regimes: None, ..Self::brief(1, 1, 2) },
    ];

    const fn brief(iterations: usize, principles: usize, named: usize) -> Self {
        Detail { iterations, whole: 1, described: 1, principles, named, ..Self::FULL }
    }
}

/// The findings of a campaign.
#[derive(Serialize)]
pub(super) struct Digest {
    /// The champion in one sentence.
    standing: String,
    candidates: Vec<String>,
    /// The best of them and those of the last iteration, scenario by scenario.
    breakdown: Vec<String>,
    /// Where the best of them wins and loses.
    regimes: Option<Regimes>,
    recent: Vec<Told>,
    /// What the last iteration asks of the next one; empty if nothing.
    advice: String,
    /// How many iterations came before the recent ones, and how their claims fared; empty if there are none.
    older: String,
    /// The last of these, a line each.
    named: Vec<String>,
    principles: Vec<String>,
    principles_omitted: usize,
}

/// An iteration.
#[derive(Serialize)]
pub(super) struct Told {
    number: usize,
    question: String,
    arms: Vec<String>,
}

impl Digest {
    pub(super) fn new(known: Known<'_>, detail: Detail) -> Self {
        let (state, mut best) = (known.state, known.best());
        best.truncate(detail.candidates);
        let first = best.first().and_then(|contender| state.candidates.get(contender.id));
        let from = state.iterations.len().saturating_sub(detail.iterations);
        let active = active(state);
        Digest {
            standing: known.standing(),
            candidates: best
                .iter()
                .enumerate()
                .map(|(at, one)| candidates::candidate(state, one, detail.of(at)))
                .collect(),
            breakdown: candidates::breakdown(state, &compared(state, first, detail.candidates)),
            regimes: first.and_then(|record| Regimes::new(state, record, detail.regimes?)),
            recent: (from..state.iterations.len())
                .map(|at| told(known, at, detail.whole))
                .filter(|told| !told.arms.is_empty())
                .collect(),
            advice: state.iterations.last().and_then(|last| advice(last, state.iterations.len())).unwrap_or_default(),
            older: older(&state.iterations[..from]),
            named: (from.saturating_sub(detail.named)..from).filter_map(|at| named(state, at)).collect(),
            principles: active.iter().take(detail.principles).map(|p| principle(p, [STATEMENT, TEXT / 2])).collect(),
            principles_omitted: active.len().saturating_sub(detail.principles),
        }
    }
}

/// A campaign as a prompt may tell of it.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    state: &'a State,
    /// The arms of the iteration under way that it knows, the first so many; all of them, unless the prompt is for one of
    /// these arms.
    arms: Option<usize>,
}

impl<'a> Known<'a> {
    /// All of it.
    pub(super) fn all(state: &'a State) -> Self {
        Known { state, arms: None }
    }

    /// As the executor of an arm may know it: as it was when the iteration began, and what came of the main arm. The other
    /// arms are written side by side; a prompt that told of one of them would be another one after a resume, and its reply
    /// be paid for again.
    pub(super) fn to(state: &'a State, arm: &Arm) -> Self {
        let bundle = state.iterations.last().and_then(|iteration| iteration.bundle.as_ref());
        let main = bundle.and_then(|bundle| bundle.arms.first()).is_some_and(|main| main.name != arm.name);
        Known { state, arms: Some(usize::from(main)) }
    }

    fn sees(&self, record: &CandidateRecord) -> bool {
        let (Some(arms), now) = (self.arms, self.state.iterations.len()) else { return true };
        let bundle = self.state.iterations.last().and_then(|iteration| iteration.bundle.as_ref());
        let mut seen = bundle.iter().flat_map(|bundle| bundle.arms.iter().take(arms));
        (record.iteration as usize) < now || seen.any(|arm| arm.name == record.arm)
    }

    fn champion(&self) -> Option<Champion> {
        match self.arms {
            None => self.state.champion(),
            Some(_) => self.state.champion_before(|record| self.sees(record)),
        }
    }

    /// What became of the arms of an iteration.
    fn arms(&self, at: usize) -> &'a [ArmRecord] {
        let arms = &self.state.iterations[at].arms;
        let under_way = at + 1 == self.state.iterations.len();
        &arms[..self.arms.filter(|_| under_way).unwrap_or(arms.len()).min(arms.len())]
    }

    /// Scored candidates: the champion, whoever is worth most of those that are not admissible, and the others, the admissible ones first,
    /// then by what they are worth. Of those that measure alike in every workload the first stands for all.
    pub(super) fn best(&self) -> Vec<Contender<'a>> {
        let champion = self.champion().and_then(|champion| self.state.contender(&champion.id));
        let record = |contender: &Contender<'_>| &self.state.candidates[contender.id];
        let others = || self.state.ranked().filter(|contender| self.sees(record(contender)));
        let worth = |contender: &Contender<'_>| contender.score.worth.unwrap_or(f64::NEG_INFINITY);
        let refused = others().filter(|other| !other.admissible);
        let refused = refused.max_by(|a, b| worth(a).total_cmp(&worth(b)));
        let refused = refused.filter(|refused| champion.as_ref().is_some_and(|own| worth(refused) > worth(own)));
        let mut best: Vec<Contender<'a>> = champion.into_iter().collect();
        for other in refused.into_iter().chain(others()) {
            if best.len() == CANDIDATES {
                break;
            }
            let is_told = |told: &Contender<'_>| record(told).measurement == record(&other).measurement;
            if !best.iter().any(is_told) {
                best.push(other);
            }
        }
        best
    }

    pub(super) fn standing(&self) -> String {
        let finalists = match self.arms {
            None => self.state.finalists_now(),
            // What other arms brought is nothing that an author may know.
            Some(_) => Vec::new(),
        };
        let worth = self.state.spec().aim.worth_name();
        let ranked = finalists.iter().filter_map(|id| {
            let value = self.state.candidates.get(id)?.worth?.value();
            Some(format!("{} ({})", id.short(), quantity(value, worth.unit)))
        });
        let ranked: Vec<String> = ranked.collect();
        let run = match ranked.as_slice() {
            [] | [_] => String::new(),
            ranked => format!(
                " If the search ended now these would run in the finals, ranked by {} less what guards take off: {}.",
                worth.name,
                ranked.join(", ")
            ),
        };
        let tuned = self.state.tuned_unjudged_before(self.arms.unwrap_or(usize::MAX));
        let tuned = tuned.filter(|id| finalists.is_empty() || finalists.contains(id));
        let waiting = tuned
            .map(|id| format!(" Candidate {} has tuned constants and waits for a verdict on fresh seeds.", id.short()));
        self.lead() + &run + &waiting.unwrap_or_default()
    }

    /// The champion in one sentence.
    fn lead(&self) -> String {
        match self.champion() {
            None if self.best().is_empty() => "No candidate has been scored yet.".into(),
            None => "No candidate is admissible yet.".into(),
            Some(champion) if champion.matches_reference => {
                format!("The champion is {}: admissible, and worth no less than the reference.", champion.id.short())
            }
            Some(champion) => format!(
                "The champion is {}: admissible, but no admissible candidate is worth as much as the reference.",
                champion.id.short()
            ),
        }
    }
}

/// The best candidate, and, if more than one is told at all, those of the last iteration that measure otherwise than all before them.
fn compared<'a>(state: &'a State, best: Option<&'a CandidateRecord>, told: usize) -> Vec<&'a CandidateRecord> {
    let arms = state.iterations.last().into_iter().flat_map(|iteration| &iteration.arms);
    let latest = arms.filter_map(|arm| state.candidates.get(arm.candidate.as_ref()?));
    let mut all: Vec<&CandidateRecord> = best.into_iter().collect();
    for record in latest.filter(|record| record.score.is_some() && (told > 1 || best.is_none())) {
        if all.iter().all(|told| told.measurement != record.measurement) {
            all.push(record);
        }
    }
    all
}

/// An iteration; one of the last so many with what was thought and built.
pub(super) fn told(known: Known<'_>, at: usize, whole: usize) -> Told {
    let state = known.state;
    let iteration = &state.iterations[at];
    let whole = at + whole >= state.iterations.len();
    let (question, arms) = match (&iteration.bundle, &iteration.failure) {
        (Some(bundle), _) => {
            let arms = bundle.arms.iter().zip(known.arms(at));
            let told = arms.flat_map(|(arm, record)| {
                let verdict = verdict(state, at, (arm, record), whole);
                let explored = if whole && verdict.is_some() {
                    candidates::variants(state, arm, record, VARIANT)
                } else {
                    Vec::new()
                };
                verdict.into_iter().chain(explored)
            });
            let unlearned = iteration.extraction_failure.iter();
            let unlearned = unlearned.map(|reason| format!("no lessons were drawn: {}", line(reason, TEXT)));
            let asked = advice(iteration, at + 1).map(|words| format!("What follows from these: {words}."));
            let replaced = iteration.asked.iter().filter(|_| whole).map(|replaced| {
                format!("The planner asked first what a change is worth: {}", told_with_texts(replaced, state))
            });
            let tuned = candidates::tuned(state, at).filter(|_| whole);
            (bundle.question.as_str(), replaced.chain(told).chain(tuned).chain(unlearned).chain(asked).collect())
        }
        (None, Some(failure)) => ("", vec![format!("no usable bundle: {}", line(failure, TEXT))]),
        (None, None) => ("", Vec::new()),
    };
    Told { number: at + 1, question: line(question, TEXT), arms }
}

fn advice(iteration: &Iteration, number: usize) -> Option<String> {
    iteration.advice.as_ref().map(|advice| advice.words(number))
}

/// What was claimed and what came of it, the whole story or one line of it; none while it is under way.
fn verdict(state: &State, at: usize, (arm, record): (&Arm, &ArmRecord), whole: bool) -> Option<String> {
    let bundle = state.iterations[at].bundle.as_ref()?;
    let outcome = match (&record.finding, &record.skipped) {
        (Some(finding), _) => found(state, at, (arm, finding)),
        (None, Some(reason)) => format!("skipped, since {}", line(reason, TEXT)),
        (None, None) => return None,
    };
    let claimed = claim(arm, &bundle.parent, state.spec());
    let id = record.candidate.as_ref();
    if !whole {
        let id = id.map(|id| format!(" ({})", id.short())).unwrap_or_default();
        return Some(format!(
            "`{}`{id}: {} Claimed: {claimed}. Verdict: {outcome}",
            arm.name,
            line(&arm.hypothesis, TEXT / 2)
        ));
    }
    let measured = id.and_then(|id| state.candidates.get(id)).filter(|record| record.score.is_some());
    let measured = measured.map(|record| {
        let twin = candidates::twin(state, record).map(|id| format!(", the same in every workload as {}", id.short()));
        let id = &record.candidate.id;
        let (worth, admissible) = (candidates::worth(state, record), candidates::admissible(state, id));
        format!(" Measured ({}): {worth}{}; {admissible}.", id.short(), twin.unwrap_or_default())
    });
    Some(format!(
        "`{}`, {}: {} Claimed: {}. Built: {} Verdict{}: {outcome}.{}{}",
        arm.name,
        arm.kind.as_str(),
        line(&arm.hypothesis, 2 * TEXT / 3),
        claimed,
        candidates::built(state, arm, record, TEXT),
        candidates::which(record),
        measured.unwrap_or_default(),
        mended(record)
    ))
}

fn mended(record: &ArmRecord) -> String {
    match (record.repairs, &record.unmended) {
        (0, _) => String::new(),
        (times, None) => format!(" Its code was mended {times} times before."),
        (times, Some(reason)) => {
            format!(" Its code went back {times} times, in the end in vain: {}.", line(reason, TEXT / 2))
        }
    }
}

/// A finding of an iteration, by its position, in words.
pub(super) fn found(state: &State, at: usize, (arm, finding): (&Arm, &Finding)) -> String {
    let error = finding.error.map(|error| format!(" (wrong in {})", error.as_str())).unwrap_or_default();
    let effect = finding.effect.map(|i| format!(", effect {:+.4} [{:+.4}, {:+.4}]", i.estimate, i.low, i.high));
    let paid = state.paid_there(at).filter(|_| arm.prediction.metric == state.spec().aim.worth_name().name);
    let there = finding.effect.zip(paid).filter(|_| arm.prediction.is_about_all());
    let there = there.map(|(i, paid)| {
        let [estimate, low, high] = [i.estimate, i.low, i.high].map(|value| percent(value / paid));
        format!(" (of what the reference paid there {estimate} [{low}, {high}])")
    });
    let (effect, there) = (effect.unwrap_or_default(), there.unwrap_or_default());
    format!("{}{error}{effect}{there}: {}", finding.verdict.as_str(), line(&finding.reason, TEXT))
}

/// A prediction in words.
pub(super) fn claim(arm: &Arm, parent: &Side, spec: &Spec) -> String {
    let prediction = &arm.prediction;
    let sides: Vec<String> = prediction.against.iter().map(describe).collect();
    let mut sides = sides.join(" plus ");
    if prediction.against.len() > 1 {
        sides = format!("{sides}, both counted from {}", describe(parent));
    }
    let scope = match prediction.scope.as_slice() {
        [] => String::new(),
        names => format!(" in {}", names.join(", ")),
    };
    let (left, right) = match arm.kind {
        ArmKind::Ablation => (sides, "this arm".into()),
        _ => ("this arm".into(), sides),
    };
    let metric = &prediction.metric;
    let unit = spec.metric(metric).map_or("", |metric| unit(metric.unit()));
    let claim = match prediction.relation {
        Relation::AtLeast(size) => format!("{metric} of {left} is at least {size}{unit} better than of {right}"),
        Relation::Within(size) => format!("{metric} of {left} is within {size}{unit} of {right}"),
    };
    format!("{claim}{scope}, confidence {:.2}", prediction.confidence)
}

pub(super) fn older(iterations: &[Iteration]) -> String {
    if iterations.is_empty() {
        return String::new();
    }
    let findings = iterations.iter().flat_map(|i| &i.arms).filter_map(|arm| arm.finding.as_ref());
    let verdicts: Vec<Verdict> = findings.map(|finding| finding.verdict).collect();
    let all =
        [Verdict::Confirmed, Verdict::PartiallyConfirmed, Verdict::Refuted, Verdict::Inconclusive, Verdict::Invalid];
    let count = |verdict: Verdict| verdicts.iter().filter(|v| **v == verdict).count();
    let counts: Vec<String> = all.iter().map(|v| format!("{} {}", count(*v), v.as_str())).collect();
    format!("Of the claims of iterations 1 to {}, {}.", iterations.len(), counts.join(", "))
}

/// An older iteration in a line: what it asked, and what became of its main claim; none where nothing was planned.
fn named(state: &State, at: usize) -> Option<String> {
    let iteration = &state.iterations[at];
    let (bundle, main) = (iteration.bundle.as_ref()?, iteration.arms.first()?);
    let finding = main.finding.as_ref()?;
    let effect = finding.effect.map(|i| format!(" {:+.4} [{:+.4}, {:+.4}]", i.estimate, i.low, i.high));
    let id = main.candidate.as_ref().map(|id| format!(" ({})", id.short()));
    let (verdict, question) = (finding.verdict.as_str(), line(&bundle.question, QUESTION));
    Some(format!("{}: {question} {verdict}{}{}", at + 1, effect.unwrap_or_default(), id.unwrap_or_default()))
}

/// Active principles, the best supported and then the newest first.
pub(super) fn active(state: &State) -> Vec<&Principle> {
    let mut active: Vec<&Principle> = state.principles.iter().filter(|p| p.status == Status::Active).rev().collect();
    active.sort_by_key(|p| p.confidence != Confidence::Established);
    active
}

/// A principle, with so many characters of its statement and of each of its other texts.
pub(super) fn principle(principle: &Principle, [statement, other]: [usize; 2]) -> String {
    let constraint = principle.constraint.as_ref().map(|constraint| format!(" CONSTRAINT {constraint}."));
    format!(
        "{} ({}): {} Because: {} Where: {}{}",
        principle.id,
        principle.confidence.as_str(),
        line(&principle.statement, statement),
        line(&principle.mechanism, other),
        line(&principle.regime, other),
        constraint.unwrap_or_default()
    )
}
