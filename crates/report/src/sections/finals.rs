//! The finals: who ran for champion, and why the winner won.

use crate::document::{Block, Section, Table};
use crate::facts::Facts;
use crate::sections::sealed::signed;
use crate::words::{fixed, percent};
use science::objective::Score;
use science::state::Final;

/// The finalists on seeds and workloads that nobody was chosen by; none unless finals were held.
pub(super) fn finals(facts: &Facts<'_>) -> Option<Section> {
    let finals = facts.record.state.finals.as_ref()?;
    let mut table = Table::new(&[
        "<finalist",
        ">work x reference",
        ">points",
        ">loses at most",
        "<where",
        ">drawn: losing",
        ">saving",
        ">at least",
        "<",
    ]);
    let champion = facts.champion().map(|champion| champion.id);
    table.rows = finals.finalists.iter().map(|finalist| row(finalist, champion == Some(&finalist.candidate))).collect();
    let note = "Each finalist on seeds and drawn workloads of their own, as many as candidates are ranked on: its extra shed work over the \
                reference's, its improvement beyond the reference's and the most that a scenario loses (points), then the drawn \
                workloads that lose more than 5 points and what it saves on them; last the lower end of what it saves on all of them \
                (one-sided, 95 %). Of those that keep every constraint there, whoever's is highest is champion.";
    let blocks = vec![Block::Text(note.into()), Block::Table(table)];
    Some(Section { title: "Finals", blocks })
}

fn row(finalist: &Final, wins: bool) -> Vec<String> {
    let dash = || "-".to_owned();
    let of = |value: &dyn Fn(&Score) -> Option<String>| finalist.score.as_ref().and_then(value).unwrap_or_else(dash);
    let losing = |score: &Score| {
        let drawn = &score.panels.as_ref()?.drawn;
        Some(percent(drawn.losing(science::experiment::REGRET) as f64 / drawn.regrets.len().max(1) as f64))
    };
    vec![
        finalist.candidate.short().to_owned(),
        of(&|score| Some(fixed(score.work_ratio?, 3))),
        of(&|score| Some(signed(-score.shortfall))),
        of(&|score| Some(fixed(score.regret, 1))),
        of(&|score| Some(score.regret_scenario.clone())),
        of(&losing),
        of(&|score| Some(percent(score.panels.as_ref()?.drawn.net_saving?))),
        finalist.low.map_or_else(|| finalist.outcome.as_str().to_owned(), percent),
        if wins { "champion" } else { "" }.into(),
    ]
}
