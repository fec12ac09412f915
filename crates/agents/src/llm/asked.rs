//! Questions that are answered at once, from the record or in hindsight on search workloads, and that reveal nothing sealed.

mod ran;

use super::candidates;
use super::regimes::{Most, Regimes};
use super::structured::named;
use super::words::{descriptor, percent, table};
use super::{ModelError, parse, text};
use crate::{Brief, Turnout};
pub(super) use ran::{NORMAL_95, behind, told_with_texts};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use science::id::CandidateId;
use science::state::{CandidateRecord, State};
use science::stats::mean;
use serde::{Deserialize, Serialize};

/// Rows of a table of a signal, or of a time.
const BINS: usize = 20;
/// Characters of the design of a candidate.
const DESIGN: usize = 600;
/// Characters of a source. The fences around one that is made of backticks are as long, each.
const ANSWER: usize = 8000;

/// What is asked of a candidate.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Question {
    /// Where it is worth something, and where it loses.
    Where,
    /// What it does, as its own trials showed it.
    Behaviour,
    /// What was written.
    Source,
    /// How one workload went under it, or under baseline or reference.
    Timeline,
    /// What it is worth with another text in place of one of its source.
    Ablation,
    /// Of a signal instead of a candidate: what it told of a request, against what the request turned out to cost.
    Signal,
}

/// A question as a model asks it.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Asked {
    /// What is asked.
    #[serde(deserialize_with = "super::structured::word")]
    #[schemars(schema_with = "questions")]
    what: Question,
    /// The id of a candidate; for `signal` the name of an input; for `where` also `reference`, for `timeline` that or `baseline`.
    of: String,
    /// For `timeline` the name of a workload; null for the worst one.
    #[serde(default)]
    workload: Option<String>,
    /// For `ablation` a text that stands once in the candidate's source; else null.
    #[serde(default)]
    find: Option<String>,
    /// For `ablation` what is to stand there instead, which may be empty; else null.
    #[serde(default)]
    replace: Option<String>,
}

fn questions(_: &mut SchemaGenerator) -> Schema {
    use Question::{Ablation, Behaviour, Signal, Source, Timeline, Where};
    super::structured::one_of(&[Where, Behaviour, Source, Timeline, Ablation, Signal])
}

impl Asked {
    /// Question and answer as the next request shows them.
    /// Whether there was an answer comes with it.
    pub(super) async fn told(&self, brief: Brief<'_>) -> Result<(String, bool), ModelError> {
        let name = serde_json::to_value(self.what).ok().and_then(|word| word.as_str().map(str::to_owned));
        let head = format!("## `{}` of `{}`", name.unwrap_or_default(), text::line(&self.of, 60));
        let answer = self.answer(brief).await?;
        let is_answered = answer.is_ok();
        let answer = answer.unwrap_or_else(|problem| format!("No answer: {problem}."));
        Ok((format!("{head}\n\n{}", text::clip(&answer, 3 * ANSWER)), is_answered))
    }

    async fn answer(&self, brief: Brief<'_>) -> Result<Result<String, String>, ModelError> {
        match self.what {
            Question::Timeline => ran::timeline(self, brief).await,
            Question::Ablation => ran::ablation(self, brief).await,
            Question::Where | Question::Behaviour | Question::Source | Question::Signal => Ok(self.looked_up(brief)),
        }
    }

    /// The answer to a question for which nothing has to run.
    fn looked_up(&self, brief: Brief<'_>) -> Result<String, String> {
        let state = brief.state;
        match self.what {
            Question::Timeline | Question::Ablation => unreachable!("something has to run for it"),
            Question::Signal => signal(&self.of, brief),
            Question::Where if self.of.trim().trim_matches('`') == "reference" => Ok(Regimes::of_reference(state)),
            Question::Where => place(state, self.candidate(state)?),
            Question::Behaviour => behaviour(state, self.candidate(state)?),
            Question::Source => {
                let id = self.candidate(state)?;
                let source = brief.library.and_then(|library| library.source(id)).ok_or("its source is not at hand")?;
                // Cut before it is fenced: what follows must not lie inside of it.
                let source = text::clip(text::clean(&source).trim(), ANSWER);
                let fence = parse::fence(&source);
                Ok(format!("{fence}rust\n{source}\n{fence}"))
            }
        }
    }

    fn candidate<'a>(&self, state: &'a State) -> Result<&'a CandidateId, String> {
        let of = self.of.trim().trim_matches('`');
        let found: Vec<&CandidateId> = state.order.iter().filter(|id| id.as_str().starts_with(of)).collect();
        match found.as_slice() {
            [id] if of.len() >= 4 => Ok(id),
            [] => Err("no candidate of this campaign has this id".into()),
            _ => Err("the id is too short to tell candidates apart".into()),
        }
    }
}

/// What a candidate measures, with the margin to each guard; where it is worth something, and where it loses. An error says why nothing
/// is known.
pub fn place(state: &State, id: &CandidateId) -> Result<String, String> {
    let record = state.candidates.get(id).ok_or_else(|| unmeasured(id))?;
    let contender = state.contender(id).ok_or_else(|| unmeasured(id))?;
    let regimes = Regimes::new(state, record, Most::ASKED).ok_or_else(|| unmeasured(id))?;
    let [whole, scenarios] =
        [candidates::candidate(state, &contender, Some(DESIGN)), candidates::breakdown(state, &[record]).join("\n")];
    Ok(format!("{whole}{}\n\n{scenarios}\n\n{}", violated(state, record), regimes.told()))
}

/// In which workloads a candidate did what it must never do.
fn violated(state: &State, record: &CandidateRecord) -> String {
    let names = state.opened().workload_names();
    let rows = record.measurement.iter().flat_map(|measured| measured.violations_by_row());
    let mut rows = rows.zip(&names).filter(|(times, _)| *times > 0).peekable();
    if rows.peek().is_none() {
        return String::new();
    }
    let told: Vec<String> = rows.map(|(times, name)| format!("{name}: {times}")).take(BINS).collect();
    let [did, what] = &state.spec().violation;
    format!("\n\nWhere it {did} {what}: {}.", told.join(", "))
}

/// What a candidate does, as its own trials showed it; an error says why nothing is known.
pub fn behaviour(state: &State, id: &CandidateId) -> Result<String, String> {
    let record = state.candidates.get(id).and_then(|record| record.descriptor.as_ref());
    let found = record.ok_or_else(|| unmeasured(id))?;
    let row = |(value, share): &(f64, f64)| vec![value.to_string(), percent(*share)];
    let head = [found.curve.input.clone(), "share of its answers".into()];
    let curve = table(&head, found.curve.points.iter().map(row).collect());
    Ok(format!("{}.\n\n{}", descriptor(found, state.spec()), curve.join("\n")))
}

fn unmeasured(id: &CandidateId) -> String {
    format!("candidate {} was not measured", id.short())
}

/// What an input told of requests, in up to [`BINS`] bins of as many requests, against what they turned out to cost.
fn signal(of: &str, brief: Brief<'_>) -> Result<String, String> {
    let spec = brief.state.spec();
    let inputs: Vec<&str> = spec.inputs.iter().map(|input| input.name.as_str()).collect();
    let name = named(of, &inputs)?;
    let Some(hindsight) = &spec.hindsight else {
        return Err("this problem knows no cost of a single request".into());
    };
    let mut seen = brief.library.map_or_else(Vec::new, |library| library.hindsight(&name));
    if seen.is_empty() {
        return Err(format!("`{name}` is no signal of a single request, or no search workload shows it"));
    }
    seen.sort_by(|a, b| a.signal.total_cmp(&b.signal));
    let head = [name.clone(), "requests".into(), "mean".into(), "middle half".into()];
    let rows = bins(&seen).map(|bin| {
        let mut costs: Vec<f64> = bin.iter().map(|one| one.cost).collect();
        costs.sort_by(f64::total_cmp);
        let [low, high] = [1, 3].map(|quarter| costs[quarter * (costs.len() - 1) / 4]);
        let [from, to] = [bin[0].signal, bin[bin.len() - 1].signal];
        vec![
            format!("{from:.0} to {to:.0}"),
            bin.len().to_string(),
            format!("{:.2}", mean(&costs)),
            format!("{low:.2} to {high:.2}"),
        ]
    });
    let rows = rows.collect();
    Ok(format!(
        "{}, over its mean in the workload, by `{name}`; {} requests of the search workloads. No policy sees the cost.\n\n{}",
        hindsight.meaning,
        seen.len(),
        table(&head, rows).join("\n")
    ))
}

/// Runs of as many, in order; what is equal stays together.
fn bins(sorted: &[Turnout]) -> impl Iterator<Item = &[Turnout]> {
    let each = sorted.len().div_ceil(BINS).max(1);
    let mut rest = sorted;
    std::iter::from_fn(move || {
        let last = rest.get(each.min(rest.len()).checked_sub(1)?)?.signal;
        let (bin, after) = rest.split_at(rest.partition_point(|one| one.signal <= last));
        rest = after;
        Some(bin)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_every_request_once_and_never_part_what_is_equal() {
        let seen: Vec<Turnout> =
            (0..1000).map(|at| Turnout { signal: f64::from(at / 70), cost: f64::from(at) }).collect();
        let bins: Vec<&[Turnout]> = bins(&seen).collect();
        assert!(bins.len() <= BINS, "{}", bins.len());
        assert_eq!(bins.concat(), seen);
        assert!(bins.windows(2).all(|pair| pair[0].last().unwrap().signal < pair[1][0].signal));
    }
}
