//! Two candidates beside each other: what was asked of them, how they are written, what they do, and what one is worth beyond the other
//! on the workloads that both ran on.

mod campaigns;

pub use campaigns::campaigns;
pub(crate) use campaigns::section as campaigns_section;

use crate::curves;
use crate::difference::{Difference, difference};
use crate::document::{Block, Section, Table, column};
use crate::terms::Terms;
use crate::words::{self, count, line, size, size_within};
use science::contrast::{Contrast, Effect, InWorkload};
use science::event::Started;
use science::id::CandidateId;
use science::spec::Unit;
use science::state::{CandidateRecord, State};
use science::stats::rounded;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the scale is called at which a candidate was measured.
const SCALE: &str = "scale";
/// Workloads that are listed: those that differ most.
const LISTED: usize = 20;

/// One of the two.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its campaign's id.
    pub campaign: &'a str,
    /// Its campaign.
    pub state: &'a State,
    /// Itself.
    pub candidate: &'a CandidateId,
    /// Its source.
    pub source: &'a str,
}

/// Everything in which they differ.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The first one.
    left: Named,
    /// The second one.
    right: Named,
    /// What was asked of them and where they stand, as far as it differs.
    specification: Vec<Differing>,
    /// The second one's source against the first one's, as `diff -u` has it; empty where they are the same.
    source: String,
    /// What probing found of each.
    behaviour: [Option<String>; 2],
    /// Whether every answer of one was the other's too.
    acts_alike: bool,
    /// Why nothing can be paired; none: they ran on the same panel.
    unpaired: Option<String>,
    /// What the second one does beyond the first.
    effects: Vec<Effect>,
    /// What each effect is the mean of.
    over: Option<String>,
    /// The same workload by workload.
    workloads: Vec<InWorkload>,
    #[serde(skip)]
    rows: Option<Difference>,
}

/// Which candidate of which campaign.
#[derive(Clone, Debug, Serialize)]
struct Named {
    campaign: String,
    candidate: String,
}

/// Something that is said of both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Differing {
    what: String,
    left: String,
    right: String,
}

/// Compares two candidates, of one campaign or of two.
pub fn compared(left: Side<'_>, right: Side<'_>) -> Compared {
    let sides = [left, right];
    let records = sides.map(|side| &side.state.candidates[side.candidate]);
    let found = records.map(|record| record.descriptor.as_ref());
    let behaviour = [0, 1].map(|at| found[at].map(|d| curves::sentence(d, sides[at].state.spec())));
    let acts_alike = matches!(found, [Some(left), Some(right)] if left.signature == right.signature);
    let names = sides.map(|side| format!("{} of {}", side.candidate.short(), short(side.campaign)));
    let rows = difference((&names[0], left.source), (&names[1], right.source));
    let mut compared = Compared {
        left: named(left),
        right: named(right),
        specification: specification(sides, records),
        source: rows.unified(),
        behaviour,
        acts_alike,
        unpaired: unpaired(sides, records),
        effects: Vec::new(),
        over: None,
        workloads: Vec::new(),
        rows: Some(rows).filter(|rows| rows.changed() > 0),
    };
    if let (None, [Some(before), Some(after)]) = (&compared.unpaired, records.map(|record| record.measurement.as_ref()))
    {
        let (yardsticks, spec) = (left.state.yardsticks(), left.state.spec());
        let contrast = Contrast { left: before, right: after, yardsticks, spec };
        let (values, of) = contrast.over();
        compared.effects = contrast.effects();
        compared.over = Some(count(values, of));
        let started = left.state.opened();
        let names: Vec<String> = started.scenarios.iter().chain(&started.training).cloned().collect();
        compared.workloads = contrast.workloads(&names);
    }
    compared
}

fn named(side: Side<'_>) -> Named {
    Named { campaign: side.campaign.into(), candidate: side.candidate.as_str().into() }
}

fn short(campaign: &str) -> String {
    campaign.chars().take(8).collect()
}

/// Why two candidates share no panel.
fn unpaired(sides: [Side<'_>; 2], records: [&CandidateRecord; 2]) -> Option<String> {
    if let Some(at) = records.iter().position(|record| record.measurement.is_none()) {
        let outcome = records[at].outcome.map_or("was not evaluated", |outcome| outcome.as_str());
        return Some(format!("candidate {} has no score: {outcome}", sides[at].candidate.short()));
    }
    let [left, right] = sides.map(|side| side.state.opened());
    // The panel follows from these; of one campaign they are the same.
    let panel = |started: &Started| {
        (started.meaning.clone(), started.nonce.to_string(), started.experiment.seeds, started.training.len())
    };
    let whole = sides.map(|side| side.state.yardsticks.as_ref().map(|yardsticks| yardsticks.reference.seeds()));
    match (panel(left) == panel(right) && left.scenarios == right.scenarios, whole[0] == whole[1]) {
        (true, true) => None,
        _ if left.meaning != right.meaning => Some("their campaigns do not measure the same".into()),
        _ => Some("their campaigns have other seeds and workloads".into()),
    }
}

fn specification(sides: [Side<'_>; 2], records: [&CandidateRecord; 2]) -> Vec<Differing> {
    let [left, right] = [0, 1].map(|at| facts(sides[at].state, sides[at].campaign, records[at]));
    let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let of = |facts: &BTreeMap<String, String>, name: &String| facts.get(name).cloned().unwrap_or_else(|| "-".into());
    let all =
        names.into_iter().map(|name| Differing { what: name.clone(), left: of(&left, name), right: of(&right, name) });
    all.filter(|one| one.left != one.right).collect()
}

/// What is known of a candidate and of its campaign, by name.
fn facts(state: &State, campaign: &str, record: &CandidateRecord) -> BTreeMap<String, String> {
    let started = state.opened();
    let number = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{value}"));
    let mut facts = BTreeMap::from([
        ("campaign".to_owned(), short(campaign)),
        ("campaign: agents".into(), started.agents.clone()),
        ("campaign: experiment".into(), started.name.clone()),
        ("campaign: iterations".into(), started.experiment.iterations.to_string()),
        ("campaign: nonce".into(), started.nonce.to_string()),
        ("campaign: problem".into(), started.spec.problem.clone()),
        ("campaign: toolchain".into(), started.toolchain.lines().next().unwrap_or_default().to_owned()),
        ("campaign: what is measured".into(), short(started.meaning.as_str())),
        ("author".into(), record.author.clone().unwrap_or_else(|| "built-in".into())),
        (
            "written for".into(),
            match state.simplified(&record.candidate.id) {
                Some(of) => format!("{}, made simpler", of.short()),
                None => format!("F{}.{}", record.iteration, record.arm),
            },
        ),
        ("outcome".into(), record.outcome.map_or("-", |outcome| outcome.as_str()).into()),
        ("admissible".into(), if record.admissible { "yes" } else { "no" }.into()),
        (SCALE.into(), number(record.scale.map(|scale| rounded(scale, 4)))),
        ("description length, tokens".into(), number(record.candidate.description_length.map(f64::from))),
        (
            "departs from".into(),
            record.candidate.parent.as_ref().map_or("the reference".into(), |parent| parent.short().into()),
        ),
    ]);
    let point = record.candidate.point.as_ref().and_then(|point| serde_json::to_value(point).ok());
    let dimensions = point.as_ref().and_then(|point| point.as_object()).into_iter().flatten();
    facts.extend(dimensions.map(|(name, value)| (format!("point: {name}"), value.to_string())));
    facts.extend(started.inputs.iter().map(|(path, hash)| (format!("file: {path}"), short(hash.as_str()))));
    facts
}

/// The same as sections.
pub(crate) fn sections(compared: &Compared, terms: Terms<'_>) -> Vec<Section> {
    let section = |place, title, blocks| Section { place, title, blocks };
    let source = match &compared.rows {
        Some(rows) => Block::Difference(rows.clone()),
        None => Block::Text("They are written alike.".into()),
    };
    let [left, right] = compared.behaviour.clone().map(|said| said.unwrap_or_else(|| "could not be run".into()));
    // A source's own default is where the product began to look.
    let scaled = compared.specification.iter().any(|one| one.what == SCALE);
    let scale = "The scale in the specification is the one that it was measured at, and the one to ship; a source's own `default` \
                 of the scale is where the product began to look for it.";
    let scale = scaled.then(|| Block::Text(scale.into()));
    let alike = compared.acts_alike.then(|| Block::Text("Every answer of one was the other's too.".into()));
    let behaviour =
        [Block::Text(format!("The first {left}").into()), Block::Text(format!("The second {right}").into())];
    vec![
        section("specification", "Specification", vec![Block::Table(side_by_side(&compared.specification))]),
        section("source", "Source", scale.into_iter().chain([source]).collect()),
        section("behaviour", "Behaviour", behaviour.into_iter().chain(alike).collect()),
        section("effects", "Effects", effects(compared, terms)),
    ]
}

fn side_by_side(rows: &[Differing]) -> Table {
    Table::of(
        rows,
        vec![
            column("<what", |row: &&Differing| line(&row.what)),
            column("<first", |row: &&Differing| line(&row.left)),
            column("<second", |row: &&Differing| line(&row.right)),
        ],
    )
}

fn effects(compared: &Compared, terms: Terms<'_>) -> Vec<Block> {
    if let Some(why) = &compared.unpaired {
        return vec![Block::Text(format!("They share no panel, so nothing is paired: {why}.").into())];
    }
    let over = compared.over.as_deref().unwrap_or_default();
    let said = format!(
        "What the second has beyond the first, on the same arrivals and draws. Means and 95 % intervals over {over} of the search panel, \
         by which candidates were chosen: no claim about other workloads."
    );
    // Effects are oriented so that more is better; a cost is shown as it is.
    let difference = move |effect: &&Effect| match terms.less_is_better(&effect.metric) {
        true => size_within(effect.unit, -effect.estimate, effect.interval.map(|[low, high]| [-high, -low])),
        false => size_within(effect.unit, effect.estimate, effect.interval),
    };
    let better = |effect: &&Effect| match effect.interval {
        Some([low, _]) if low > 0.0 => "better".into(),
        Some([_, high]) if high < 0.0 => "worse".into(),
        _ => "not decided".to_owned(),
    };
    let table = Table::of(
        &compared.effects,
        vec![
            column("<metric", |effect: &&Effect| words::spaced(&effect.metric)),
            column(">second beyond first", difference),
            column("<", better),
        ],
    );
    let mut workloads: Vec<&InWorkload> = compared.workloads.iter().collect();
    let better = workloads.iter().filter(|workload| workload.gain > 0.0).count();
    let worse = workloads.iter().filter(|workload| workload.gain < 0.0).count();
    workloads.sort_by(|a, b| b.gain.abs().total_cmp(&a.gain.abs()));
    let named = format!(
        "Of {}, the second gains more in {better} and less in {worse}. Those that differ most:",
        count(workloads.len(), "workload")
    );
    let mut columns = vec![
        column("<workload", |row: &&InWorkload| line(&row.workload)),
        column(format!(">{}", terms.gain()), |row: &&InWorkload| size(Unit::Log, row.gain)),
    ];
    if let Some(cost) = terms.cost() {
        columns.push(column(format!(">{cost} (less is better)"), |row: &&InWorkload| size(Unit::Fraction, row.cost)));
    }
    let listed = Table::of(workloads.into_iter().take(LISTED), columns);
    vec![Block::Text(said.into()), Block::Table(table), Block::Text(named.into()), Block::Table(listed)]
}
