//! Principles with their evidence, and how well confidences foretold verdicts.

use super::Detail;
use crate::calibration::ENOUGH;
use crate::document::{Block, Item, Line, Section, Tone, item};
use crate::facts::Facts;
use crate::principles::Stated;
use crate::words::{count, fixed, left, percent};

/// Principles in force, then retired ones.
pub(super) fn principles(facts: &Facts<'_>, detail: Detail) -> Section {
    let principles = &facts.principles;
    let left = if principles.declared {
        format!(
            "They leave {}; a share of the declared space, never of all algorithms.",
            left(principles.volume, principles.false_exclusion, Some(principles.audited_points))
        )
    } else {
        "The experiment declares no design space, so none of them narrows it.".into()
    };
    let mut blocks = Vec::new();
    for (title, stated) in [("In force", &principles.active), ("Retired", &principles.retired)] {
        if !stated.is_empty() {
            blocks.push(Block::Heading(title.into()));
            blocks.push(Block::List(stated.iter().flat_map(|principle| items(principle, detail)).collect()));
        }
    }
    if blocks.is_empty() {
        blocks.push(Block::Text("None was drawn.".into()));
    } else {
        blocks.push(Block::Text(left.into()));
    }
    Section { title: "Principles", blocks }
}

fn items(principle: &Stated, detail: Detail) -> Vec<Item> {
    let head = Line::default().tone(Tone::Strong, principle.id.as_str());
    let mut items = vec![item(0, head.say(format!(" ({}): {}", principle.confidence, principle.statement)))];
    let evidence: Vec<String> = principle
        .evidence
        .iter()
        .map(|e| format!("{} {}", e.finding, e.verdict.unwrap_or("(not in this record)")))
        .collect();
    let evidence = if evidence.is_empty() { "none cited".into() } else { evidence.join(", ") };
    items.push(item(1, format!("evidence: {evidence}")));
    if let Some(constraint) = &principle.constraint {
        items.push(item(1, format!("forbids: {constraint}")));
    }
    if let Some(reason) = &principle.reason {
        items.push(item(1, format!("retired: {reason}")));
    }
    if detail == Detail::Complete {
        items.push(item(1, format!("regime: {}", principle.regime)));
        items.push(item(1, format!("mechanism: {}", principle.mechanism)));
    }
    items
}

/// Brier score beside the base rate's, and counts.
pub(super) fn calibration(facts: &Facts<'_>) -> Section {
    let c = &facts.calibration;
    let (verdicts, errors) = (&c.verdicts, &c.errors);
    let counts = format!(
        "Verdicts: {} confirmed, {} partially confirmed, {} refuted, {} inconclusive, {} invalid; {} skipped.",
        verdicts.confirmed,
        verdicts.partially_confirmed,
        verdicts.refuted,
        verdicts.inconclusive,
        verdicts.invalid,
        count(verdicts.skipped, "arm"),
    );
    let wrong =
        format!("Wrong in: direction {}, magnitude {}, regime {}.", errors.direction, errors.magnitude, errors.regime);
    let score = match (c.brier, c.base_rate_brier, c.mean_confidence, c.base_rate) {
        (Some(brier), Some(base), Some(stated), Some(rate)) => {
            let few = if c.decided < ENOUGH { " So few claims say little about the planner." } else { "" };
            format!(
                "Of {}, {} held; stated on average: {}. Brier score {} (0 is perfect), of the base rate in hindsight {}.{few}",
                count(c.decided, "decided claim"),
                percent(rate),
                percent(stated),
                fixed(brier, 3),
                fixed(base, 3),
            )
        }
        _ => "No claim is decided yet, so there is nothing to score.".into(),
    };
    let coverage = match c.intervals {
        0 => "No claim with a stated interval was measured.".to_owned(),
        n => format!(
            "Of {} the measured effect lies inside {} ({}); 80 % were meant.",
            count(n, "stated interval"),
            c.intervals_inside,
            percent(c.intervals_inside as f64 / n as f64),
        ),
    };
    let open = c.inconclusive_share.map(|share| format!("Claims that stayed open: {}.", percent(share)));
    let note =
        "A claim that was confirmed only in part counts as not held; inconclusive and invalid ones do not count.";
    let lines = [Some(score), Some(coverage), open, Some(counts), Some(wrong), Some(note.into())];
    let items = lines.into_iter().flatten().map(|text| item(0, text)).collect();
    Section { title: "Calibration of stated confidences", blocks: vec![Block::List(items)] }
}
