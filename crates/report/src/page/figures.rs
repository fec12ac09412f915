//! The figures that stand by themselves on the first page.

use super::Figure;
use crate::facts::Facts;
use crate::terms::Terms;
use crate::words::{percent, size};
use science::champion::may_lose;
use science::objective::Score;
use science::seal::{Estimate, Look};
use science::spec::Unit;

/// A handful; none without a champion.
pub(super) fn figures(facts: &Facts<'_>) -> Vec<Figure> {
    let (Some(champion), Some(yardsticks), terms) = (facts.champion(), &facts.yardsticks, facts.terms()) else {
        return Vec::new();
    };
    let look = facts.record.looks.first();
    let (own, reference) = look.map_or((champion.score, &yardsticks.reference), |look| (&look.score, &look.reference));
    let mut figures = match look {
        Some(look) => sealed(look, terms),
        None => vec![worth(
            &format!("{}, search seeds", terms.worth()),
            &Estimate { value: own.worth, interval: own.worth_ci },
            terms,
        )],
    };
    figures.extend(terms.cost().map(|cost| Figure {
        name: cost,
        value: percent(own.cost),
        interval: Some(format!("the reference {}", percent(reference.cost))),
    }));
    figures.extend(losing(own, facts));
    figures.extend(look.and_then(kept));
    figures
}

fn sealed(look: &Look, terms: Terms<'_>) -> Vec<Figure> {
    let name = |on: &str| format!("{}, {on}", terms.worth());
    let study = worth(&name("sealed seeds of the study"), &look.study, terms);
    match look.drawn {
        0 => vec![study],
        drawn => vec![worth(&name(&format!("{drawn} sealed workloads")), &look.worth, terms), study],
    }
}

fn worth(name: &str, estimate: &Estimate, terms: Terms<'_>) -> Figure {
    let unit = terms.0.aim.worth_name().unit;
    let interval = estimate.interval.map(|[low, high]| format!("95 %: {} to {}", bare(unit, low), size(unit, high)));
    Figure { name: name.into(), value: terms.worth_of(estimate.value, None), interval }
}

/// A number without its unit, which the one after it has.
fn bare(unit: Unit, value: f64) -> String {
    let said = size(unit, value);
    said.split(' ').next().unwrap_or_default().to_owned()
}

/// How many requirements a look fails; none where it keeps them.
fn kept(look: &Look) -> Option<Figure> {
    let failed = look.failed().count();
    let value = format!("{failed} of {}", look.tests.len());
    (failed > 0).then(|| Figure { name: "requirements NOT kept".into(), value, interval: None })
}

/// How many of the workloads lose more than the guard allows each; where nothing guards that, how many lose anything.
fn losing(own: &Score, facts: &Facts<'_>) -> Option<Figure> {
    let drawn = own.panels.as_ref().map(|panels| &panels.drawn)?;
    let worst = format!("the worst loses {:.1} points", drawn.regret().max(0.0));
    let figure = |name: String, bound: f64, interval: String| Figure {
        name,
        value: format!("{} of {}", drawn.losing(bound), drawn.regrets.len()),
        interval: Some(interval),
    };
    Some(match facts.started.experiment.objective.at_most("regret") {
        Some(bound) => {
            let name = format!("workloads that lose more than {bound} points");
            figure(name, bound, format!("{} may; {worst}", may_lose(drawn)))
        }
        None => figure("workloads that lose anything".into(), 0.0, worst),
    })
}
