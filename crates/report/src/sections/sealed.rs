//! The sealed look: what is claimed of the champion, and nothing stronger.

use crate::document::{Block, Fold, Table, column};
use crate::facts::Facts;
use crate::picture::margins;
use crate::terms::Terms;
use crate::words::{signed, size};
use science::seal::{self, Estimate, Itself, Look, OwnScale, SEEDS, Taken, Test};
use science::spec::{Figure, Plain};

/// What the looks at the champion on sealed seeds and workloads showed; none until one was taken.
pub(super) fn all(facts: &Facts<'_>) -> Vec<Block> {
    let (looks, taken, terms) = (facts.record.looks, facts.record.taken, facts.terms());
    let Some(first) = looks.first() else { return Vec::new() };
    let picture = margins::picture(looks, terms).map(Block::Picture);
    let inside = blocks(first, (looks, taken), terms);
    let summary = "The look in full, and all that were taken".into();
    picture.into_iter().chain([Block::Fold(Fold { place: None, summary, blocks: inside })]).collect()
}

/// One look in full, and all that were taken.
pub(crate) fn blocks(look: &Look, (looks, taken): (&[Look], Taken), terms: Terms<'_>) -> Vec<Block> {
    let own = own(look, terms).filter(|_| !look.own.is_some_and(|own| own.differs()));
    let texts =
        first_words(look, looks, terms).into_iter().chain(own).chain(floor(look, terms)).chain(beside(look, terms));
    let mut blocks: Vec<Block> = texts.map(|text| Block::Text(text.into())).collect();
    blocks.push(Block::Table(tests(look, terms)));
    blocks.push(Block::Text(bearing(look).into()));
    if looks.len() > 1 {
        blocks.push(Block::Table(table(looks, terms)));
    }
    blocks.push(Block::Text(format!("{} {}", counted(looks), opened(taken)).into()));
    blocks
}

/// The verdict, what it means to an operator, and what the champion is worth: by all looks together, where there are several, and at a
/// scale for each workload too, where that is another number.
fn first_words(look: &Look, looks: &[Look], terms: Terms<'_>) -> Vec<String> {
    let pooled = seal::pooled(looks).map(|all| {
        let (worth, looks) = (terms.worth_of(all.value, all.interval), looks.len());
        format!("All {looks} looks together: {} {worth} on drawn workloads.", terms.worth())
    });
    let own = own(look, terms).filter(|_| look.own.is_some_and(|own| own.differs()));
    let all = [Some(verdict(look, looks).to_owned()), plainly(look, terms), pooled, Some(headline(look, terms)), own];
    all.into_iter().flatten().collect()
}

/// What it is worth to whoever sets the scale for one workload; none where it has no scale.
fn own(look: &Look, terms: Terms<'_>) -> Option<String> {
    let OwnScale { own, common, at_an_end, workloads } = look.own.as_ref()?;
    let worth = |of: &Estimate| terms.worth_of(of.value, of.interval);
    Some(format!(
        "With a scale of its own in each of {workloads} workloads, the one of five that comes nearest to what the reference gains there on \
         another seed (in {at_an_end} the first or the last): {} {}; with one for all of these: {}.",
        terms.worth(),
        worth(own),
        worth(common)
    ))
}

/// What the champion is worth, first where nobody chose the workloads.
fn headline(look: &Look, terms: Terms<'_>) -> String {
    let worth = |of: &Estimate| terms.worth_of(of.value, of.interval);
    let [beside, alone] = SEEDS;
    let points = |gained: f64| match gained {
        gained if gained < 0.0 => {
            format!("{:.2} points of {} short of the reference's, which are taken off", 0.0 - gained, terms.gain())
        }
        gained => format!("{gained:.2} points of {} beyond the reference's", terms.gain()),
    };
    let all = points(0.0 - look.score.shortfall);
    let [on_study, on_drawn] = match &look.score.panels {
        Some(panels) => [&panels.study, &panels.drawn].map(|part| points(part.against_reference)),
        None => [all.clone(), all.clone()],
    };
    match look.drawn {
        0 => format!("On {alone} sealed seeds of each scenario: {} {} at {all}.", terms.worth(), worth(&look.study)),
        drawn => format!(
            "On {drawn} sealed workloads, fresh ones from the population that the search drew from: {} {}, at {on_drawn}. On the study's own \
             scenarios, {beside} sealed seeds each: {}, at {on_study}.",
            terms.worth(),
            worth(&look.worth),
            worth(&look.study)
        ),
    }
}

/// The same in an operator's words; none where the problem has none.
pub(crate) fn plainly(look: &Look, terms: Terms<'_>) -> Option<String> {
    let said = |(plain, [reference, own]): (&Plain, &[f64; 2])| {
        let unit = terms.0.plain_unit(plain);
        format!("{} {} → {}", plain.what, size(unit, *reference), size(unit, *own))
    };
    let said: Vec<String> = terms.0.plainly.iter().zip(&look.plainly).map(said).collect();
    let place = if look.drawn > 0 { "the drawn workloads" } else { "the study" };
    (!said.is_empty())
        .then(|| format!("Simulated, from the reference to the champion, medians over {place}: {}.", said.join(", ")))
}

/// What the yardstick itself is off by; none where it was not looked at.
fn floor(look: &Look, terms: Terms<'_>) -> Option<String> {
    let itself = look.itself.as_ref()?;
    let said = |saved: &[f64]| {
        let (low, high) = saved.iter().fold((f64::MAX, f64::MIN), |(low, high), own| (low.min(*own), high.max(*own)));
        if saved.is_empty() {
            "nothing that compares".into()
        } else {
            format!("{} to {}", terms.worth_of(low, None), terms.worth_of(high, None))
        }
    };
    let drawn =
        if look.drawn > 0 { format!("{} on the drawn workloads, ", said(&itself.drawn)) } else { String::new() };
    Some(format!(
        "The reference itself, with other draws and at scales near its own, seems to save {drawn}{} on the study. That is what the yardstick is \
         off by, luck included: the lower end of a saving has to lie above the most of it.",
        said(&itself.study)
    ))
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
            " Every scenario is a recorded trace: nothing here speaks of other workloads. What was held out ran 20 times, with other \
             draws of the policies; it is the same in every look and in every campaign, and no interval is printed for it."
        }
        false => "",
    };
    let over = if look.drawn > 0 { "drawn workloads" } else { "seeds" };
    format!(
        "Margins are in the unit of what is required; points are 0.01 in the logarithm. A row with an interval (95 %, over {over}) is \
         kept if all of it lies above zero, one without by its estimate alone. Seeds and workloads follow from the nonce, the \
         champion, what is measured and the number of the look: another campaign or another look has others.{traces}"
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
                 how near to a bound the champion lies, and take the claim back where all looks together do not bear it.",
                looks.len(),
                kept(later),
                later.len()
            )
        }
    }
}

/// How often the seal of the experiment was opened: of many champions the luckiest looks best.
fn opened(taken: Taken) -> String {
    let of = |count: usize, one: &str| if count == 1 { format!("one {one}") } else { format!("{count} {one}s") };
    let nonce = match taken.given {
        Some(true) => " The nonce of this campaign was given, so it may have been chosen.",
        Some(false) => " The nonce of this campaign was drawn at random.",
        None => "",
    };
    format!(
        "This database holds {} at what this experiment measures: {}, {}, {}.{nonce}",
        of(taken.looks, "look"),
        of(taken.campaigns, "campaign"),
        of(taken.champions, "champion"),
        of(taken.nonces, "nonce")
    )
}

fn table(looks: &[Look], terms: Terms<'_>) -> Table {
    type Row<'a> = (usize, &'a Look);
    let worth = move |of: &Estimate| terms.worth_of(of.value, of.interval);
    let columns = vec![
        column(">look", |(at, _): &Row<'_>| (at + 1).to_string()),
        column(format!(">{}", terms.worth()), move |(_, look): &Row<'_>| worth(&look.worth)),
        column(">on the study", move |(_, look): &Row<'_>| worth(&look.study)),
        column(">points", |(_, look): &Row<'_>| signed(0.0 - look.score.shortfall, 2)),
        column(">missed", |(_, look): &Row<'_>| look.failed().count().to_string()),
    ];
    Table::of(looks.iter().enumerate(), columns)
}

/// The claim in one sentence.
pub(crate) fn verdict(look: &Look, looks: &[Look]) -> &'static str {
    let off = look.itself.as_ref().map_or(0.0, |itself| Itself::floor(&itself.study));
    let wins_study = look.study.interval.is_some_and(|[low, _]| low > off);
    match (look.holds() && seal::beats(look, looks), look.drawn > 0) {
        (true, true) if wins_study => {
            "The champion beats the reference, on fresh workloads of the population and on the study."
        }
        (true, true) => "The champion beats the reference on fresh workloads of the population, and keeps every guard.",
        (true, false) => "The champion beats the reference on the study. Of other workloads this says nothing.",
        (false, _) if look.holds() => {
            "The champion does NOT beat the reference: it did at one look, and all looks together do not say so."
        }
        (false, _) => "The champion does NOT beat the reference: a requirement fails.",
    }
}

/// Every test in a line.
fn tests(look: &Look, terms: Terms<'_>) -> Table {
    let columns = vec![
        column("<requirement", move |test: &&Test| terms.spoken(&test.requirement)),
        column(">margin", |test: &&Test| test.margin.map_or("-".into(), |margin| signed(margin, 4))),
        column(">interval", |test: &&Test| {
            test.interval.map_or("-".into(), |[low, high]| format!("[{}, {}]", signed(low, 4), signed(high, 4)))
        }),
        column("<", |test: &&Test| if test.holds { "holds" } else { "FAILS" }.into()),
    ];
    Table::of(&look.tests, columns)
}
