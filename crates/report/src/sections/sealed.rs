//! The sealed look: what is claimed of the champion, and nothing stronger.

use crate::document::{Block, Section, Table, column};
use crate::terms::Terms;
use crate::words::{fixed, percent};
use science::seal::{Look, SEEDS, Study, Test, Workloads};
use science::spec::{Figure, Spec};

/// What the looks at the champion on sealed seeds and workloads showed: the first one in full, and all of them in a line each.
/// None until one was taken.
pub(crate) fn sealed(looks: &[Look], spec: &Spec) -> Option<Section> {
    let first = looks.first()?;
    Some(Section { title: "The sealed look", blocks: blocks(first, looks, Terms(spec)) })
}

/// One look in full, and all that were taken.
pub(crate) fn blocks(look: &Look, looks: &[Look], terms: Terms<'_>) -> Vec<Block> {
    let mut texts = vec![verdict(look).to_owned(), study(&look.study, terms)];
    texts.extend(look.workloads.as_ref().map(|look| workloads(look, terms)));
    let mut blocks: Vec<Block> = texts.into_iter().map(|text| Block::Text(text.into())).collect();
    blocks.push(Block::Table(tests(look, terms)));
    blocks.push(Block::Text(bearing(look, terms).into()));
    blocks.push(Block::Text(counted(looks).into()));
    if looks.len() > 1 {
        blocks.push(Block::Table(all(looks, terms)));
    }
    blocks
}

/// What the study showed, against the reference.
fn study(study: &Study, terms: Terms<'_>) -> String {
    let times = |ratio: f64, name: String| format!("{} times the reference's {name}", fixed(ratio, 3));
    let cost = terms.cost().and_then(|cost| Some(times(study.cost_ratio?, cost)));
    let figure =
        |(figure, series): (&Figure, String)| Some(times(study.figures.get(&figure.name).copied().flatten()?, series));
    let points = format!("{} points of {} beyond the reference's", signed(study.points), terms.gain());
    let said: Vec<String> = cost.into_iter().chain(terms.over_reference().filter_map(figure)).chain([points]).collect();
    format!("On {SEEDS} sealed seeds of each scenario of the study: {}.", said.join(", "))
}

/// What the rows of a look mean, and what they cannot say.
fn bearing(look: &Look, terms: Terms<'_>) -> String {
    let traces = match look.study.one_trace {
        true => {
            " Every scenario is a recorded trace: nothing here speaks of other traffic. What was held out ran 20 times, with other \
             draws of the policies; it is the same in every look and in every campaign, and no interval is printed for it."
        }
        false => "",
    };
    format!(
        "Margins are in the unit of what is required; points are 0.01 in the logarithm. A row with an interval is kept if all of it \
         lies above zero (study: 90 % over seeds, so each end is a bound at 5 %; {}: 95 % over workloads), one without by its \
         estimate alone. Seeds and workloads follow from the nonce, the champion, what is measured and the number of the look: \
         another campaign or another look has others. This record counts the looks at this champion; it does not know of other \
         campaigns.{traces}",
        terms.worth()
    )
}

/// How many looks were taken, and what became of them: a champion near a requirement keeps it in some looks and not in others.
fn counted(looks: &[Look]) -> String {
    let kept = |looks: &[Look]| looks.iter().filter(|look| look.holds()).count();
    match looks {
        [] | [_] => {
            "One look was taken. Whoever takes another one (elenchus verify --again) adds it to the record.".into()
        }
        [first, later @ ..] => {
            let verdict = if first.holds() { "every requirement is kept" } else { "a requirement FAILS" };
            format!(
                "{} looks were taken. The verdict is that of look 1: {verdict}. {} of {} later looks kept every requirement; they show \
                 how near to a bound the champion lies, and change nothing.",
                looks.len(),
                kept(later),
                later.len()
            )
        }
    }
}

fn all(looks: &[Look], terms: Terms<'_>) -> Table {
    type Row<'a> = (usize, &'a Look);
    let mut columns = vec![column(">look", |(at, _): &Row<'_>| (at + 1).to_string())];
    columns.extend(terms.cost().map(|cost| {
        column(format!(">{cost} x reference"), |(_, look): &Row<'_>| {
            look.study.cost_ratio.map_or_else(|| "-".into(), |ratio| fixed(ratio, 3))
        })
    }));
    columns.push(column(">points", |(_, look): &Row<'_>| signed(look.study.points)));
    columns.push(column(format!(">{}", terms.worth()), move |(_, look): &Row<'_>| {
        look.workloads.as_ref().map_or_else(|| "-".into(), |drawn| terms.worth_of(drawn.worth, Some(drawn.worth_ci)))
    }));
    columns.push(column(">missed", |(_, look): &Row<'_>| look.tests().filter(|test| !test.holds).count().to_string()));
    Table::of(looks.iter().enumerate(), columns)
}

/// The claim in one sentence.
pub(crate) fn verdict(look: &Look) -> &'static str {
    match (look.holds(), look.workloads.is_some()) {
        (true, true) => "The champion beats the reference, on the study and on fresh workloads of the population.",
        (true, false) => "The champion beats the reference on the study. Of other workloads this says nothing.",
        (false, _) => "The champion does NOT beat the reference: a requirement fails.",
    }
}

fn workloads(look: &Workloads, terms: Terms<'_>) -> String {
    let losing = look.losing.zip(look.bound).map_or_else(String::new, |(losing, bound)| {
        format!(" {} of them lose more than {bound} points,", percent(losing as f64 / look.count.max(1) as f64))
    });
    format!(
        "On {} sealed workloads, fresh ones from the population that the search drew from: {} {} at {} points of {};{losing} the \
         worst ({}) {}.",
        look.count,
        terms.worth(),
        terms.worth_of(look.worth, Some(look.worth_ci)),
        signed(look.points),
        terms.gain(),
        look.worst,
        fixed(look.regret, 1)
    )
}

pub(super) fn signed(points: f64) -> String {
    format!("{points:+.2}")
}

/// Every test in a line.
fn tests(look: &Look, terms: Terms<'_>) -> Table {
    let columns = vec![
        column("<requirement", move |test: &&Test| terms.spoken(&test.requirement)),
        column(">margin", |test: &&Test| format!("{:+.4}", test.margin)),
        column(">interval", |test: &&Test| {
            test.interval.map_or("-".into(), |[low, high]| format!("[{low:+.4}, {high:+.4}]"))
        }),
        column("<", |test: &&Test| if test.holds { "holds" } else { "FAILS" }.into()),
    ];
    Table::of(look.tests(), columns)
}
