//! A candidate as prompts tell it: what was built, what it measures, how far it keeps the guards.

use super::asked::{NORMAL_95, behind};
use super::setting;
use super::text::line;
use super::words::{descriptor, percent, quantity, table};
use science::bundle::Arm;
use science::champion::{self, Contender, Kept};
use science::id::CandidateId;
use science::objective::{PanelScore, ScenarioScore, Score};
use science::spec::{Aggregate, Figure};
use science::state::{ArmRecord, CandidateRecord, State};
use science::stopping;

/// Scenarios that a candidate is broken down by.
const SCENARIOS: usize = 40;

/// A candidate with its figures, and with what was built, in so many characters, and what it does if it is to be described.
pub(super) fn candidate(state: &State, contender: &Contender<'_>, described: Option<usize>) -> String {
    let record = &state.candidates[contender.id];
    let score = contender.score;
    let admissible = admissible(state, contender.id);
    let probed = record.descriptor.as_ref().filter(|_| described.is_some());
    let probed = probed.map(|found| format!(" Probed: {}.", descriptor(found, state.spec())));
    let design = described.and_then(|length| Some(format!(" Design: {}", design(state, record, length)?)));
    format!(
        "{} (iteration {}, arm `{}`): {}; {}; description length {}; {admissible}.{}{}",
        contender.id.short(),
        record.iteration,
        record.arm,
        figures(state, record),
        margins(state, score, contender.description_length),
        contender.description_length,
        probed.unwrap_or_default(),
        design.unwrap_or_default(),
    )
}

/// How far each guard is kept.
fn margins(state: &State, score: &Score, description_length: u32) -> String {
    let all = all_margins(state, score, description_length);
    let all: Vec<String> = nearest(&all).into_iter().map(|(metric, margin)| format!("{metric} {margin:+.3}")).collect();
    if all.is_empty() { "no guards".into() } else { format!("margins to the guards: {}", all.join(", ")) }
}

fn all_margins(state: &State, score: &Score, description_length: u32) -> Vec<Kept> {
    champion::margins(score, description_length, (&state.opened().experiment, state.spec()))
}

/// The margin to each guarded metric; where one is guarded in several ways, the nearest counts.
fn nearest(all: &[Kept]) -> Vec<(&str, f64)> {
    let mut nearest: Vec<(&str, f64)> = Vec::new();
    for kept in all {
        match nearest.iter_mut().find(|(metric, _)| *metric == kept.metric) {
            Some((_, margin)) => *margin = margin.min(kept.margin),
            None => nearest.push((&kept.metric, kept.margin)),
        }
    }
    nearest
}

/// Gain, cost, the problem's own figures and the worth of a scored candidate.
pub(super) fn figures(state: &State, record: &CandidateRecord) -> String {
    let (Some(score), spec) = (&record.score, state.spec()) else { return String::new() };
    let mut figures = vec![format!("{} {}", spec.aim.gain_name().name, percent(score.improvement))];
    figures.extend(spec.aim.cost_names().map(|(cost, _)| format!("{} {}", cost.name, quantity(score.cost, cost.unit))));
    let own = spec.by_scenario();
    figures.extend(own.map(|own| format!("{} {}", own.name, setting::figure(score.figure(&own.name), own, spec))));
    format!("{}, {}", figures.join(", "), worth(state, record))
}

/// What a scored candidate is worth, on each part of the panel, and what of its cost was only moved.
pub(super) fn worth(state: &State, record: &CandidateRecord) -> String {
    let (Some(score), Some(measurement), spec) = (&record.score, &record.measurement, state.spec()) else {
        return String::new();
    };
    let named = spec.aim.worth_name();
    let of = |value: f64| quantity(value, named.unit);
    let interval = score.worth_ci.map(|[low, high]| format!(" [{}, {}]", of(low), of(high))).unwrap_or_default();
    // The interval is one over drawn workloads where there are some, and stands beside what these alone say.
    let (all, drawn) = if score.panels.is_some() { ("", interval.as_str()) } else { (interval.as_str(), "") };
    let worth = match score.worth {
        Some(worth) => format!("{}{all}", of(worth)),
        None => {
            let points = (measurement.gain() - state.yardsticks().reference.gain()) * 100.0;
            let hint = of(state.yardsticks().worth_at_a_distance(measurement, &spec.aim));
            format!(
                "undefined ({points:+.2} points from the reference, too far to be compared; about {hint}, a hint only)"
            )
        }
    };
    let part = |part: &PanelScore| part.worth.map_or_else(|| "undefined".into(), of);
    let parts = score.panels.as_ref().map(|panels| {
        let [points, beside] = [&panels.study, &panels.drawn].map(|part| part.against_reference);
        let [study, of_drawn] = [&panels.study, &panels.drawn].map(part);
        format!(" (study {study}, {points:+.2} points from the reference; drawn {of_drawn}{drawn}, {beside:+.2})")
    });
    let allocation = spec.figures.iter().find(|figure| figure.of == Aggregate::Allocation);
    let moved = allocation.map(|own| format!(", {} {}", own.name, setting::figure(score.figure(&own.name), own, spec)));
    let (parts, moved) = (parts.unwrap_or_default(), moved.unwrap_or_default());
    format!("{} {worth}{}{parts}{moved}", named.name, taken_off(state, record))
}

/// Whether it may win, and why not.
pub(super) fn admissible(state: &State, id: &CandidateId) -> String {
    let objections = state.objections(id);
    if objections.is_empty() { "admissible".into() } else { format!("NOT admissible: {}", objections.join("; ")) }
}

/// The same in fewer words: of guards that are broken the margins.
fn admissible_briefly(state: &State, contender: &Contender<'_>) -> String {
    let objections = state.objections(contender.id);
    if objections.is_empty() {
        return "admissible".into();
    }
    let all = all_margins(state, contender.score, contender.description_length);
    let is_other = |objection: &&String| !all.iter().any(|kept| kept.found == **objection);
    let others = objections.iter().filter(is_other).cloned();
    let broken = nearest(&all).into_iter().filter(|(_, margin)| !matches!(margin, 0.0..));
    let broken = broken.map(|(metric, margin)| format!("{metric} {margin:+.3}"));
    format!("NOT admissible: {}", others.chain(broken).collect::<Vec<_>>().join(", "))
}

/// What a candidate was to be: of an arm with variants its own one, and of what tuning made the constants.
pub(super) fn design(state: &State, record: &CandidateRecord, length: usize) -> Option<String> {
    let iteration = state.iterations.get((record.iteration as usize).checked_sub(1)?)?;
    if let Some(of) = &record.candidate.tunes {
        let tuning =
            iteration.tuning.as_ref().filter(|tuning| tuning.retuned.as_ref() == Some(&record.candidate.id))?;
        let value = |(range, value): (&science::tuner::Range, &f64)| format!("{} = {value}", range.name);
        let values: Vec<String> = tuning.tunables.iter().zip(&tuning.best).map(value).collect();
        let own = design(state, state.candidates.get(of)?, length).unwrap_or_default();
        return Some(format!("{} tuned to {}; that is: {own}", of.short(), values.join(", ")));
    }
    let (at, arm) = iteration.bundle.as_ref()?.arm(&record.arm)?;
    let number = iteration.arms.get(at)?.variants.iter().position(|id| *id == record.candidate.id).unwrap_or(0);
    Some(match number {
        0 => line(&arm.design.intent, length),
        _ => format!("variant {number}: {}", line(arm.design.variants.get(number - 1)?, length)),
    })
}

/// Whose verdict it is, where that is not the design which the hypothesis was written for.
pub(super) fn which(record: &ArmRecord) -> String {
    match record.variants.iter().position(|id| record.candidate.as_ref() == Some(id)) {
        Some(number @ 1..) => format!(" (of variant {number}, which the hypothesis may not be about)"),
        _ => String::new(),
    }
}

/// What of its worth is taken off where candidates are ranked, for guards that it breaks or just keeps.
fn taken_off(state: &State, record: &CandidateRecord) -> String {
    let taken = record.worth.filter(|worth| worth.penalty > 0.0).map(|worth| worth.penalty);
    let of = |penalty| format!(" less {} for guards", quantity(penalty, state.spec().aim.worth_name().unit));
    taken.map(of).unwrap_or_default()
}

/// What was built for an arm: the design of its candidate, or its intent where there is none.
pub(super) fn built(state: &State, arm: &Arm, record: &ArmRecord, length: usize) -> String {
    let candidate = record.candidate.as_ref().and_then(|id| state.candidates.get(id));
    let own = candidate.filter(|_| !record.variants.is_empty()).and_then(|own| design(state, own, length));
    own.unwrap_or_else(|| line(&arm.design.intent, length))
}

/// What became of each design of an arm that explored, a line each, with so many characters of the design.
pub(super) fn variants(state: &State, arm: &Arm, record: &ArmRecord, length: usize) -> Vec<String> {
    let named = state.spec().aim.worth_name();
    let designs = [&arm.design.intent].into_iter().chain(&arm.design.variants);
    let told = record.variants.iter().zip(designs).enumerate().filter_map(|(number, (id, design))| {
        let own = state.candidates.get(id)?;
        let of = match (&own.behind, &own.score) {
            (Some(lag), None) => behind(lag, state),
            (_, Some(_)) if record.candidate.as_ref() == Some(id) => "as above".into(),
            (_, Some(score)) => {
                let contender = state.contender(id)?;
                let worth = score.worth.map_or("undefined".into(), |worth| quantity(worth, named.unit));
                let beside = record.candidate.as_ref().filter(|judged| *judged != id);
                let beside = beside.and_then(|judged| beside_it(state, own, state.candidates.get(judged)?));
                let drawn = score.panels.as_ref().and_then(|panels| panels.drawn.worth);
                let drawn = drawn.map(|drawn| format!(" (drawn {})", quantity(drawn, named.unit))).unwrap_or_default();
                let (taken, beside) = (taken_off(state, own), beside.unwrap_or_default());
                format!("{} {worth}{drawn}{taken}{beside}, {}", named.name, admissible_briefly(state, &contender))
            }
            (None, None) => own.outcome.map_or("was not measured", |outcome| outcome.as_str()).into(),
        };
        let judged = if record.candidate.as_ref() == Some(id) { ", JUDGED" } else { "" };
        let which = if number == 0 { "the design itself".into() } else { format!("variant {number}") };
        Some(format!("`{}`, {which} ({}{judged}): {} Measured: {of}.", arm.name, id.short(), line(design, length)))
    });
    told.collect()
}

/// What a candidate is worth beside another one, workload by workload.
fn beside_it(state: &State, own: &CandidateRecord, other: &CandidateRecord) -> Option<String> {
    let (own, other) = (own.measurement.as_ref()?, other.measurement.as_ref()?);
    let aim = &state.spec().aim;
    let [mean, error] = stopping::effect(own, other, state.yardsticks(), aim)?;
    let of = |value: f64| quantity(value, aim.worth_name().unit);
    let sign = if mean < 0.0 { "" } else { "+" };
    let whole = if state.yardsticks().drawn > 0 { " on the drawn ones" } else { "" };
    Some(format!(" ({sign}{} ± {} beside the judged one{whole}, 95 %)", of(mean), of(NORMAL_95 * error)))
}

/// What tuning took and made in an iteration; none where nothing was tuned.
pub(super) fn tuned(state: &State, iteration: usize) -> Option<String> {
    let tuning = state.iterations[iteration].tuning.as_ref()?;
    let made = match &tuning.retuned {
        Some(id) => format!("made {}", id.short()),
        None => "gained too little for another candidate".into(),
    };
    Some(format!("Tuning {} took {} evaluations and {made}.", tuning.candidate.short(), tuning.tried.len()))
}

/// The candidate that measured the same in every workload before this one did.
pub(super) fn twin<'a>(state: &'a State, of: &CandidateRecord) -> Option<&'a CandidateId> {
    let own = of.measurement.as_ref()?;
    let earlier = state.order.iter().take_while(|id| **id != of.candidate.id);
    earlier.into_iter().find(|id| state.candidates[*id].measurement.as_ref() == Some(own))
}

/// Scored candidates scenario by scenario: the lines of a table. Of a single one the figures that are guarded, too.
pub(super) fn breakdown(state: &State, records: &[&CandidateRecord]) -> Vec<String> {
    let cost = state.spec().aim.cost_names().map(|(cost, _)| cost);
    let guards = &state.opened().experiment.objective.constraints;
    let is_guarded = |figure: &&Figure| match &figure.of {
        Aggregate::Mean(_) => guards.iter().any(|guard| guard.metric == figure.name),
        _ => false,
    };
    let guarded: Vec<&Figure> = state.spec().by_scenario().filter(|_| records.len() == 1).filter(is_guarded).collect();
    let mut head = vec!["scenario".to_owned()];
    for record in records {
        let id = record.candidate.id.short();
        head.push(format!("{id}: points above the reference"));
        head.extend(cost.map(|cost| format!("{id}: {}", cost.name)));
        head.extend(guarded.iter().map(|figure| format!("{id}: {}", figure.name)));
    }
    let scenarios: Vec<&[ScenarioScore]> =
        records.iter().filter_map(|record| Some(record.score.as_ref()?.scenarios.as_slice())).collect();
    let row = |at: usize| {
        let mut cells = vec![scenarios[0][at].name.clone()];
        for own in scenarios.iter().filter_map(|own| own.get(at)) {
            cells.push(format!("{:+.2}", own.against_reference));
            cells.extend(cost.map(|cost| quantity(own.cost, cost.unit)));
            let value = |figure: &&Figure| own.figures.get(&figure.name).copied().flatten();
            cells.extend(guarded.iter().map(|figure| setting::figure(value(figure), figure, state.spec())));
        }
        cells
    };
    table(&head, (0..scenarios.first().map_or(0, |first| first.len().min(SCENARIOS))).map(row).collect())
}
