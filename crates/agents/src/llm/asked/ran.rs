//! Questions for which something has to run: on workloads of the search panel, which candidates are ranked by anyway.

use super::{Asked, BINS, unmeasured};
use crate::Brief;
use crate::llm::regimes::Regimes;
use crate::llm::words::{quantity, table};
use crate::llm::{ModelError, text};
use science::asked::{Replaced, TEXT};
use science::bundle::Side;
use science::id::CandidateId;
use science::outcome::Outcome;
use science::seal::Line;
use science::state::{State, describe};
use science::stats::mean;
use science::stopping::Behind;

type Answered = Result<Result<String, String>, ModelError>;

/// How one workload went under a policy.
pub(super) async fn timeline(asked: &Asked, brief: Brief<'_>) -> Answered {
    let (policy, workload) = match whom(asked, brief.state) {
        Ok(both) => both,
        Err(problem) => return Ok(Err(problem)),
    };
    let Some(library) = brief.library else { return Ok(Err(NOTHING_RUNS.into())) };
    let lines = library.timeline(&policy, &workload).await?;
    Ok(lines.and_then(|lines| match lines.is_empty() {
        true => Err("this problem shows nothing of a run".into()),
        false => Ok(format!(
            "Workload `{workload}` of the search panel under {}, with its first seed; means of up to {BINS} bins.\n\n{}",
            describe(&policy),
            binned(&lines)
        )),
    }))
}

/// Standard errors from the middle of a normal distribution to the ends of its inner 95 %.
pub(in crate::llm) const NORMAL_95: f64 = 1.96;

const NOTHING_RUNS: &str = "nothing can be run here";

/// The policy that is meant, and the workload.
fn whom(asked: &Asked, state: &State) -> Result<(Side, String), String> {
    let policy = match asked.of.trim().trim_matches('`') {
        "baseline" => Side::Baseline,
        "reference" => Side::Reference,
        _ => Side::Candidate(asked.candidate(state)?.clone()),
    };
    let names = state.opened().workload_names();
    if let Some(named) = asked.workload.as_deref().map(|name| name.trim().trim_matches('`')) {
        return match names.iter().find(|name| *name == named) {
            Some(name) => Ok((policy, name.clone())),
            None => Err(format!("`{}` is no workload of the search panel", text::line(named, 60))),
        };
    }
    let worst = match &policy {
        Side::Candidate(id) => Regimes::worst_row(state, state.candidates.get(id)).ok_or_else(|| unmeasured(id))?,
        _ => Regimes::worst_row(state, None).ok_or("there is no workload")?,
    };
    names.get(worst).map(|name| (policy, name.clone())).ok_or_else(|| "there is no such workload".into())
}

/// Lines as tables, those against the same in one: the mean of each in so many bins of equal width.
fn binned(lines: &[Line]) -> String {
    let mut tables: Vec<(&str, Vec<&Line>)> = Vec::new();
    for line in lines.iter().filter(|line| !line.points.is_empty()) {
        match tables.iter_mut().find(|(against, _)| *against == line.against) {
            Some((_, own)) => own.push(line),
            None => tables.push((&line.against, vec![line])),
        }
    }
    let told: Vec<String> = tables.into_iter().map(|(against, lines)| of_one(against, &lines)).collect();
    told.join("\n\n")
}

fn of_one(against: &str, lines: &[&Line]) -> String {
    let places = lines.iter().flat_map(|line| &line.points).map(|[place, _]| *place);
    let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    let width = (high - low) / BINS as f64;
    let bin = |place: f64| if width > 0.0 { (((place - low) / width) as usize).min(BINS - 1) } else { 0 };
    let cell = |line: &&Line, at: usize| {
        let own: Vec<f64> = line.points.iter().filter(|[x, _]| bin(*x) == at).map(|[_, y]| *y).collect();
        if own.is_empty() { String::new() } else { short(mean(&own)) }
    };
    let row = |at: usize| {
        let cells: Vec<String> = lines.iter().map(|line| cell(line, at)).collect();
        let from = low + width * at as f64;
        let label = format!("{} to {}", short(from), short(from + width));
        cells.iter().any(|cell| !cell.is_empty()).then(|| [vec![label], cells].concat())
    };
    let head: Vec<String> =
        [against.to_owned()].into_iter().chain(lines.iter().map(|line| line.name.clone())).collect();
    table(&head, (0..BINS).filter_map(row).collect()).join("\n")
}

/// A number with about three digits.
fn short(value: f64) -> String {
    let digits = (2 - value.abs().max(1e-3).log10().floor() as i32).clamp(0, 5) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// What a candidate is worth with another text in place of one of its source.
pub(super) async fn ablation(asked: &Asked, brief: Brief<'_>) -> Answered {
    let (id, find, replace) = match texts(asked, brief.state) {
        Ok(all) => all,
        Err(problem) => return Ok(Err(problem)),
    };
    let Some(library) = brief.library else { return Ok(Err(NOTHING_RUNS.into())) };
    let replaced = library.replaced(id, find, replace).await?;
    Ok(replaced.map(|replaced| format!("{} It took an evaluation.", told(&replaced, brief.state))))
}

fn texts<'a>(asked: &'a Asked, state: &'a State) -> Result<(&'a CandidateId, &'a str, &'a str), String> {
    let id = asked.candidate(state)?;
    let find = asked.find.as_deref().filter(|find| !find.trim().is_empty());
    let find = find.ok_or("`find` has to hold a text of the source")?;
    let replace = asked.replace.as_deref().unwrap_or_default();
    match [find, replace].into_iter().any(|text| text.chars().count() > TEXT) {
        true => Err(format!("`find` and `replace` have at most {TEXT} characters")),
        false => Ok((id, find, replace)),
    }
}

/// What came of replacing a text, as a sentence.
fn told(replaced: &Replaced, state: &State) -> String {
    let (of, worth) = (replaced.of.short(), state.spec().aim.worth_name());
    if replaced.outcome != Outcome::Scored {
        return format!("Candidate {of} so changed ended as `{}`.", replaced.outcome.as_str());
    }
    let quantity = |value: f64| quantity(value, worth.unit);
    let is = replaced.worth.map_or_else(|| "undefined (too far from the reference's gain)".into(), quantity);
    let points = replaced.beyond.map(|beyond| format!(", {:+.2} points of gain from the reference", beyond * 100.0));
    let effect = replaced.effect.map(|[mean, error]| {
        let sign = if mean < 0.0 { "" } else { "+" };
        let (mean, half) = (quantity(mean), quantity(NORMAL_95 * error));
        format!("; the effect of the change in the workloads that claims are about is {sign}{mean} ± {half} (95 %)")
    });
    let admissible = match replaced.objections.as_slice() {
        [] => "; admissible".to_owned(),
        objections => format!("; NOT admissible: {}", objections.join("; ")),
    };
    let (points, effect) = (points.unwrap_or_default(), effect.unwrap_or_default());
    format!("Candidate {of} so changed: {} {is}{points}{effect}{admissible}.", worth.name)
}

/// The same with what was replaced, for who plans later.
pub(in crate::llm) fn told_with_texts(replaced: &Replaced, state: &State) -> String {
    let short = |words: &str| text::line(words, 120).replace('`', "'");
    format!("`{}` in place of `{}`. {}", short(&replaced.replace), short(&replaced.find), told(replaced, state))
}

/// How far a variant lay behind, as a prompt says it.
pub(in crate::llm) fn behind(behind: &Behind, state: &State) -> String {
    let quantity = |value: f64| quantity(value, state.spec().aim.worth_name().unit);
    format!(
        "stopped after {} of {} workloads, {} ± {} (95 %) behind {}",
        behind.workloads,
        behind.of,
        quantity(behind.by),
        quantity(NORMAL_95 * behind.error),
        behind.rival.short()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_against_the_same_are_one_table_of_at_most_twenty_rows() {
        let points = |slope: f64| (0..96).map(|at| [f64::from(at), slope * f64::from(at)]).collect::<Vec<_>>();
        let line = |name: &str, against: &str, slope| Line::new(name, against, &points(slope));
        let told = binned(&[line("waiting", "time, s", 1.0), line("age", "place", 1.0), line("busy", "time, s", 0.0)]);
        let tables: Vec<&str> = told.split("\n\n").collect();
        assert_eq!(tables.len(), 2, "{told}");
        assert!(
            tables[0].starts_with("| time, s | waiting | busy |\n|---|---|---|\n| 0 to 4.75 | 2 | 0 |\n"),
            "{told}"
        );
        assert_eq!(tables[0].lines().count(), 2 + BINS);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 12345.6, 0.012_34, -2.5, 99.96].map(short), ["0", "12346", "0.0123", "-2.5", "100"]);
    }
}
