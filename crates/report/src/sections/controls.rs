//! Tables of controls: policy by variant.

use crate::document::{Block, Table, item};
use crate::terms::Terms;
use crate::words::{fixed, spaced};
use science::controls::{Found, Row, Standing, Table as Variant, Tables};
use science::outcome::Outcome;
use science::spec::Unit;
use science::stats::Interval;
use science::text::clip;

/// Characters of what is said of a policy that did not run.
const MESSAGE: usize = 120;

/// All tables, what the policies are before them, and what must not be after them.
pub(crate) fn blocks(tables: &Tables, terms: Terms<'_>) -> Vec<Block> {
    let mut blocks =
        vec![Block::Heading("Policies".into()), Block::Table(policies(tables)), Block::Text(set(tables).into())];
    for variant in &tables.variants {
        let about = &variant.variant;
        let stress = if about.stress { "stress: " } else { "" };
        blocks.push(Block::Heading(format!("{} ({stress}{})", about.name, about.what).into()));
        blocks.push(Block::Table(rows(tables, variant, terms)));
    }
    blocks.push(Block::Text(columns(tables, terms).into()));
    blocks.extend(differences(tables, terms));
    blocks.extend(verdict(tables));
    blocks
}

fn policies(tables: &Tables) -> Table {
    let mut table = Table::new(&["<policy", "<kind", ">scale", "<what it is"]);
    table.rows = tables
        .policies
        .iter()
        .map(|policy| {
            let scale = match policy.outcome {
                Outcome::NoScale => "none".into(),
                _ => policy.scale.map_or_else(|| "-".into(), |scale| format!("{scale:.4}")),
            };
            let what = match policy.outcome {
                Outcome::Scored | Outcome::NoScale => policy.what.clone(),
                ended => format!("{}; {}: {}", policy.what, ended.as_str(), clip(&policy.message, MESSAGE)),
            };
            vec![policy.name.clone(), standing(policy.standing).into(), scale, what]
        })
        .collect();
    table
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Reference => "reference",
        Standing::LookedAt => "looked at",
        Standing::Control(kind) => kind.as_str(),
    }
}

fn set(tables: &Tables) -> String {
    format!(
        "Scales were set once, on {} workloads of the population, and hold on every variant. `none`: nowhere does it gain as much as the \
         reference; it runs as its author left it. `-`: it has none. {} workloads a variant, nonce {} (--nonce repeats it).",
        tables.fitted_on, tables.workloads, tables.nonce
    )
}

fn rows(tables: &Tables, variant: &Variant, terms: Terms<'_>) -> Table {
    let worth = terms.0.aim.worth_name();
    let savings: Vec<&str> =
        terms.held_against().map(|(figure, _)| figure.name.as_str()).filter(|name| is_shown(variant, name)).collect();
    let prefix = format!("{}_", worth.name);
    let [regret, loss] = tables.bounds.map(short);
    let mut titles = vec!["<policy".to_owned(), format!(">{}", spaced(&worth.name))];
    titles.extend(savings.iter().map(|name| format!(">{}", spaced(name.strip_prefix(&prefix).unwrap_or(name)))));
    titles.extend([">gain".into(), ">ratio".into(), format!(">{regret}"), format!(">{loss}"), ">worst".into()]);
    titles.push("<breaks".into());
    let mut table = Table::new(&titles);
    let row = |(policy, row): (&science::controls::Policy, &Row)| match &row.found {
        None => {
            let mut cells = vec![policy.name.clone(), row.outcome.as_str().into()];
            cells.resize(titles.len(), "-".into());
            cells
        }
        Some(found) => cells(&policy.name, found, (&savings, &tables.guards), worth.unit),
    };
    table.rows = tables.policies.iter().zip(&variant.rows).map(row).collect();
    table
}

/// Whether a figure is among those in which something else counts as cost.
fn is_shown(variant: &Variant, name: &str) -> bool {
    variant.rows.iter().filter_map(|row| row.found.as_ref()).any(|found| found.savings.contains_key(name))
}

fn cells(name: &str, found: &Found, (savings, guards): (&[&str], &[String]), unit: Unit) -> Vec<String> {
    let saving = |name: &&str| number(unit, found.savings.get(*name).copied().flatten());
    let interval = found.interval.map_or_else(String::new, |[low, high]| {
        format!(" [{}, {}]", number(unit, Some(low)), number(unit, Some(high)))
    });
    // A guard by its number, which the text says; what is no guard in words.
    let by_number = |name: &String| match guards.iter().position(|guard| guard == name) {
        Some(at) => (at + 1).to_string(),
        None => spaced(name),
    };
    let mut cells = vec![name.to_owned(), format!("{}{interval}", number(unit, found.worth))];
    cells.extend(savings.iter().map(saving));
    cells.push(fixed(found.beyond, 1));
    cells.push(found.ratio.map_or_else(|| "-".into(), |ratio| fixed(ratio, 2)));
    cells.push(fixed(found.regretting * 100.0, 1));
    cells.push(found.losing.to_string());
    let place = found.worst_workload.rsplit('_').next().unwrap_or_default();
    cells.push(if found.losing > 0 { format!("{} ({place})", fixed(found.worst, 1)) } else { fixed(found.worst, 1) });
    cells.push(match found.broken.as_slice() {
        [] => "-".into(),
        broken => broken.iter().map(by_number).collect::<Vec<_>>().join(" "),
    });
    cells
}

/// A number without its unit, which the text below the table says.
fn number(unit: Unit, value: Option<f64>) -> String {
    let factor = if matches!(unit, Unit::Fraction | Unit::Log) { 100.0 } else { 1.0 };
    value.map_or_else(|| "-".into(), |value| fixed(value * factor, 1))
}

/// A bound as it stands in a title.
fn short(bound: f64) -> String {
    format!("> {bound}")
}

fn columns(tables: &Tables, terms: Terms<'_>) -> String {
    let unit = if terms.0.aim.worth_name().unit == Unit::Fraction { "%" } else { "points" };
    let saving = match terms.held_against().next() {
        Some(_) => ", then the same with something else counted as cost",
        None => "",
    };
    let [regret, loss] = tables.bounds;
    let numbered = tables.guards.iter().enumerate().map(|(at, guard)| format!("{} {}", at + 1, spaced(guard)));
    let guards = numbered.collect::<Vec<_>>().join(", ");
    format!(
        "{} in {unit} with its 95 % interval over workloads{saving}; a dash: it gains too little or too much to compare. gain: beyond the \
         reference's, points. ratio: cost over the reference's. > {regret}: workloads that lose more points against the reference, in %. \
         > {loss}: how many lose more against the baseline; worst: the most that one loses, and its number. breaks: the guards that are not \
         kept, as they are under the seal; a dash: admissible. They are {guards}.",
        crate::words::capital(&terms.worth())
    )
}

/// What each that is looked at is worth beyond controls, and of the yardstick.
fn differences(tables: &Tables, terms: Terms<'_>) -> Vec<Block> {
    let unit = terms.0.aim.worth_name().unit;
    let mut blocks = Vec::new();
    for policy in tables.policies.iter().filter(|policy| policy.standing == Standing::LookedAt) {
        let Some(first) = tables.variants.first() else { continue };
        let controls: Vec<&str> =
            first.differences.iter().filter(|d| d.policy == policy.name).map(|d| d.control.as_str()).collect();
        if controls.is_empty() {
            continue;
        }
        let mut table = Table::new(
            &["<variant".to_owned()]
                .into_iter()
                .chain(controls.iter().map(|name| format!(">- {name}")))
                .collect::<Vec<_>>(),
        );
        table.rows = tables
            .variants
            .iter()
            .map(|variant| {
                let own = variant.differences.iter().filter(|d| d.policy == policy.name);
                [variant.variant.name.clone()].into_iter().chain(own.map(|d| within(unit, d.worth))).collect()
            })
            .collect();
        let heading = format!(
            "{} of {} beyond controls, workload by workload",
            crate::words::capital(&terms.worth()),
            policy.name
        );
        blocks.extend([Block::Heading(heading.into()), Block::Table(table)]);
    }
    blocks.extend(shares(tables));
    blocks
}

/// What policies are worth as a share of each yardstick: by policy and variant.
fn shares(tables: &Tables) -> Vec<Block> {
    let yardsticks = tables.variants.iter().filter_map(|variant| {
        let control = variant.variant.yardstick.as_ref()?;
        Some((variant.variant.name.as_str(), control))
    });
    let block = |(yardstick, control): (&str, &String)| {
        let on = |variant: &Variant, policy: &str| {
            let own = variant.shares.iter().find(|share| share.variant == yardstick && share.policy == policy);
            own.map(|share| within(Unit::Fraction, share.share))
        };
        let columns: Vec<&Variant> = tables
            .variants
            .iter()
            .filter(|variant| variant.shares.iter().any(|share| share.variant == yardstick))
            .collect();
        let titles: Vec<String> =
            ["<policy".into()].into_iter().chain(columns.iter().map(|own| format!(">{}", own.variant.name))).collect();
        let mut table = Table::new(&titles);
        table.rows = tables
            .policies
            .iter()
            .filter(|policy| columns.iter().any(|own| on(own, &policy.name).is_some()))
            .map(|policy| {
                let shares = columns.iter().map(|own| on(own, &policy.name).unwrap_or_else(|| "-".into()));
                [policy.name.clone()].into_iter().chain(shares).collect()
            })
            .collect();
        let heading = format!("Share, in %, of what the yardstick is worth: {control} on {yardstick}");
        [Block::Heading(heading.into()), Block::Table(table)]
    };
    yardsticks.flat_map(block).collect()
}

fn within(unit: Unit, interval: Option<Interval>) -> String {
    let number = |value| number(unit, Some(value));
    interval.map_or_else(|| "-".into(), |i| format!("{} [{}, {}]", number(i.estimate), number(i.low), number(i.high)))
}

fn verdict(tables: &Tables) -> Vec<Block> {
    let failures = tables.failures();
    if failures.is_empty() {
        let nothing = "Nothing that must not be was found: no null and no gaming control is admissible and surely worth something, and \
                       what is looked at harms nobody under stress.";
        return vec![Block::Text(nothing.into())];
    }
    let items = failures.into_iter().map(|failure| item(0, failure)).collect();
    vec![Block::Heading("FOUND WHAT MUST NOT BE".into()), Block::List(items)]
}
