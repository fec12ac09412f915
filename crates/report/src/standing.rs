//! What was found so far: the champion, or how near the best candidate came.

use crate::terms::Terms;
use crate::words::{self, capital, count, percent, percent_within};
use crate::yardsticks::{Yardsticks, share};
use science::id::CandidateId;
use science::objective::Score;
use science::spec::{Aim, Spec};
use science::state::State;

/// The state of the search.
#[derive(Clone, Debug)]
pub(crate) enum Found<'a> {
    /// The yardsticks are not measured yet.
    Uncalibrated,
    /// No candidate has a score.
    NothingScored,
    /// There are scores, but no champion.
    NoChampion {
        /// The nearest.
        nearest: Standing<'a>,
        /// Why it is not admissible; empty if only its improvement is out of reach of a comparison.
        objections: Vec<String>,
    },
    /// There is a champion.
    Champion {
        /// The champion.
        standing: Standing<'a>,
        /// Whether it matches the reference's improvement.
        matches_reference: bool,
    },
}

/// A scored candidate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing<'a> {
    /// The candidate.
    pub(crate) id: &'a CandidateId,
    /// Its score.
    pub(crate) score: &'a Score,
    /// Its description length, tokens.
    pub(crate) description_length: Option<u32>,
    /// The iteration that it was written in.
    pub(crate) iteration: u32,
    /// The arm that it was written for.
    pub(crate) arm: &'a str,
}

/// The standing of a candidate, if it has a score.
pub(crate) fn standing<'a>(state: &'a State, id: &CandidateId) -> Option<Standing<'a>> {
    let (id, record) = state.candidates.get_key_value(id)?;
    Some(Standing {
        id,
        score: record.score.as_ref()?,
        description_length: record.candidate.description_length,
        iteration: record.iteration,
        arm: &record.arm,
    })
}

/// The state of the search.
pub(crate) fn found(state: &State) -> Found<'_> {
    if state.yardsticks.is_none() {
        return Found::Uncalibrated;
    }
    if let Some(champion) = state.champion()
        && let Some(standing) = standing(state, &champion.id)
    {
        return Found::Champion { standing, matches_reference: champion.matches_reference };
    }
    match nearest(state).and_then(|id| standing(state, id)) {
        Some(nearest) => {
            let mut objections = state.objections(nearest.id);
            if nearest.description_length.is_none() {
                objections.push("its description length is not known".into());
            }
            Found::NoChampion { nearest, objections }
        }
        None => Found::NothingScored,
    }
}

/// The candidate with the fewest objections; of those the one that is worth most, then the one whose improvement lies
/// closest to the reference's, then the earlier.
fn nearest(state: &State) -> Option<&CandidateId> {
    let reference = state.yardsticks.as_ref()?.reference.gain();
    let scored = state.order.iter().filter_map(|id| standing(state, id));
    let rank = |s: &Standing<'_>| {
        let worth = s.score.worth.unwrap_or(f64::NEG_INFINITY);
        let distance = (-(1.0 - s.score.improvement).ln() - reference).abs();
        (state.objections(s.id).len(), -worth, distance)
    };
    let ranked: Vec<_> = scored.map(|s| (rank(&s), s.id)).collect();
    let best =
        ranked.into_iter().min_by(|(a, _), (b, _)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.total_cmp(&b.2)));
    best.map(|(_, id)| id)
}

impl Found<'_> {
    /// The word for it in JSON.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Found::Uncalibrated => "uncalibrated",
            Found::NothingScored => "nothing-scored",
            Found::NoChampion { .. } => "no-champion",
            Found::Champion { .. } => "champion",
        }
    }

    /// What was found, sentence by sentence, the most important first; it says no more than the data.
    pub(crate) fn sentences(&self, state: &State, yardsticks: Option<&Yardsticks>) -> Vec<String> {
        let written = state.order.len();
        let spec = state.spec();
        match (self, yardsticks) {
            (Found::Uncalibrated, _) | (_, None) => {
                let extremes = spec.extremes.iter().map(|extreme| format!(", {}", words::spaced(&extreme.name)));
                let extremes = extremes.collect::<String>();
                vec![format!("Nothing is known yet: the yardsticks (baseline, reference{extremes}) are not measured.")]
            }
            (Found::NothingScored, _) if written == 0 => {
                vec!["No candidate was written yet, so there is no champion.".into()]
            }
            (Found::NothingScored, _) => {
                vec![format!("There is no champion: {} written, none of them scored.", count(written, "candidate"))]
            }
            (Found::NoChampion { nearest, objections }, Some(yardsticks)) => {
                let scored = state.candidates.values().filter(|record| record.score.is_some()).count();
                [near_miss(*nearest, objections, scored, spec), figures(*nearest, yardsticks, spec)].concat()
            }
            (Found::Champion { standing, matches_reference }, Some(yardsticks)) => {
                let mut sentences = vec![verdict(*standing, *matches_reference, yardsticks, spec)];
                sentences.extend(figures(*standing, yardsticks, spec));
                sentences
            }
        }
    }
}

fn near_miss(nearest: Standing<'_>, objections: &[String], scored: usize, spec: &Spec) -> Vec<String> {
    let (Standing { id, iteration, arm, .. }, terms) = (nearest, Terms(spec));
    let who = format!("The nearest, {} (iteration {iteration}, arm {arm}),", id.short());
    let why = if objections.is_empty() {
        let gain = terms.gain();
        format!(
            "{who} is admissible, but neither matches the reference's {gain} nor comes near enough for costs to compare."
        )
    } else {
        format!("{who} is not admissible: {}.", terms.spoken(&objections.join("; ")))
    };
    vec![format!("There is NO champion among {}.", count(scored, "scored candidate")), why]
}

fn verdict(standing: Standing<'_>, matches_reference: bool, yardsticks: &Yardsticks, spec: &Spec) -> String {
    let Standing { id, iteration, arm, score, .. } = standing;
    let who = format!("{} (iteration {iteration}, arm {arm})", id.short());
    let gain = Terms(spec).gain();
    let gains = format!(
        "{} against {}, means over the search seeds",
        percent(score.improvement),
        percent(yardsticks.reference.improvement)
    );
    if matches_reference {
        return format!("Champion {who} is worth no less than the reference ({gain} {gains}).");
    }
    format!(
        "Champion {who} is worth LESS than the reference ({gain} {gains}): no admissible candidate is worth as much."
    )
}

/// The figures of a candidate, a sentence each.
fn figures(standing: Standing<'_>, yardsticks: &Yardsticks, spec: &Spec) -> Vec<String> {
    let (score, reference, terms) = (standing.score, &yardsticks.reference, Terms(spec));
    let attainable = yardsticks.attainable;
    let own_share = share(score.improvement, attainable).map_or_else(String::new, |share| {
        format!(", {} of the attainable {}", percent(share), percent(attainable.unwrap_or_default()))
    });
    let reference_share = share(reference.improvement, attainable)
        .map_or_else(String::new, |share| format!(" ({} of it)", percent(share)));
    let mut sentences = vec![
        worth(score, reference, spec),
        format!(
            "{} {}{own_share}; the reference's is {}{reference_share}.",
            capital(&terms.gain()),
            percent_within(score.improvement, score.improvement_ci),
            percent(reference.improvement),
        ),
    ];
    sentences.extend(terms.cost().map(|cost| {
        let relative = against(score.cost, reference.cost).map_or_else(String::new, |relative| format!(": {relative}"));
        let own = percent_within(score.cost, score.cost_ci);
        format!("{} {own}, the reference's is {}{relative}.", capital(&cost), percent(reference.cost))
    }));
    sentences.push(regret(score));
    sentences.push(match standing.description_length {
        Some(n) => format!("Its description length is {}.", count(n as usize, "token")),
        None => "Its description length is not known.".into(),
    });
    sentences
}

/// What it is worth, and whether the interval leaves it standing.
fn worth(score: &Score, reference: &Score, spec: &Spec) -> String {
    let terms = Terms(spec);
    let (name, gain) = (terms.worth(), terms.gain());
    if score.worth.is_none() {
        let distance = 100.0 * ((1.0 - reference.improvement).ln() - (1.0 - score.improvement).ln());
        let side = if distance > 0.0 { "above" } else { "below" };
        let distance = words::points(distance.abs());
        let within = spec.aim.comparable().unwrap_or_default() * 100.0;
        return format!(
            "Its {name} is not defined: its {gain} lies {distance} points {side} the reference's, and costs compare within \
             {within:.0} points only."
        );
    };
    let (won, of) = match spec.aim {
        Aim::Saving { .. } => ("saving", format!("of cost at equal {gain}")),
        Aim::Gain { .. } => ("gain", "beyond the reference".into()),
    };
    let over = if score.panels.is_some() { "the interval, over the drawn workloads alone," } else { "the interval" };
    let judged = match score.worth_ci {
        None => "no interval: that takes three seeds of every workload, and workloads that they change".into(),
        Some([low, _]) if low > 0.0 => format!("on these seeds a {won}"),
        Some([_, high]) if high < 0.0 => "on these seeds a LOSS".into(),
        Some(_) => format!("{over} holds zero, so the data do not show a {won}"),
    };
    format!("{} {} {of} ({judged}).", capital(&name), terms.worth_on(score))
}

fn regret(score: &Score) -> String {
    let regret = words::points(score.regret.abs());
    if score.scenarios.is_empty() {
        "Regret is not known: the panel has no scenario.".into()
    } else if score.regret > 0.0 {
        format!(
            "Regret {regret} points, in {}: the most that a scenario loses against the reference.",
            score.regret_scenario
        )
    } else {
        let place = &score.regret_scenario;
        format!("No scenario loses against the reference; the nearest to it, {place}, gains {regret} points.")
    }
}

/// A cost against the reference's in words; none where the reference costs nothing.
pub(crate) fn against(cost: f64, reference: f64) -> Option<String> {
    let more = (reference > 0.0).then(|| cost / reference - 1.0)?;
    Some(format!("{} {}", percent(more.abs()), if more > 0.0 { "more" } else { "less" }))
}
