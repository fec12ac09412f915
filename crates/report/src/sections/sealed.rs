//! The sealed look: what is claimed of the champion, and nothing stronger.

use crate::document::{Block, Section, Table};
use crate::words::{fixed, percent, percent_within};
use science::seal::{Look, SEEDS, Test, Workloads};

/// What the looks at the champion on sealed seeds and workloads showed: the first one in full, and all of them in a line each.
/// None until one was taken.
pub(crate) fn sealed(looks: &[Look]) -> Option<Section> {
    let first = looks.first()?;
    Some(Section { title: "The sealed look", blocks: blocks(first, looks) })
}

/// One look in full, and all that were taken.
pub(crate) fn blocks(look: &Look, looks: &[Look]) -> Vec<Block> {
    let study = &look.study;
    let mut texts = vec![
        verdict(look).to_owned(),
        format!(
            "On {SEEDS} sealed seeds of each scenario of the study: {} times the reference's extra shed work and {} times its \
             extra shed rate, at {} points of improvement beyond the reference's.",
            fixed(study.work_ratio, 3),
            fixed(study.rate_ratio, 3),
            signed(study.points)
        ),
    ];
    texts.extend(look.workloads.as_ref().map(workloads));
    let mut blocks: Vec<Block> = texts.into_iter().map(|text| Block::Text(text.into())).collect();
    let mut table = Table::new(&["<requirement", ">margin", ">interval", "<"]);
    table.rows = look.tests().map(row).collect();
    blocks.push(Block::Table(table));
    blocks.push(Block::Text(bearing(look).into()));
    blocks.push(Block::Text(counted(looks).into()));
    if looks.len() > 1 {
        blocks.push(Block::Table(all(looks)));
    }
    blocks
}

/// What the rows of a look mean, and what they cannot say.
fn bearing(look: &Look) -> String {
    let traces = match look.study.one_trace {
        true => {
            " Every scenario is a recorded trace: nothing here speaks of other traffic. What was held out ran 20 times, with other \
             draws of the policies; it is the same in every look and in every campaign, and no interval is printed for it."
        }
        false => "",
    };
    format!(
        "Margins of costs are shares of what is droppable, others points (0.01 in the logarithm). A row with an interval is kept if \
         all of it lies above zero (study: 90 % over seeds, so each end is a bound at 5 %; net saving: 95 % over workloads), one without by \
         its estimate alone. Seeds and workloads follow from the nonce, the champion, what is measured and the number of the look: \
         another campaign or another look has others. This record counts the looks at this champion; it does not know of other \
         campaigns.{traces}"
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

fn all(looks: &[Look]) -> Table {
    let mut table = Table::new(&[">look", ">shed work", ">points", ">net saving", ">missed"]);
    let row = |(number, look): (usize, &Look)| {
        let saving =
            look.workloads.as_ref().map_or("-".into(), |w| percent_within(w.net_saving, Some(w.net_saving_ci)));
        let missed = look.tests().filter(|test| !test.holds).count().to_string();
        vec![(number + 1).to_string(), fixed(look.study.work_ratio, 3), signed(look.study.points), saving, missed]
    };
    table.rows = looks.iter().enumerate().map(row).collect();
    table
}

/// The claim in one sentence.
pub(crate) fn verdict(look: &Look) -> &'static str {
    match (look.holds(), look.workloads.is_some()) {
        (true, true) => "The champion beats the reference, on the study and on fresh workloads of the population.",
        (true, false) => "The champion beats the reference on the study. Of other workloads this says nothing.",
        (false, _) => "The champion does NOT beat the reference: a requirement fails.",
    }
}

fn workloads(look: &Workloads) -> String {
    format!(
        "On {} sealed workloads, fresh ones from the population that the search drew from: net saving {} at {} points of improvement; {} of them lose more than {} \
         points, the worst ({}) {}.",
        look.count,
        percent_within(look.net_saving, Some(look.net_saving_ci)),
        signed(look.points),
        percent(look.losing as f64 / look.count.max(1) as f64),
        look.bound,
        look.worst,
        fixed(look.regret, 1)
    )
}

pub(super) fn signed(points: f64) -> String {
    format!("{points:+.2}")
}

fn row(test: &Test) -> Vec<String> {
    let word = if test.holds { "holds" } else { "FAILS" };
    let within = test.interval.map_or("-".into(), |[low, high]| format!("[{low:+.4}, {high:+.4}]"));
    vec![test.requirement.clone(), format!("{:+.4}", test.margin), within, word.into()]
}
