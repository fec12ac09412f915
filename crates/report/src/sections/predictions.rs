//! Predictions beside what was measured, and how well confidences foretold verdicts.

use crate::calibration::ENOUGH;
use crate::document::{Block, item};
use crate::facts::Facts;
use crate::path::Attempt;
use crate::picture::forest;
use crate::words::{count, fixed, percent};
use std::collections::BTreeSet;

/// A forest plot for each metric that was claimed about, then calibration.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let arms: Vec<&Attempt> = facts.turns.iter().flat_map(|turn| &turn.arms).collect();
    let mut seen = BTreeSet::new();
    let metrics = arms.iter().map(|arm| arm.prediction.metric.as_str()).filter(|metric| seen.insert(*metric));
    let pictures = metrics.filter_map(|metric| forest::picture(&arms, metric, facts.terms())).map(Block::Picture);
    let items = calibration(facts).into_iter().map(|text| item(0, text)).collect();
    pictures.chain([Block::List(items)]).collect()
}

/// Brier score beside the base rate's, and counts.
fn calibration(facts: &Facts<'_>) -> Vec<String> {
    let c = &facts.calibration;
    let (verdicts, errors) = (&c.verdicts, &c.errors);
    let counts = format!(
        "Verdicts: {} confirmed, {} partially confirmed, {} refuted, {} inconclusive, {} invalid; {} skipped. Wrong in: direction {}, \
         magnitude {}, regime {}.",
        verdicts.confirmed,
        verdicts.partially_confirmed,
        verdicts.refuted,
        verdicts.inconclusive,
        verdicts.invalid,
        count(verdicts.skipped, "arm"),
        errors.direction,
        errors.magnitude,
        errors.regime,
    );
    let score = match (c.brier, c.base_rate_brier, c.mean_confidence, c.base_rate) {
        (Some(brier), Some(base), Some(stated), Some(rate)) => {
            let few = if c.decided < ENOUGH { " So few claims say little about the planner." } else { "" };
            format!(
                "Of {}, {} held as stated; stated on average: {}. Brier score {} (0 is perfect), of the base rate in hindsight {}.{few}",
                count(c.decided, "decided claim"),
                percent(rate),
                percent(stated),
                fixed(brier, 3),
                fixed(base, 3),
            )
        }
        _ => "No claim is decided yet, so there is nothing to score.".into(),
    };
    let coverage = (c.intervals > 0).then(|| {
        format!(
            "Of {} the measured effect lies inside {} ({}); 80 % were meant.",
            count(c.intervals, "stated interval"),
            c.intervals_inside,
            percent(c.intervals_inside as f64 / c.intervals as f64),
        )
    });
    [Some(score), coverage, Some(counts)].into_iter().flatten().collect()
}
