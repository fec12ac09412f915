//! Which derived rows follow from which event.
//!
//! [`project`] adds to the batch that appends the event. It is a pure function of the event and of the state *after* it,
//! which whoever runs the campaign has folded, and reads no table: what it writes follows from the log alone, but for what
//! came beside the event ([`Extra`]) and is stored as it came.

use crate::batch::Batch;
use crate::campaigns::CampaignId;
use crate::events::Extra;
use crate::{texts, trials};
use science::bundle::{Arm, Bundle, Relation, Side};
use science::event::{Candidate, EndReason, Event, Started};
use science::id::CandidateId;
use science::judge::Finding;
use science::objective::Score;
use science::outcome::Outcome;
use science::principle::Change;
use science::sequence::{DRAWN, drawn_names};
use science::spec::Spec;
use science::state::{Iteration, State, describe};
use serde::Serialize;

/// An event where it stands.
pub(crate) struct Step<'a> {
    pub(crate) campaign: &'a CampaignId,
    pub(crate) seq: i64,
    pub(crate) event: &'a Event,
    pub(crate) extra: Extra<'a>,
    /// The state that the event led to.
    pub(crate) after: &'a State,
}

/// Adds the rows that follow from an event.
pub(crate) fn project(batch: &mut Batch, step: &Step<'_>) {
    if let Some(source) = step.extra.source {
        texts::put(batch, source);
    }
    match step.event {
        Event::Started(opened) => started(batch, step, opened),
        Event::Calibrated { .. } => {}
        Event::BundleRegistered { bundle, .. } => bundle_registered(batch, step, bundle),
        Event::PlanFailed { reason, .. } => plan_failed(batch, step, reason),
        Event::CandidateWritten { arm, candidate, .. } => candidate_written(batch, step, arm, candidate),
        Event::VariantWritten { arm, candidate, .. } => {
            put_candidate(batch, step, arm, candidate);
            settled(batch, step);
        }
        Event::ExecutorFailed { arm, .. } => executor_failed(batch, step, arm),
        Event::RepairFailed { arm, reason, .. } => repair_failed(batch, step, arm, reason),
        Event::CandidateEvaluated { candidate, outcome, .. } => {
            evaluated(batch, step, candidate, *outcome);
            settled(batch, step);
        }
        Event::Tested { .. } | Event::Finals { .. } => {}
        Event::ArmJudged { arm, finding } => arm_judged(batch, step, arm, finding),
        Event::ArmSkipped { arm, reason } => arm_skipped(batch, step, arm, reason),
        Event::Tuned { retuned: Some(made), .. } | Event::Simplified { candidate: Some(made), .. } => {
            made_of_another(batch, step, made);
        }
        Event::Tuned { retuned: None, .. } | Event::Simplified { candidate: None, .. } => {}
        Event::PrinciplesRevised { changes, .. } => principles_revised(batch, step, changes),
        // An audit may put a constraint into force.
        Event::Audited { principle, .. } => write_principle(batch, step, principle),
        Event::IterationClosed { volume } => iteration_closed(batch, step, *volume),
        Event::Ended { reason } => ended(batch, step, reason),
    }
    worked(batch, step);
    let iteration = matches!(step.event, Event::Tested { .. }).then(|| step.iteration());
    trials::put(batch, step.campaign, step.seq, iteration, step.extra.trials)
}

impl Step<'_> {
    /// The number of the iteration that the event belongs to.
    fn iteration(&self) -> i64 {
        self.after.iterations.len() as i64
    }
}

fn started(batch: &mut Batch, step: &Step<'_>, started: &Started) {
    for (path, hash) in &started.inputs {
        batch
            .add("INSERT INTO inputs (campaign, path, hash) VALUES (?, ?, ?)")
            .bind(step.campaign.as_str())
            .bind(path)
            .bind(hash.as_str());
    }
    let drawn = if started.training.is_empty() { 0 } else { DRAWN };
    let named = |part: &'static str| move |name: &String| (name.clone(), part);
    let (study, training) =
        (started.scenarios.iter().map(named("study")), started.training.iter().map(named("training")));
    let verdicts = drawn_names().take(drawn).map(|name| (name, "verdicts"));
    for (position, (name, part)) in (0_i64..).zip(study.chain(training).chain(verdicts)) {
        batch
            .add("INSERT INTO scenarios (campaign, position, name, part) VALUES (?, ?, ?, ?)")
            .bind(step.campaign.as_str())
            .bind(position)
            .bind(name)
            .bind(part);
    }
    let metrics = &started.spec.metrics;
    batch.add_rows("INSERT INTO metrics (campaign, position, name, unit, meaning)", 5, metrics.len());
    for (position, metric) in (0_i64..).zip(metrics) {
        batch
            .bind(step.campaign.as_str())
            .bind(position)
            .bind(&metric.name)
            .bind(json(&metric.unit).trim_matches('"'))
            .bind(&metric.meaning);
    }
}

fn bundle_registered(batch: &mut Batch, step: &Step<'_>, bundle: &Bundle) {
    let (departs_from, parent) = match &bundle.parent {
        Side::Baseline => ("baseline", None),
        Side::Reference => ("reference", None),
        Side::Arm(_) => ("arm", None),
        Side::Candidate(id) => ("candidate", Some(id.as_str())),
    };
    batch
        .add(
            "INSERT INTO iterations (campaign, number, seq, question, departs_from, parent, planner)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(step.campaign.as_str())
        .bind(step.iteration())
        .bind(step.seq)
        .bind(&bundle.question)
        .bind(departs_from)
        .bind(parent)
        .bind(&step.after.current().planner);
    for (position, arm) in (0_i64..).zip(&bundle.arms) {
        batch.add("INSERT INTO arms (campaign, iteration, name, position, kind, hypothesis, mechanism, diagnostic, intent,
             metric, claim, confidence, candidate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(step.campaign.as_str())
        .bind(step.iteration())
        .bind(&arm.name)
        .bind(position)
        .bind(arm.kind.as_str())
        .bind(&arm.hypothesis)
        .bind(&arm.mechanism)
        .bind(&arm.diagnostic)
        .bind(&arm.design.intent)
        .bind(&arm.prediction.metric)
        .bind(claim(arm))
        .bind(arm.prediction.confidence)
        .bind(arm.design.candidate.as_ref().map(CandidateId::as_str));
    }
}

/// A prediction in words.
fn claim(arm: &Arm) -> String {
    let prediction = &arm.prediction;
    let sides: Vec<String> = prediction.against.iter().map(describe).collect();
    let sides = sides.join(" + ");
    let mut claim = match prediction.relation {
        Relation::AtLeast(size) => format!("at least {size} more than {sides}"),
        Relation::Within(size) => format!("within {size} of {sides}"),
    };
    if !prediction.scope.is_empty() {
        claim.push_str(" in ");
        claim.push_str(&prediction.scope.join(", "));
    }
    claim
}

fn plan_failed(batch: &mut Batch, step: &Step<'_>, reason: &str) {
    batch
        .add("INSERT INTO iterations (campaign, number, seq, failure, planner) VALUES (?, ?, ?, ?, ?)")
        .bind(step.campaign.as_str())
        .bind(step.iteration())
        .bind(step.seq)
        .bind(reason)
        .bind(&step.after.current().planner);
}

fn put_candidate(batch: &mut Batch, step: &Step<'_>, arm: &str, candidate: &Candidate) {
    let record = &step.after.candidates[&candidate.id];
    let point = candidate.point.as_ref().map(json);
    // The same code written again is the same candidate; what is known of it stays.
    batch.add("INSERT INTO candidates (campaign, id, seq, source, parent, iteration, arm, point, description_length, author, repairs)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (campaign, id) DO NOTHING")
    .bind(step.campaign.as_str())
    .bind(candidate.id.as_str())
    .bind(step.seq)
    .bind(candidate.source.as_str())
    .bind(candidate.parent.as_ref().map(CandidateId::as_str))
    .bind(record.iteration)
    .bind(arm)
    .bind(point)
    .bind(candidate.description_length)
    .bind(&record.author)
    .bind(candidate.repairs.as_ref().map(CandidateId::as_str));
}

/// A candidate that an executor wrote for an arm.
fn candidate_written(batch: &mut Batch, step: &Step<'_>, arm: &str, candidate: &Candidate) {
    put_candidate(batch, step, arm, candidate);
    take(batch, step, arm, &candidate.id);
}

/// An arm has this candidate.
fn take(batch: &mut Batch, step: &Step<'_>, arm: &str, candidate: &CandidateId) {
    batch
        .add("UPDATE arms SET candidate = ? WHERE campaign = ? AND iteration = ? AND name = ?")
        .bind(candidate.as_str())
        .bind(step.campaign.as_str())
        .bind(step.iteration())
        .bind(arm);
}

/// The best of its variants is an arm's candidate once all are measured.
fn settled(batch: &mut Batch, step: &Step<'_>) {
    let Some(Iteration { bundle: Some(bundle), arms, .. }) = step.after.iterations.last() else { return };
    for (arm, record) in bundle.arms.iter().zip(arms).filter(|(_, record)| !record.variants.is_empty()) {
        record.candidate.iter().for_each(|best| take(batch, step, &arm.name, best));
    }
}

/// What tuning or simplifying made stands beside the arm of the candidate that it was made of; the arm keeps the one that it
/// was judged by.
fn made_of_another(batch: &mut Batch, step: &Step<'_>, candidate: &Candidate) {
    let arm = step.after.candidates[&candidate.id].arm.clone();
    put_candidate(batch, step, &arm, candidate)
}

/// The state machine gives such an arm its verdict; it stands there, not in the event.
fn executor_failed(batch: &mut Batch, step: &Step<'_>, arm: &str) {
    let (position, _) = step.after.bundle().arm(arm).expect("the event was applied");
    let finding = step.after.current().arms[position].finding.as_ref().expect("a failed executor has a finding");
    arm_judged(batch, step, arm, finding)
}

fn repair_failed(batch: &mut Batch, step: &Step<'_>, arm: &str, reason: &str) {
    batch
        .add("UPDATE arms SET unmended = ? WHERE campaign = ? AND iteration = ? AND name = ?")
        .bind(reason)
        .bind(step.campaign.as_str())
        .bind(step.iteration())
        .bind(arm);
}

fn evaluated(batch: &mut Batch, step: &Step<'_>, candidate: &CandidateId, outcome: Outcome) {
    let record = &step.after.candidates[candidate];
    let score = record.score.as_ref();
    let descriptor = record.descriptor.as_ref().map(json);
    batch
        .add(
            "UPDATE candidates SET evaluated_seq = ?, outcome = ?, scale = ?, message = ?, regret = ?, admissible = ?, descriptor = ?,
         acts_like = ? WHERE campaign = ? AND id = ?",
        )
        .bind(step.seq)
        .bind(outcome.as_str())
        .bind(record.scale)
        .bind(step.extra.message)
        .bind(score.map(|score| score.regret))
        .bind(score.map(|_| record.admissible))
        .bind(descriptor)
        .bind(record.acts_like.as_ref().map(CandidateId::as_str))
        .bind(step.campaign.as_str())
        .bind(candidate.as_str());
    let figures = score.map_or_else(Vec::new, |score| figures(score, step.after.spec()));
    batch.add_rows("INSERT INTO scores (campaign, candidate, figure, value)", 4, figures.len());
    for (name, value) in figures {
        batch.bind(step.campaign.as_str()).bind(candidate.as_str()).bind(name).bind(value);
    }
}

/// What a score says, by the names of the spec.
fn figures<'a>(score: &'a Score, spec: &'a Spec) -> Vec<(&'a str, Option<f64>)> {
    let aim = &spec.aim;
    let always =
        [(aim.gain_name().name.as_str(), Some(score.improvement)), (aim.worth_name().name.as_str(), score.worth)];
    let paid = aim.cost_names().into_iter();
    let paid = paid.flat_map(|(cost, ratio)| [(cost.name.as_str(), Some(score.cost)), (ratio, score.cost_ratio)]);
    let own = score.figures.iter().map(|(name, value)| (name.as_str(), *value));
    always.into_iter().chain(paid).chain(own).collect()
}

fn arm_judged(batch: &mut Batch, step: &Step<'_>, arm: &str, finding: &Finding) {
    batch.add("UPDATE arms SET verdict = ?, error = ?, effect = ?, low = ?, high = ?, seeds = ?, reason = ?, judged_seq = ?
         WHERE campaign = ? AND iteration = ? AND name = ?")
    .bind(finding.verdict.as_str())
    .bind(finding.error.map(science::judge::ErrorKind::as_str))
    .bind(finding.effect.map(|effect| effect.estimate))
    .bind(finding.effect.map(|effect| effect.low))
    .bind(finding.effect.map(|effect| effect.high))
    .bind(finding.effect.map(|_| finding.seeds as i64))
    .bind(&finding.reason)
    .bind(step.seq)
    .bind(step.campaign.as_str())
    .bind(step.iteration())
    .bind(arm);
}

fn arm_skipped(batch: &mut Batch, step: &Step<'_>, arm: &str, reason: &str) {
    batch
        .add("UPDATE arms SET skipped = ?, judged_seq = ? WHERE campaign = ? AND iteration = ? AND name = ?")
        .bind(reason)
        .bind(step.seq)
        .bind(step.campaign.as_str())
        .bind(step.iteration())
        .bind(arm);
}

fn principles_revised(batch: &mut Batch, step: &Step<'_>, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Insert(principle) | Change::Refine(principle) => write_principle(batch, step, &principle.id),
            Change::Retire { id, reason } => {
                batch.add("UPDATE principles SET status = 'retired', retired_for = ?, seq = ? WHERE campaign = ? AND id = ?")
                .bind(reason)
                .bind(step.seq)
                .bind(step.campaign.as_str())
                .bind(id);
            }
        }
    }
}

/// Writes a principle as it stands: not all that an extractor proposes is in force.
fn write_principle(batch: &mut Batch, step: &Step<'_>, id: &str) {
    let principle = step.after.principles.iter().find(|principle| principle.id == id).expect("the event was applied");
    let excludes = principle.constraint.as_ref().map(json);
    batch
        .add(
            "INSERT INTO principles (campaign, id, seq, statement, mechanism, regime, confidence, status, excludes)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (campaign, id) DO UPDATE SET seq = excluded.seq, statement = excluded.statement,
         mechanism = excluded.mechanism, regime = excluded.regime, confidence = excluded.confidence,
         status = excluded.status, excludes = excluded.excludes, retired_for = NULL",
        )
        .bind(step.campaign.as_str())
        .bind(&principle.id)
        .bind(step.seq)
        .bind(&principle.statement)
        .bind(&principle.mechanism)
        .bind(&principle.regime)
        .bind(principle.confidence.as_str())
        .bind(principle.status.as_str())
        .bind(excludes);
    batch
        .add("DELETE FROM evidence WHERE campaign = ? AND principle = ?")
        .bind(step.campaign.as_str())
        .bind(&principle.id);
    for (position, finding) in (0_i64..).zip(&principle.evidence) {
        let cited = cited(step.after, finding);
        batch.add("INSERT INTO evidence (campaign, principle, position, finding, iteration, arm) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(step.campaign.as_str())
        .bind(&principle.id)
        .bind(position)
        .bind(finding)
        .bind(cited.map(|(iteration, _)| iteration))
        .bind(cited.map(|(_, arm)| arm));
    }
}

/// The arm that `F<iteration>.<arm>` cites. Extractors write it in words, so it may cite nothing.
fn cited<'a>(state: &State, finding: &'a str) -> Option<(u32, &'a str)> {
    let (iteration, arm) = finding.strip_prefix('F')?.split_once('.')?;
    let number: u32 = iteration.parse().ok()?;
    let bundle = state.iterations.get(number.checked_sub(1)? as usize)?.bundle.as_ref()?;
    bundle.arm(arm).map(|_| (number, arm))
}

fn iteration_closed(batch: &mut Batch, step: &Step<'_>, volume: f64) {
    let champion = step.after.current().champion.as_ref();
    batch
        .add("UPDATE iterations SET volume = ?, champion = ?, matches_reference = ? WHERE campaign = ? AND number = ?")
        .bind(volume)
        .bind(champion.map(|champion| champion.id.as_str()))
        .bind(champion.map(|champion| champion.matches_reference))
        .bind(step.campaign.as_str())
        .bind(step.iteration());
}

fn ended(batch: &mut Batch, step: &Step<'_>, reason: &EndReason) {
    batch.add("UPDATE campaigns SET ended = ? WHERE id = ?").bind(reason.to_string()).bind(step.campaign.as_str());
}

/// What agents did for the event.
fn worked(batch: &mut Batch, step: &Step<'_>) {
    for (position, work) in (0_i64..).zip(step.event.work()) {
        batch
            .add(
                "INSERT INTO work (campaign, seq, position, iteration, role, author, calls, uncounted, prompt_tokens,
             cached_tokens, completion_tokens, reasoning_tokens, usd) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(step.campaign.as_str())
            .bind(step.seq)
            .bind(position)
            .bind(step.iteration())
            .bind(work.role.as_str())
            .bind(&work.by)
            .bind(work.calls)
            .bind(work.uncounted)
            .bind(work.tokens.prompt.cast_signed())
            .bind(work.tokens.cached.cast_signed())
            .bind(work.tokens.completion.cast_signed())
            .bind(work.tokens.reasoning.cast_signed())
            .bind(work.usd);
    }
}

/// What is derived is part of an event that was written as JSON.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("it is part of an event, which is JSON")
}
