//! What searches without agents find with as many evaluations.

use crate::document::{Block, Table};
use crate::terms::Terms;
use crate::words::grouped;
use science::comparison::{Comparison, Line, Mean, Method, Summary};

/// Campaigns beside searches of as many evaluations.
pub(crate) fn comparison(comparisons: &[Comparison], terms: Terms<'_>) -> Vec<Block> {
    let summary = Summary::of(comparisons);
    vec![
        Block::Text(asked(comparisons, &summary).into()),
        Block::Table(found(&summary, terms)),
        Block::Text(rests_on(comparisons, &summary, terms).into()),
        Block::Table(curves(&summary, terms)),
        Block::Text(notes(comparisons, &summary).into()),
    ]
}

/// What each search may spend.
fn asked(comparisons: &[Comparison], summary: &Summary) -> String {
    let audited: u32 = comparisons.iter().map(|comparison| comparison.spent.audited).sum();
    let campaigns = match summary.campaigns {
        1 => "The campaign".to_owned(),
        n => format!("Each of {n} campaigns"),
    };
    let each = comparisons.iter().map(|comparison| comparison.searches.len() / Method::ALL.len());
    let searches = match [each.clone().min().unwrap_or(0), each.max().unwrap_or(0)] {
        [1, 1] => "one search".to_owned(),
        each => format!("{} searches", range(each)),
    };
    format!(
        "{campaigns} beside {searches} by each method, of as many evaluations as it made: {} (points of audits: {}). An evaluation \
         is a point measured where its scale is set, on the campaign's own search panel and under its guards.",
        range(summary.evaluations),
        grouped(u64::from(audited)),
    )
}

fn found(summary: &Summary, terms: Terms<'_>) -> Table {
    let worth = |mean: &Mean| terms.worth_of(mean.mean, mean.interval);
    let heads = [
        format!("<{} of", terms.worth()),
        ">search panel".into(),
        ">sealed".into(),
        ">campaign − it, sealed".into(),
        ">beat the reference".into(),
    ];
    let mut table = Table::new(&heads);
    table.rows = summary
        .lines
        .iter()
        .map(|line| {
            let ahead = line.ahead.as_ref().map_or_else(String::new, worth);
            let beat = format!("{} of {}", line.beat, line.searches);
            vec![name(line, summary), worth(&line.search), worth(&line.sealed), ahead, beat]
        })
        .collect();
    table
}

fn curves(summary: &Summary, terms: Terms<'_>) -> Table {
    let marks = summary.marks.iter().map(|mark| format!(">{mark}")).chain([">all".to_owned()]);
    let heads: Vec<String> = std::iter::once("<median after evaluations".to_owned()).chain(marks).collect();
    let mut table = Table::new(&heads);
    let row = |line: &Line| {
        let worths = line.curve.iter().map(|worth| terms.worth_of(*worth, None));
        std::iter::once(name(line, summary)).chain(worths).collect()
    };
    table.rows = summary.lines.iter().map(row).collect();
    table
}

/// What the intervals are over.
fn rests_on(comparisons: &[Comparison], summary: &Summary, terms: Terms<'_>) -> String {
    let worth = terms.worth();
    let intervals = match summary.campaigns {
        1 | 2 => {
            let finds = |method: Method| {
                let searches = comparisons.iter().flat_map(|comparison| &comparison.searches);
                let sealed = searches.filter(|search| search.method == method);
                let each: Vec<String> =
                    sealed.map(|search| terms.worth_of(search.found.sealed.unwrap_or(0.0), None)).collect();
                format!("{} {}", method.words(), each.join(", "))
            };
            let all = Method::ALL.map(finds).join("; ");
            format!(
                "The find of each search under the seal: {all}. No interval over campaigns is claimed of fewer than three."
            )
        }
        n => {
            format!("In brackets 95 % intervals over {n} campaigns (Student's t), each with the mean of its searches.")
        }
    };
    format!(
        "{intervals} On the search panel each has its best admissible point, whose {worth} lies too high for having been chosen there. \
         Under the seal stands what each would hand over: a search that point, a campaign its champion, which its finals chose."
    )
}

fn notes(comparisons: &[Comparison], summary: &Summary) -> String {
    let nothing = |line: &Line| (line.nothing > 0).then(|| format!("{} {}", name(line, summary), line.nothing));
    let nothing: Vec<String> = summary.lines.iter().filter_map(nothing).collect();
    let nothing = match nothing.is_empty() {
        true => String::new(),
        false => format!(" Nothing was found by: {}.", nothing.join(", ")),
    };
    let elsewhere = comparisons.iter().map(|comparison| comparison.spent.elsewhere as usize);
    let elsewhere = [elsewhere.clone().min().unwrap_or(0), elsewhere.max().unwrap_or(0)];
    format!(
        "Who finds nothing admissible that is worth more than the reference keeps the reference, which counts as 0.{nothing} Verdicts and \
         finals took as many trials as {} more evaluations. Searches do not get these: they claim nothing and take their best. What \
         they might bring is how the curves go on. TPE is a tree-structured Parzen estimator; it and tuning alone begin where campaigns do.",
        range(elsewhere)
    )
}

fn name(line: &Line, summary: &Summary) -> String {
    match (line.method, summary.campaigns) {
        (Some(method), _) => method.words().into(),
        (None, 1) => "the campaign".into(),
        (None, _) => "the campaigns".into(),
    }
}

fn range([low, high]: [usize; 2]) -> String {
    let [least, most] = [low, high].map(|n| grouped(n as u64));
    if low == high { least } else { format!("{least} to {most}") }
}
