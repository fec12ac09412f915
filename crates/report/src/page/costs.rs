//! What a champion costs, whom, and where it loses.

use crate::facts::Facts;
use crate::standing::{Standing, against};
use crate::terms::Terms;
use crate::words::{capital, count, fixed, percent, points, spaced};
use science::champion::may_lose;
use science::objective::Score;
use science::seal::Look;
use science::spec::Aggregate;

/// Parts of those who are served that are named, at most.
const NAMED: usize = 3;
/// What is taken off and is less than this is not worth a word.
const TOLD: f64 = 5e-4;
/// Shares that lie nearer than this count as the same.
const SAME: f64 = 0.02;

/// One sentence each; none without a champion.
pub(super) fn costs(facts: &Facts<'_>) -> Vec<String> {
    let (Some(champion), Some(yardsticks)) = (facts.champion(), &facts.yardsticks) else { return Vec::new() };
    let look = facts.record.looks.first();
    let (own, reference) = look.map_or((champion.score, &yardsticks.reference), |look| (&look.score, &look.reference));
    let said = [
        pays(own, reference, facts),
        Some(loses(own, facts)),
        look.and_then(|look| whom(look, facts.terms())),
        look.and_then(|look| otherwise(look, facts.terms())),
        needs(facts, champion),
        Some(bulk(facts, champion)),
    ];
    said.into_iter().flatten().collect()
}

/// What is paid beside the reference, over all that was looked at; none where nothing is.
fn pays(own: &Score, reference: &Score, facts: &Facts<'_>) -> Option<String> {
    let terms = facts.terms();
    let cost = terms.cost()?;
    let over = match (&own.panels, facts.record.looks.first()) {
        (Some(_), Some(_)) => ", over the study and all fresh workloads",
        (Some(_), None) => ", over the search panel",
        (None, _) => "",
    };
    let relative = against(own.cost, reference.cost).map_or_else(String::new, |relative| format!(" ({relative})"));
    let less = match (&own.panels, &reference.panels) {
        (Some(own), Some(reference)) => {
            let pairs = || own.drawn.costs.iter().zip(&reference.drawn.costs);
            let (less, more) = (pairs().filter(|(a, b)| a < b).count(), pairs().filter(|(a, b)| a > b).count());
            format!("; less in {less} and more in {more} of {}", count(own.drawn.costs.len(), "drawn workload"))
        }
        _ => String::new(),
    };
    let gain = match own.shortfall {
        short if short > 0.0 => format!("{} points of {} short of", points(short), terms.gain()),
        short => format!("{} points of {} beyond", points(0.0 - short), terms.gain()),
    };
    Some(format!(
        "{} {} against the reference's {}{relative}, {gain} it{over}{less}.",
        capital(&cost),
        percent(own.cost),
        percent(reference.cost)
    ))
}

/// What it takes that production does not pass today; none where there is nothing that it could.
fn needs(facts: &Facts<'_>, champion: Standing<'_>) -> Option<String> {
    let used = facts.opt_in(champion.id).into_iter().map(spaced).collect::<Vec<_>>().join(", ");
    let said = match used.as_str() {
        "" => "Looks at nothing that production does not pass today.".into(),
        used => format!("Needs what production does not pass today: {used}."),
    };
    (!facts.terms().0.opt_in.is_empty()).then_some(said)
}

/// Where it loses, and how much of that is allowed: how many workloads by more than the bound, the worst, and the study.
fn loses(own: &Score, facts: &Facts<'_>) -> String {
    let objective = &facts.started.experiment.objective;
    let (bound, harm) = (objective.at_most("regret"), objective.at_most("loss"));
    let allowed = bound.map_or_else(String::new, |bound| format!(" ({bound} allowed)"));
    let study = match own.regret {
        regret if regret > 0.0 => {
            format!("in the study at most {} points{allowed}, in {}", fixed(regret, 1), own.regret_scenario)
        }
        _ => "in no scenario of the study".into(),
    };
    let Some(drawn) = own.panels.as_ref().map(|panels| &panels.drawn) else {
        return format!("Loses against the reference {study}.");
    };
    let kind = if facts.record.looks.is_empty() { "drawn workload" } else { "fresh workload" };
    let worst = match drawn.regret() {
        most if most > 0.0 => format!("by {} points, a factor of {}", fixed(most, 1), fixed((most / 100.0).exp(), 2)),
        _ => "by nothing".into(),
    };
    let any = drawn.losing(bound.unwrap_or_default());
    let (more, may) = bound.map_or_else(Default::default, |bound| {
        let may = format!(" ({} may; no bound on how much one of them loses)", may_lose(drawn));
        (format!(" more than {bound} points of {}", facts.terms().gain()), may)
    });
    let harm = harm.map_or_else(String::new, |_| {
        format!("; against the baseline no {kind} more than {} points", fixed(drawn.loss().max(0.0), 1))
    });
    format!(
        "Loses{more} against the reference in {any} of {}{may}, the worst {worst}; {study}{harm}.",
        count(drawn.regrets.len(), kind),
    )
}

/// Whom it serves less than the reference does; none where nobody is told apart.
fn whom(look: &Look, terms: Terms<'_>) -> Option<String> {
    let fairness = look.fairness.as_ref()?;
    let parts = terms.0.groups.iter().zip(&fairness.groups).flat_map(|(group, served)| {
        group.parts.iter().zip(served).map(move |(part, served)| (&group.name, part, *served))
    });
    let mut seen: Vec<_> = parts.filter(|(_, _, served)| served.workloads > 0).collect();
    seen.sort_by(|a, b| (a.2.own - a.2.reference).total_cmp(&(b.2.own - b.2.reference)));
    let less = seen.iter().take_while(|(_, _, served)| served.own + SAME < served.reference).take(NAMED);
    let said: Vec<String> = less
        .map(|(group, part, served)| {
            format!("{group} {part} ({} instead of {})", percent(served.own), percent(served.reference))
        })
        .collect();
    let who = if said.is_empty() { "nobody".to_owned() } else { said.join(", ") };
    let given_up = format!(
        "in {} of {} a {} gets less than half of what the reference serves it",
        fairness.giving_up,
        count(fairness.workloads, "workload"),
        terms.0.guarded_in_words(),
    );
    Some(format!("Serves less than the reference: {who}; {given_up}."))
}

/// The same where something else counts as cost, and what is gained by moving cost between workloads; none where nothing else may.
fn otherwise(look: &Look, terms: Terms<'_>) -> Option<String> {
    let prefix = format!("{} ", terms.worth());
    let (mut counted, mut moved) = (Vec::new(), Vec::new());
    for (figure, name) in terms.held_against() {
        let Some(value) = look.figure(&figure.name) else { continue };
        let value = terms.figure_of(figure, Some(value));
        match &figure.of {
            Aggregate::NetSaving => moved.push(format!("by means over these workloads ({name}) {value}")),
            Aggregate::Allocation => moved.push(format!("of it by moving cost between them ({name}) {value}")),
            _ => counted.push(format!("{} {value}", name.strip_prefix(&prefix).unwrap_or(&name))),
        }
    }
    let counted = (!counted.is_empty()).then(|| {
        let on = if look.drawn > 0 { "the same fresh workloads" } else { "the same" };
        let serves =
            "below zero it costs more of that, and they differ because it refuses others than the reference does";
        let drawn = look.drawn_part().and_then(|part| part.worth);
        let drawn = drawn.filter(|worth| look.worth.value.is_some_and(|sealed| (worth - sealed).abs() > TOLD));
        let raw = drawn.map_or_else(String::new, |worth| {
            format!(" before what it is short of in {} is taken off is {},", terms.gain(), terms.worth_of(worth, None))
        });
        format!("On {on}, {}{raw} counted in {}: {serves}", terms.worth(), counted.join(", "))
    });
    let said: Vec<String> = counted.into_iter().chain(moved).collect();
    (!said.is_empty()).then(|| capital(&format!("{}.", said.join("; "))))
}

/// How much there is to understand and to keep running.
fn bulk(facts: &Facts<'_>, champion: Standing<'_>) -> String {
    let length = champion.description_length.map_or_else(|| "unknown length".into(), |n| count(n as usize, "token"));
    let descriptor = facts.record.state.candidates.get(champion.id).and_then(|record| record.descriptor.as_ref());
    let Some(descriptor) = descriptor else { return format!("To maintain: a source of {length}.") };
    let inputs: Vec<String> = descriptor.inputs.iter().map(|input| spaced(input)).collect();
    let looks = match inputs.as_slice() {
        [] => format!("{} alone", spaced(&descriptor.curve.input)),
        inputs => format!("{}, {}", spaced(&descriptor.curve.input), inputs.join(", ")),
    };
    let memory = match (descriptor.memory, descriptor.horizon) {
        (false, _) => "it remembers nothing".into(),
        (true, None) => "it remembers".into(),
        (true, Some(horizon)) => format!("it remembers: {horizon}"),
    };
    format!("To maintain: a source of {length} that looks at {looks}; {memory}.")
}
