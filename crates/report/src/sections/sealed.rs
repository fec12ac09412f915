//! The sealed look: what is claimed of the champion, and nothing stronger.

use crate::document::{Block, Section, Table, column};
use crate::terms::Terms;
use crate::words::size;
use science::seal::{Estimate, Look, SEEDS, Test};
use science::spec::{Figure, Plain, Spec};

/// What the looks at the champion on sealed seeds and workloads showed: the first one in full, and all of them in a line each.
/// None until one was taken.
pub(crate) fn sealed(looks: &[Look], spec: &Spec) -> Option<Section> {
    let first = looks.first()?;
    Some(Section { title: "The sealed look", blocks: blocks(first, looks, Terms(spec)) })
}

/// One look in full, and all that were taken.
pub(crate) fn blocks(look: &Look, looks: &[Look], terms: Terms<'_>) -> Vec<Block> {
    let texts = first_words(look, terms).into_iter().chain(beside(look, terms));
    let mut blocks: Vec<Block> = texts.map(|text| Block::Text(text.into())).collect();
    blocks.push(Block::Table(tests(look, terms)));
    blocks.push(Block::Text(bearing(look).into()));
    blocks.push(Block::Text(counted(looks).into()));
    if looks.len() > 1 {
        blocks.push(Block::Table(all(looks, terms)));
    }
    blocks
}

/// The verdict, what it means to an operator, and what the champion is worth.
pub(crate) fn first_words(look: &Look, terms: Terms<'_>) -> Vec<String> {
    [Some(verdict(look).to_owned()), plainly(look, terms), Some(headline(look, terms))].into_iter().flatten().collect()
}

/// What the champion is worth, first where nobody chose the workloads.
fn headline(look: &Look, terms: Terms<'_>) -> String {
    let worth = |of: &Estimate| terms.worth_of(of.value, of.interval);
    let [beside, alone] = SEEDS;
    let short = match look.score.shortfall {
        short if short > 0.0 => format!("{short:.2} points of {} short of the reference's", terms.gain()),
        short => format!("{:.2} points of {} beyond the reference's", 0.0 - short, terms.gain()),
    };
    match look.drawn {
        0 => format!("On {alone} sealed seeds of each scenario: {} {} at {short}.", terms.worth(), worth(&look.study)),
        drawn => format!(
            "On {drawn} sealed workloads, fresh ones from the population that the search drew from: {} {}. On the study's own \
             scenarios, {beside} sealed seeds each: {}. Both at {short}.",
            terms.worth(),
            worth(&look.worth),
            worth(&look.study)
        ),
    }
}

/// The same in an operator's words; none where the problem has none.
fn plainly(look: &Look, terms: Terms<'_>) -> Option<String> {
    let said = |(plain, [reference, own]): (&Plain, &[f64; 2])| {
        let unit = terms.0.plain_unit(plain);
        format!("{} {} → {}", plain.what, size(unit, *reference), size(unit, *own))
    };
    let said: Vec<String> = terms.0.plainly.iter().zip(&look.plainly).map(said).collect();
    let place = if look.drawn > 0 { "the drawn workloads" } else { "the study" };
    (!said.is_empty())
        .then(|| format!("From the reference to the champion, medians over {place}: {}.", said.join(", ")))
}

/// The same by whatever else may count as cost; none where nothing else may.
fn beside(look: &Look, terms: Terms<'_>) -> Option<String> {
    let said = |(figure, what): (&Figure, String)| {
        Some(format!("{what} {}", terms.figure_of(figure, Some(look.score.figure(&figure.name)?))))
    };
    let said: Vec<String> = terms.held_against().filter_map(said).collect();
    (!said.is_empty()).then(|| format!("Beside it, on all sealed workloads: {}.", said.join(", ")))
}

/// What the rows of a look mean, and what they cannot say.
fn bearing(look: &Look) -> String {
    let traces = match look.one_trace {
        true => {
            " Every scenario is a recorded trace: nothing here speaks of other traffic. What was held out ran 20 times, with other \
             draws of the policies; it is the same in every look and in every campaign, and no interval is printed for it."
        }
        false => "",
    };
    let over = if look.drawn > 0 { "drawn workloads" } else { "seeds" };
    format!(
        "Margins are in the unit of what is required; points are 0.01 in the logarithm. A row with an interval (95 %, over {over}) is \
         kept if all of it lies above zero, one without by its estimate alone. Seeds and workloads follow from the nonce, the \
         champion, what is measured and the number of the look: another campaign or another look has others. This record counts \
         the looks at this champion; it does not know of other campaigns.{traces}"
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
    let worth = move |of: &Estimate| terms.worth_of(of.value, of.interval);
    let columns = vec![
        column(">look", |(at, _): &Row<'_>| (at + 1).to_string()),
        column(format!(">{}", terms.worth()), move |(_, look): &Row<'_>| worth(&look.worth)),
        column(">on the study", move |(_, look): &Row<'_>| worth(&look.study)),
        column(">points", |(_, look): &Row<'_>| signed(0.0 - look.score.shortfall)),
        column(">missed", |(_, look): &Row<'_>| look.tests.iter().filter(|test| !test.holds).count().to_string()),
    ];
    Table::of(looks.iter().enumerate(), columns)
}

/// The claim in one sentence.
fn verdict(look: &Look) -> &'static str {
    let wins_study = look.study.interval.is_some_and(|[low, _]| low > 0.0);
    match (look.holds(), look.drawn > 0) {
        (true, true) if wins_study => {
            "The champion beats the reference, on fresh workloads of the population and on the study."
        }
        (true, true) => {
            "The champion beats the reference on fresh workloads of the population, and keeps every guard on the study."
        }
        (true, false) => "The champion beats the reference on the study. Of other workloads this says nothing.",
        (false, _) => "The champion does NOT beat the reference: a requirement fails.",
    }
}

pub(super) fn signed(points: f64) -> String {
    format!("{points:+.2}")
}

/// Every test in a line.
fn tests(look: &Look, terms: Terms<'_>) -> Table {
    let columns = vec![
        column("<requirement", move |test: &&Test| terms.spoken(&test.requirement)),
        column(">margin", |test: &&Test| test.margin.map_or("-".into(), |margin| format!("{margin:+.4}"))),
        column(">interval", |test: &&Test| {
            test.interval.map_or("-".into(), |[low, high]| format!("[{low:+.4}, {high:+.4}]"))
        }),
        column("<", |test: &&Test| if test.holds { "holds" } else { "FAILS" }.into()),
    ];
    Table::of(&look.tests, columns)
}
