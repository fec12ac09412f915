//! Where the effort went: trials, time, what was not scored, what agents took.

use crate::document::{Block, Fold, Table, column, item};
use crate::effort::effort;
use crate::facts::Facts;
use crate::picture::Picture;
use crate::picture::effort::{self, Bar};
use crate::record::Stage;
use crate::spend::{Share, Spend};
use crate::words::{capital, count, fixed, grouped, money, spaced};
use science::comparison::Beside;
use science::outcome::Outcome;
use std::collections::BTreeMap;

/// Trials, what became of candidates that were not scored, and role by model where anybody counts.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::Text(effort(facts.record.state).sentence().into())];
    blocks.extend(time(facts).into_iter().chain(outcomes(facts)).map(Block::Picture));
    let tables: Vec<Block> = stages(facts).into_iter().chain(unscored(facts)).map(Block::Table).collect();
    if !tables.is_empty() {
        blocks.push(Block::Fold(Fold { place: None, summary: "The same in numbers".into(), blocks: tables }));
    }
    let Some(spend) = facts.spend.as_ref() else { return blocks };
    let mut table =
        Table::new(&["<role", "<by", ">calls", ">prompt", ">cached", ">written", ">of it reasoning", ">USD"]);
    table.rows = spend.by.iter().map(row).collect();
    blocks.extend([Block::Table(table), Block::Text(spend.sentence().into())]);
    blocks.extend(beside(facts));
    let notes = notes(spend);
    if !notes.is_empty() {
        blocks.push(Block::List(notes.into_iter().map(|note| item(0, note)).collect()));
    }
    if let Some(notes) = &facts.record.state.notes {
        let summary = "Notes that later prompts see".into();
        blocks.push(Block::Fold(Fold { place: None, summary, blocks: vec![Block::Text(notes.as_str().into())] }));
    }
    blocks
}

/// What became of candidates, by what it was: what could not be scored says why.
fn outcomes(facts: &Facts<'_>) -> Option<Picture> {
    let records = || facts.record.state.candidates.values();
    let scored = |admissible: bool| records().filter(|own| own.score.is_some() && own.admissible == admissible).count();
    let mut failed: BTreeMap<&str, usize> = BTreeMap::new();
    for outcome in records().filter_map(|own| own.outcome).filter(|outcome| *outcome != Outcome::Scored) {
        *failed.entry(outcome.as_str()).or_default() += 1;
    }
    let failed = failed.into_iter().map(|(outcome, count)| (outcome.replace('-', " "), count, "bad"));
    let all = [("admissible".to_owned(), scored(true), "own"), ("not admissible".to_owned(), scored(false), "base")];
    let bar = |(name, amount, class): (String, usize, &'static str)| Bar {
        name,
        amount: amount as f64,
        said: amount.to_string(),
        class,
    };
    let bars: Vec<Bar> = all.into_iter().chain(failed).filter(|(_, count, _)| *count > 0).map(bar).collect();
    let title = format!("What became of {}", count(records().count(), "candidate"));
    effort::bars(
        "outcomes",
        (title, "Not admissible: a guard of the objective is not kept. Below: not scored, and why."),
        &bars,
    )
}

/// The candidates that were not scored, by what became of them; none if all were.
fn unscored(facts: &Facts<'_>) -> Option<Table> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, record) in &facts.record.state.candidates {
        if let Some(outcome) = record.outcome.filter(|outcome| *outcome != Outcome::Scored) {
            found.entry(outcome.as_str()).or_default().push(id.short());
        }
    }
    let columns = vec![
        column("<not scored", |(outcome, _): &(&str, Vec<&str>)| outcome.replace('-', " ")),
        column(">candidates", |(_, ids): &(&str, Vec<&str>)| ids.len().to_string()),
        column("<for example", |(_, ids): &(&str, Vec<&str>)| {
            ids.iter().take(5).copied().collect::<Vec<_>>().join(" ")
        }),
    ];
    (!found.is_empty()).then(|| Table::of(found, columns))
}

/// Wall time by what was done; none where that is not known.
fn time(facts: &Facts<'_>) -> Option<Picture> {
    let stages = facts.record.stages;
    let all = stages.iter().map(|stage| stage.ms).sum::<u64>();
    let bar = |stage: &Stage| Bar {
        name: doing(&stage.event),
        amount: stage.ms as f64,
        said: format!(
            "{} s ({} %)",
            fixed(stage.ms as f64 / 1000.0, 1),
            fixed(100.0 * stage.ms as f64 / all.max(1) as f64, 0)
        ),
        class: "own",
    };
    // What takes no time is no part of where it went.
    let shown = stages.iter().filter(|stage| stage.ms * 200 >= all);
    let title = format!("Where {} s of wall time went", fixed(all as f64 / 1000.0, 0));
    effort::bars("time", (title, "Each step until its event was recorded."), &shown.map(bar).collect::<Vec<_>>())
}

/// A loop beside independent drafts of the same agents: what both took, and what both found.
fn beside(facts: &Facts<'_>) -> Vec<Block> {
    let (all, terms) = (facts.record.beside, facts.terms());
    let worth = facts.record.state.spec().aim.worth_name();
    let sealed = |own: &Beside| {
        let (value, interval) = own.sealed.as_ref().map_or((None, None), |sealed| (sealed.value, sealed.interval));
        terms.worth_of(value, interval)
    };
    let columns = vec![
        column("<campaign", |own: &&Beside| own.campaign.chars().take(8).collect()),
        column("<its drafts", |own: &&Beside| if own.independent { "independent" } else { "a loop" }.into()),
        column(">calls", |own: &&Beside| own.calls.to_string()),
        column(">candidates", |own: &&Beside| own.candidates[0].to_string()),
        column(">scored", |own: &&Beside| own.candidates[1].to_string()),
        column(">admissible", |own: &&Beside| own.candidates[2].to_string()),
        column(">best in the search", |own: &&Beside| terms.worth_of(own.found, None)),
        column(">under the seal", |own: &&Beside| sealed(own)),
    ];
    if all.is_empty() {
        return Vec::new();
    }
    let text = format!(
        "Independent drafts of the same agents see nothing of each other: what a loop has to beat that feeds findings back, at as \
         many calls. {} of the best admissible candidate:",
        capital(&spaced(&worth.name))
    );
    vec![Block::Text(text.into()), Block::Table(Table::of(all, columns))]
}

/// The same as a table.
fn stages(facts: &Facts<'_>) -> Option<Table> {
    let columns = vec![
        column("<wall time until", |stage: &&Stage| stage.event.replace('-', " ")),
        column(">times", |stage: &&Stage| stage.times.to_string()),
        column(">s", |stage: &&Stage| fixed(stage.ms as f64 / 1000.0, 1)),
    ];
    let stages = facts.record.stages;
    (!stages.is_empty()).then(|| Table::of(stages, columns))
}

/// What is done until an event of this kind.
fn doing(event: &str) -> String {
    let doing = match event {
        "calibrated" => "measuring yardsticks",
        "bundle-registered" | "plan-failed" => "planning",
        "candidate-written" | "variant-written" | "executor-failed" => "writing",
        "repair-failed" => "mending",
        "candidate-evaluated" => "evaluating",
        "tested" => "testing on fresh seeds",
        "tuned" => "tuning",
        "audited" => "auditing principles",
        "simplified" => "simplifying",
        "finals" => "finals",
        "principles-revised" => "drawing lessons",
        other => return other.replace('-', " "),
    };
    doing.into()
}

fn row(share: &Share) -> Vec<String> {
    let tokens = share.tokens.of;
    let counts = [tokens.prompt, tokens.cached, tokens.completion, tokens.reasoning].map(grouped);
    let mut cells = vec![share.role.as_str().to_owned(), share.by.clone(), share.calls.to_string()];
    cells.extend(counts);
    cells.push(share.usd.map_or_else(|| "unknown".into(), money));
    cells
}

/// What the sum leaves out.
fn notes(spend: &Spend) -> Vec<String> {
    let mut notes = Vec::new();
    if spend.uncounted > 0 {
        let replies = count(spend.uncounted as usize, "reply");
        notes.push(format!(
            "The tokens of {replies} were not counted by whoever gave them; budgets count the worst case."
        ));
    }
    if spend.lost.attempts > 0 {
        let lost = spend.lost;
        let usd = lost.usd.map_or_else(|| "an unknown sum".into(), |usd| format!("{} USD", money(usd)));
        notes.push(format!(
            "{} failed and may have been billed, on top of the above: at most {} tokens, {usd}.",
            count(lost.attempts as usize, "attempt"),
            grouped(lost.tokens),
        ));
    }
    notes
}
