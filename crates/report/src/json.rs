//! JSON: the shapes that other tools read.
//!
//! `docs/report.md` and `elenchus schema report` say every key; `schema` is the version of that. Keys are added to, and never renamed or removed
//! within a version. `events` beside a figure are the numbers of the events that it follows from. What is not known is `null`. Shares and improvements are
//! fractions, regret and points are points (0.01 log units), intervals are `[low, high]`. No text holds a terminal's
//! control characters.
//!
//! Gain, cost and worth are called as the problem calls them; in what follows `<gain>`, `<cost>`, `<ratio>` and `<worth>` stand
//! for those names, of which a problem without cost has the first and the last. `spec` says them all.
//!
//! A *score* is [`science::objective::Score`]: `<gain>`, `<cost>`, `<worth>` (each with `_ci`), `<ratio>`, the problem's own
//! figures by their names, `regret`, `regret_scenario`, `loss`, `shortfall`, `violations`, and `scenarios[]` {`name`, `<gain>`,
//! `<cost>`, figures, `against_reference`, `overloaded`}, and `panels`: null, or {`study`, `drawn`}, each {`<gain>`,
//! `against_reference`, `<cost>`, `<ratio>`, figures over the reference's, `<worth>`, `regrets[]` (what each workload loses against
//! the reference, points), `costs[]` (the cost of each workload)}.

mod cited;
mod named;

use crate::contrast::{Compared, Differing};
use crate::effort::effort;
use crate::evaluation::Evaluation;
use crate::facts::{Facts, phase};
use crate::page;
use crate::record::Record;
use crate::spend::attempts;
use crate::standing::{Found, Standing};
use crate::words;
use cited::cited;
use named::named;
use science::comparison::{Comparison, Summary};
use science::controls::Tables;
use science::event::Event;
use science::objective::Score;
use science::seal::{self, Look, Taken};
use science::spec::Spec;
use science::state::{Simplification, State};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What `show --format json` prints:
///
/// - `campaign`, `digest`, `experiment`, `directory`, `question`, `agents`, `seed`, `sandboxed`, `created_ms`, `last_ms`,
///   `ended` (null, or why);
/// - `champion`: null, or {`candidate`, `source`, `score`, `iteration`, `arm`, `parent`, `description_length`,
///   `matches_reference`};
/// - `iterations[]`: {`iteration`, `question`, `parent`, `failure`, `planner`, `extraction_failure`, `asked[]` (what the planner had measured before: {`of`, `find`, `replace`, `made`, `outcome`, `worth`, `effect` [mean, standard error], `beyond`, `trials`}), `components[]`, `arms[]`, `advice` (null, or what the findings ask of the next plan), `tuning` (null, or {`candidate`, `points`, `constants[]`
///   {`name`, `own`, `settled`}, `worth` (null, or what it is worth less what it violates, [own, settled]), `retuned`}), `principles[]`, `audits[]`, `volume`, `false_exclusion`,
///   `champion`, `closed`}. An arm: {`finding` (`F<iteration>.<arm>`), `arm`, `kind`, `hypothesis`, `mechanism`, `diagnostic`,
///   `intent`, `point`, `prediction`, `claim`, `confidence`, `candidate`, `variants[]` (of which the candidate is the best), `stopped[]` (those that were stopped after a part of the panel: {`candidate`, `rival`, `workloads`, `of`, `by`, `error`}), `author` (null: the built-in executor), `repairs`, `unmended`, `outcome`, `verdict`, `error`, `effect`
///   {`estimate`, `low`, `high`}, `measured`, `seeds` (fresh ones), `heavy_tail`, `reason`, `skipped`}. A principle's change: {`change`, `principle`,
///   `statement`, `evidence[]`, `constraint` (as proposed), `reason`}. An audit: {`principle`, `constraint`, `points[]` {`point`, `saving`, `admissible`,
///   `worth`, `room`, `runs` (on the search panel)},
///   `refused` (null: the constraint is in force)}. A champion: {`candidate`, `matches_reference`,
///   `description_length`, `score`};
/// - `lineage[]`: {`candidate`, `parent` (null: the reference), `resolved`, `author`, `repairs` (the candidate that it mends), `depth`, `findings[]`, `outcome`,
///   `<gain>`, `<worth>`, `description_length`, `objections[]`, `champion`, `front`}, parents before children;
/// - `principles`: {`active[]`, `retired[]`, `volume`, `false_exclusion` (null: nothing was audited; else the 95 % bound on the share of what is excluded that beats what was known), `audited_points` (what that rests on), `declared`};
/// - `simplification`: null, or {`of` (the champion that was taken apart), `tried[]` {`change`, `outcome`, `gain` (what it is
///   worth less what the whole is), `description_length`, `admissible`, `kept`}, `candidate` (without what does not matter, or null)};
/// - `finals`: null, or {`finalists[]` {`candidate`, `outcome`, `low` (the lower end of what it is worth there, one-sided 95 %; null:
///   it did not run), `admissible`, `matches_reference`, `score` (on the finals alone)}, `trials`};
/// - `spec`: [`science::spec::Spec`], what the problem measures and what counts there.
pub fn show(record: &Record<'_>) -> Value {
    let mut out = identity(record);
    if let Some(facts) = Facts::of(record) {
        lineage(&mut out, &facts);
    }
    finished(out, record)
}

/// What `status --format json` prints: the identity as in [`show`] (down to `ended`), `phase`, `iteration` (under way or
/// next, from 1), `iterations_planned`, `iterations_closed`, `evaluations`, `false_exclusion`, `trials` {`search`, `audit`, `verdict`, `finals`, `verdict_budget` (null: none), `spared`}, `candidates`, `scored`, `volume`, `found`
/// (`champion`, `no-champion`, `nothing-scored`, `uncalibrated`), `hypotheses` (arms), `repairs` (candidates sent back),
/// `spend` (null where agents did nothing that anybody counts; else {`calls`, `uncounted`, `tokens` {`prompt`, `cached` (of
/// `prompt`), `completion`, `reasoning` (of `completion`), `total`}, `usd` (null: unknown), `unpriced[]`, `lost` {`attempts`,
/// `tokens`, `usd`}, `budget` {`usd`, `tokens`, `calls`}, `by[]` {`role`, `by`, `calls`, `uncounted`, `tokens`, `usd`}}), and `champion` as in [`show`] without its source.
pub fn status(record: &Record<'_>) -> Value {
    let mut out = identity(record);
    progress(&mut out, record);
    if let Some(facts) = Facts::of(record) {
        let mut best = champion(&facts);
        best.as_object_mut().and_then(|best| best.remove("source"));
        put(&mut out, "champion", best);
    }
    finished(out, record)
}

/// The last line of `run --format json`: all of [`status`], `kind` (`verdict`), `answer` (`beats`, `fails`, `unsealed`, `no-champion`) and
/// `verdict[]`, the sentences of the first page.
pub fn end(record: &Record<'_>) -> Value {
    let mut out = status(record);
    if let (Some(facts), Some(out)) = (Facts::of(record), out.as_object_mut()) {
        let page = page::page(&facts);
        put(out, "kind", "verdict");
        put(out, "answer", page.answer);
        put(out, "verdict", cleaned(value(page.verdict)));
    }
    out
}

/// Everything that the report says: all of [`show`] and of [`status`], and `summary` (the headline's paragraph),
/// `sealed` (null until a campaign ended with a champion; else, of the first look, {`beats_reference`, `looks` and `looks_kept` (how many
/// were taken, and in how many every requirement is kept), `worth` and `study` ({`value`, `interval`}: the headline and the study's),
/// `drawn` (workloads), `score`, `reference`, `tests[]` ({`requirement`, `margin`, `interval` (95 %; null where nothing varies),
/// `holds`}), `one_trace`, `illustration` (what it is shown with and no verdict rests on, as [`science::seal::Illustration`])}), `beside[]` (where models propose, this campaign and those of the same agents whose drafts were independent, or a loop: {`campaign`, `independent`, `calls`, `candidates` [written, scored, admissible], `found`, `sealed`}), `comparison` (as [`comparison`]; null until it was asked for),
/// `nearest` (without a champion: {`candidate`, `objections[]`, `score`}), `caveats[]`, `yardsticks` {`rows[]` {`name`,
/// `policy`, `share_of_attainable`, `score`}, `overloaded[]`, `attainable` (null where nothing bounds it), `reference`,
/// `extremes[]` {`name`, `remark`}},
/// `front[]` (candidate ids), `calibration` {`decided`, `mean_confidence`, `base_rate`, `brier`, `base_rate_brier`,
/// `intervals` (stated 80 % intervals whose effect was measured), `intervals_inside`, `inconclusive_share`, `verdicts`, `errors`}, `notes`, `reproduce` {`nonce`, `agents`, `toolchain`, `version`, `digest`, `sandboxed`, `inputs`}.
pub fn report(record: &Record<'_>) -> Value {
    let mut out = identity(record);
    progress(&mut out, record);
    let Some(facts) = Facts::of(record) else { return finished(out, record) };
    lineage(&mut out, &facts);
    put(&mut out, "page", page::page(&facts));
    put(&mut out, "summary", facts.paragraph());
    put(&mut out, "sealed", sealed(record));
    put(&mut out, "beside", record.beside);
    put(&mut out, "comparison", record.comparison.map(|found| comparison(std::slice::from_ref(found))));
    put(&mut out, "nearest", nearest(&facts));
    put(&mut out, "caveats", facts.caveats());
    put(&mut out, "yardsticks", &facts.yardsticks);
    put(&mut out, "front", facts.front.iter().map(|standing| standing.id).collect::<Vec<_>>());
    put(&mut out, "calibration", &facts.calibration);
    put(&mut out, "notes", &record.state.notes);
    let started = facts.started;
    let reproduce = json!({
        "nonce": started.nonce.to_string(),
        "agents": started.agents,
        "toolchain": started.toolchain,
        "version": started.version,
        "digest": record.digest,
        "sandboxed": started.sandboxed,
        "inputs": started.inputs,
    });
    put(&mut out, "reproduce", reproduce);
    finished(out, record)
}

/// What `compare --format json` prints: `campaigns[]` [`Comparison`] {`campaign`, `spent` {`evaluations`, `audited`, `elsewhere`},
/// `found`, `searches[]` {`method` (`random`, `tuning`, `tpe`), `repeat`, `found`}}, where `found` is {`search` (what it is worth on the
/// search panel; null: nothing was found), `sealed`, `beats`, `curve[]` {`evaluation`, `worth`}}; and `summary` [`Summary`]
/// {`campaigns`, `evaluations` [fewest, most], `marks[]`, `lines[]` {`method` (null: the campaigns), `search`, `sealed`, `ahead`
/// (each {`mean`, `interval` (null of fewer than three campaigns)}), `searches`, `nothing`, `beat`, `curve[]` (at the marks and at the end)}}.
pub fn comparison(comparisons: &[Comparison]) -> Value {
    json!({ "campaigns": comparisons, "summary": Summary::of(comparisons) })
}

/// What `diff --format json` prints: `left` and `right` {`campaign`, `candidate`}, `specification[]` {`what`, `left`, `right`} where they differ,
/// `source` (as `diff -u` has it; empty: the same), `behaviour` [left, right] in words, `acts_alike`, `unpaired` (null, or why they share no
/// panel), `effects[]` {`metric`, `unit`, `estimate`, `interval`} of the second beyond the first, more is better, `over` (what they are means
/// of), `workloads[]` {`workload`, `gain` (log units), `cost`}.
pub fn contrast(compared: &Compared) -> Value {
    cleaned(value(compared))
}

/// What `diff --format json` prints of two campaigns under `campaigns`: rows of `what`, `left` and `right`.
pub fn campaigns(rows: &[Differing]) -> Value {
    cleaned(value(rows))
}

/// What `controls --format json` prints: `nonce`, `workloads`, `fitted_on`, `bounds`, `guards[]`, `policies[]` {`name`, `standing`, `what`,
/// `outcome`, `message`, `scale`}, `variants[]` {`variant`, `rows[]` in the order of the policies (`found` null where it did not run),
/// `differences[]`, `shares[]`}, `failures[]`: what must not be, in words.
pub fn controls(tables: &Tables) -> Value {
    let mut out = value(tables);
    out["failures"] = tables.failures().into();
    out
}

/// What `evaluate --format json` prints: `candidate`, `outcome`, `message`, `feasible`, `objections[]`, `sandboxed`,
/// `description_length`, the fields of a score (null without one; `scenarios` is then empty), `reference` (a score, the
/// reference's own), `cached`, `timing_ms` {`screen`, `compile`, `probe`, `simulate`, `decide`}, `descriptor` (what probing found;
/// null if it could not be run), `curves[]` {`input`, `points[]`} (empty unless asked for).
pub fn evaluation(evaluation: &Evaluation<'_>) -> Value {
    let mut out = Map::new();
    put(&mut out, "candidate", evaluation.candidate);
    put(&mut out, "outcome", evaluation.outcome);
    put(&mut out, "message", evaluation.message);
    put(&mut out, "feasible", evaluation.feasible());
    put(&mut out, "objections", evaluation.objections);
    put(&mut out, "sandboxed", evaluation.sandboxed);
    put(&mut out, "description_length", evaluation.description_length);
    out.extend(metrics(evaluation.score, evaluation.reference));
    put(&mut out, "reference", evaluation.reference);
    put(&mut out, "cached", evaluation.cached);
    put(&mut out, "timing_ms", evaluation.timing);
    put(&mut out, "descriptor", evaluation.descriptor);
    put(&mut out, "curves", evaluation.curves);
    cleaned(named(Value::Object(out), evaluation.spec))
}

/// A score's fields by name; without a score, the same names with nothing in them.
fn metrics(score: Option<&Score>, shape: &Score) -> Map<String, Value> {
    let fields = |score: &Score| match value(score) {
        Value::Object(fields) => fields,
        _ => unreachable!("a score is an object"),
    };
    if let Some(score) = score {
        return fields(score);
    }
    let empty = |name: &str| match name {
        "scenarios" => json!([]),
        "figures" => shape.figures.keys().map(|figure| (figure.clone(), Value::Null)).collect(),
        _ => Value::Null,
    };
    fields(shape).into_iter().map(|(name, _)| (name.clone(), empty(&name))).collect()
}

/// What `run --format json` prints of an event: its `kind`, the `iteration`, and of a verdict `arm` (as in `page.tried`), of the end of
/// an iteration `arms[]`, `champion`, `volume`, of a candidate its id and `outcome`, of a failure its `reason`.
pub fn event(state: &State, event: &Event) -> Value {
    let mut out = Map::new();
    put(&mut out, "kind", event.kind());
    put(&mut out, "iteration", state.iteration_number());
    let number = state.iterations.len();
    let mut arms = state.iterations.last().map(|iteration| page::arms(state, iteration, number)).unwrap_or_default();
    page::mark(&mut arms, state);
    match event {
        Event::ArmJudged { arm, .. } => put(&mut out, "arm", arms.iter().find(|tried| tried.arm == *arm)),
        Event::IterationClosed { volume } => {
            put(&mut out, "arms", arms);
            put(&mut out, "champion", state.champion().map(|champion| champion.id));
            put(&mut out, "volume", volume);
        }
        Event::CandidateEvaluated { candidate, outcome, .. } => {
            put(&mut out, "candidate", candidate);
            put(&mut out, "outcome", outcome);
        }
        Event::CandidateWritten { candidate, .. } => put(&mut out, "candidate", &candidate.id),
        Event::PlanFailed { reason, .. } | Event::ExecutorFailed { reason, .. } => put(&mut out, "reason", reason),
        Event::Ended { reason } => put(&mut out, "reason", reason.to_string()),
        Event::BundleRegistered { bundle, .. } => put(&mut out, "question", &bundle.question),
        _ => {}
    }
    cleaned(Value::Object(out))
}

/// The version of the shapes of [`report`], [`show`] and [`status`]: raised where a key is renamed, removed or means something else.
pub const SCHEMA: u32 = 1;

/// The shape of [`report`] as a JSON Schema; a test holds them together.
pub fn schema() -> Value {
    serde_json::from_str(include_str!("json/report.schema.json")).expect("a test reads it")
}

fn identity(record: &Record<'_>) -> Map<String, Value> {
    let mut out = Map::new();
    put(&mut out, "schema", SCHEMA);
    let started = record.state.started.as_ref();
    put(&mut out, "campaign", record.id);
    put(&mut out, "digest", record.digest);
    put(&mut out, "experiment", started.map(|started| &started.name));
    put(&mut out, "directory", record.directory);
    put(&mut out, "question", started.map(|started| &started.experiment.question));
    put(&mut out, "agents", started.map(|started| &started.agents));
    put(&mut out, "nonce", started.map(|started| started.nonce));
    put(&mut out, "sandboxed", started.map(|started| started.sandboxed));
    put(&mut out, "created_ms", record.times.created_ms);
    put(&mut out, "last_ms", record.times.last_ms);
    put(&mut out, "ended", record.state.ended.as_ref().map(ToString::to_string));
    out
}

fn progress(out: &mut Map<String, Value>, record: &Record<'_>) {
    put(out, "phase", phase(record.state));
    put(out, "iteration", record.state.iteration_number());
    let Some(facts) = Facts::of(record) else { return };
    put(out, "iterations_planned", facts.started.experiment.iterations);
    put(out, "iterations_closed", facts.closed());
    put(out, "evaluations", record.state.evaluations);
    put(out, "trials", effort(record.state));
    put(out, "candidates", record.state.order.len());
    put(out, "scored", facts.scored());
    put(out, "volume", facts.principles.volume);
    put(out, "false_exclusion", facts.principles.false_exclusion);
    put(out, "found", facts.found.kind());
    let (hypotheses, repairs) = attempts(record.state);
    put(out, "hypotheses", hypotheses);
    put(out, "repairs", repairs);
    put(out, "spend", &facts.spend);
}

fn lineage(out: &mut Map<String, Value>, facts: &Facts<'_>) {
    put(out, "champion", champion(facts));
    put(out, "iterations", &facts.turns);
    put(out, "lineage", &facts.lineage.nodes);
    put(out, "principles", &facts.principles);
    put(out, "simplification", simplification(facts));
    put(out, "finals", &facts.record.state.finals);
    put(out, "spec", &facts.started.spec);
}

/// The shape with the names of the problem, and nothing that a person would not see.
fn finished(out: Map<String, Value>, record: &Record<'_>) -> Value {
    let out = cited(out, record);
    cleaned(match &record.state.started {
        Some(started) => named(out, &started.spec),
        None => out,
    })
}

fn champion(facts: &Facts<'_>) -> Value {
    let Found::Champion { standing, matches_reference } = &facts.found else { return Value::Null };
    let Standing { id, score, description_length, iteration, arm } = *standing;
    json!({
        "candidate": id,
        "source": facts.record.source(id),
        "score": score,
        "iteration": iteration,
        "arm": arm,
        "parent": facts.record.state.candidates[id].candidate.parent,
        "description_length": description_length,
        "matches_reference": matches_reference,
    })
}

fn simplification(facts: &Facts<'_>) -> Value {
    let of = |done: &Simplification| json!({ "of": done.of, "tried": done.tried, "candidate": done.made });
    facts.record.state.simplification.as_ref().map_or(Value::Null, of)
}

fn nearest(facts: &Facts<'_>) -> Value {
    match &facts.found {
        Found::NoChampion { nearest, objections } => {
            json!({ "candidate": nearest.id, "objections": objections, "score": nearest.score })
        }
        Found::Uncalibrated | Found::NothingScored | Found::Champion { .. } => Value::Null,
    }
}

fn put(out: &mut Map<String, Value>, key: &str, fact: impl Serialize) {
    out.insert(key.into(), value(fact));
}

fn value(fact: impl Serialize) -> Value {
    serde_json::to_value(fact).expect("facts are plain data with text keys")
}

/// The same without anything in its texts that a person would not see: JSON escapes only some of it.
pub fn cleaned(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(words::clean(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(cleaned).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (words::clean(&key), cleaned(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// One look under the seal, with how all looks at the champion came out.
pub fn look(look: &Look, looks: &[Look], taken: Taken, spec: &Spec) -> Value {
    let mut out = looked(look, looks, taken);
    put(&mut out, "this_look_holds", look.holds());
    cleaned(named(out.into(), spec))
}

fn sealed(record: &Record<'_>) -> Value {
    record.looks.first().map_or(Value::Null, |first| looked(first, record.looks, record.taken).into())
}

/// A look, with how all of them came out.
fn looked(look: &Look, looks: &[Look], taken: Taken) -> Map<String, Value> {
    let mut out = value(look).as_object().cloned().unwrap_or_default();
    put(&mut out, "beats_reference", seal::beats(look, looks));
    put(&mut out, "looks", looks.len());
    put(&mut out, "looks_kept", looks.iter().filter(|look| look.holds()).count());
    put(&mut out, "pooled", seal::pooled(looks));
    put(&mut out, "taken", taken);
    out
}
