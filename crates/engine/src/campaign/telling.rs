//! What the mirror tells of a campaign: each candidate with its claim, verdict, score and lesson once its iteration has ended, and
//! each iteration with all of its findings. It is said from the record alone, and the same whenever it is said.

use super::Campaign;
use crate::error::EngineError;
use science::bundle::{Arm, Relation};
use science::event::EndReason;
use science::id::CandidateId;
use science::judge::Finding;
use science::principle::Change;
use science::state::{CandidateRecord, Iteration, State, describe};
use science::text::{clip, line};
use store::Chapter;
use store::mirror::{Commit, Said, Turn};

/// Characters of a commit's first line.
const SUBJECT: usize = 120;
/// Who plans and writes where no model does.
const BUILT_IN: &str = "built-in";

impl Campaign {
    /// Tells the mirror every chapter that has ended since it was told the last one.
    pub(super) async fn tell(&mut self) -> Result<(), EngineError> {
        let closed = self.state.iterations.iter().filter(|iteration| iteration.volume.is_some()).count();
        if closed + usize::from(self.state.ended.is_some()) == self.told {
            return Ok(());
        }
        for (at, chapter) in self.store.chapters(&self.id).await?.iter().enumerate().skip(self.told) {
            self.tell_chapter(at, chapter)?;
            self.told = at + 1;
        }
        Ok(())
    }

    fn tell_chapter(&self, at: usize, chapter: &Chapter) -> Result<(), EngineError> {
        let state = &self.state;
        for (id, at_ms) in &chapter.candidates {
            let record = &state.candidates[id];
            self.mirror.record(&Commit {
                campaign: self.id.clone(),
                candidate: id.clone(),
                parents: record.candidate.parent.iter().cloned().collect(),
                source: self.candidate(id).source.clone(),
                said: Said {
                    message: of_candidate(state, id, chapter),
                    author: record.author.clone().unwrap_or_else(|| BUILT_IN.into()),
                    role: role(record, chapter),
                    at_ms: *at_ms,
                },
            })?;
        }
        let iteration = state.iterations.get(at).filter(|_| !chapter.is_end);
        let champion = match iteration {
            Some(iteration) => iteration.champion.as_ref().map(|champion| champion.id.clone()),
            None => state.champion().map(|champion| champion.id),
        };
        let message = match (iteration, &state.ended) {
            (Some(iteration), _) => of_iteration(state, at + 1, iteration),
            (None, Some(reason)) => of_end(state, reason),
            (None, None) => return Ok(()),
        };
        let planner = iteration.and_then(|iteration| iteration.planner.clone());
        Ok(self.mirror.close(&Turn {
            campaign: self.id.clone(),
            number: at + 1,
            candidates: tips(state, chapter),
            champion,
            said: Said {
                message,
                author: planner.unwrap_or_else(|| BUILT_IN.into()),
                role: "planner",
                at_ms: chapter.ended_ms,
            },
        })?)
    }
}

/// The candidates of a chapter that no other one of it departs from: the others lie behind them.
fn tips(state: &State, chapter: &Chapter) -> Vec<CandidateId> {
    let parent = |(id, _): &(CandidateId, i64)| state.candidates[id].candidate.parent.clone();
    let parents: Vec<CandidateId> = chapter.candidates.iter().filter_map(parent).collect();
    chapter.candidates.iter().map(|(id, _)| id.clone()).filter(|id| !parents.contains(id)).collect()
}

/// After the last iteration nothing is written but what the champion is simplified to.
fn role(record: &CandidateRecord, chapter: &Chapter) -> &'static str {
    match (&record.candidate.tunes, chapter.is_end) {
        (_, true) => "simplifier",
        (Some(_), false) => "tuner",
        (None, false) => "executor",
    }
}

/// Claim, verdict, score and lesson of a candidate.
fn of_candidate(state: &State, id: &CandidateId, chapter: &Chapter) -> String {
    let record = &state.candidates[id];
    let score = score(state, record);
    let made = match role(record, chapter) {
        "executor" => None,
        role => {
            let of = record.candidate.tunes.as_ref().or(record.candidate.parent.as_ref());
            Some(format!("{role} of {}: {score}", of.map_or("the reference", |of| of.short())))
        }
    };
    let iteration = state.iterations.get((record.iteration as usize).saturating_sub(1));
    let arm = iteration.and_then(|iteration| {
        let (position, arm) = iteration.bundle.as_ref()?.arm(&record.arm)?;
        // The verdict is about the candidate that the arm has in the end, not about one that was mended or a worse variant.
        let own = iteration.arms.get(position).filter(|own| own.candidate.as_ref() == Some(id));
        Some((iteration, arm, own.and_then(|own| own.finding.as_ref())))
    });
    let (subject, mut paragraphs) = match (made, arm) {
        (None, Some((iteration, arm, finding))) => {
            let name = format!("F{}.{}", record.iteration, record.arm);
            let verdict = finding.map_or("not judged", |finding| finding.verdict.as_str());
            let subject = format!("{name} {verdict} ({score}): {}", line(&arm.hypothesis));
            (subject, claimed(arm, finding).into_iter().chain(lessons(iteration, &name)).collect())
        }
        (made, _) => (made.unwrap_or_default(), Vec::new()),
    };
    paragraphs.push(format!("Score on the search panel: {score}"));
    paragraphs.push(format!("Candidate: {id}"));
    format!("{}\n\n{}\n", clip(&subject, SUBJECT), paragraphs.join("\n\n"))
}

/// What it is worth and what it gains, or what became of it instead.
fn score(state: &State, record: &CandidateRecord) -> String {
    let Some(score) = &record.score else {
        return record.outcome.map_or("not evaluated", |outcome| outcome.as_str()).to_owned();
    };
    let aim = &state.spec().aim;
    let worth = score.worth.map_or("does not compare".into(), |worth| number(&aim.worth_name().name, worth));
    let cost = aim.cost_names().map(|(cost, _)| format!(", {}", number(&cost.name, score.cost)));
    format!("{worth}, {}{}", number(&aim.gain_name().name, score.improvement), cost.unwrap_or_default())
}

fn number(name: &str, value: f64) -> String {
    format!("{name} {value:.4}")
}

fn claimed(arm: &Arm, finding: Option<&Finding>) -> Vec<String> {
    let prediction = &arm.prediction;
    let sides: Vec<String> = prediction.against.iter().map(describe).collect();
    let size = match prediction.relation {
        Relation::AtLeast(size) => format!("at least {size} more than"),
        Relation::Within(size) => format!("within {size} of"),
    };
    let claim =
        format!("Claim: {} {size} {}, confidence {}", prediction.metric, sides.join(" + "), prediction.confidence);
    let effect = finding.and_then(|finding| finding.effect.map(|effect| (finding.seeds, effect)));
    let measured = effect.map(|(seeds, effect)| {
        format!("Measured: {:.4} [{:.4}, {:.4}] on {seeds} fresh seeds", effect.estimate, effect.low, effect.high)
    });
    let verdict = finding.map(|finding| format!("Verdict: {}. {}", finding.verdict.as_str(), line(&finding.reason)));
    let words = [("Hypothesis", &arm.hypothesis), ("Mechanism", &arm.mechanism), ("Design", &arm.design.intent)];
    let words = words.into_iter().filter(|(_, text)| !text.is_empty());
    let words = words.map(|(title, text)| format!("{title}: {}", line(text)));
    words.chain([claim]).chain(measured).chain(verdict).collect()
}

/// What was learned from a finding in its iteration.
fn lessons<'a>(iteration: &'a Iteration, finding: &'a str) -> impl Iterator<Item = String> + 'a {
    iteration.changes.iter().filter_map(move |change| match change {
        Change::Insert(principle) | Change::Refine(principle) => principle
            .evidence
            .iter()
            .any(|cited| cited == finding)
            .then(|| format!("Principle {}: {}", principle.id, line(&principle.statement))),
        Change::Retire { .. } => None,
    })
}

/// What an iteration asked and found.
fn of_iteration(state: &State, number: usize, iteration: &Iteration) -> String {
    let asked = match (&iteration.bundle, &iteration.failure) {
        (Some(bundle), _) => line(&bundle.question),
        (None, failure) => format!("no usable plan: {}", line(failure.as_deref().unwrap_or_default())),
    };
    let arms = iteration.bundle.iter().flat_map(|bundle| &bundle.arms).zip(&iteration.arms);
    let mut lines: Vec<String> = arms
        .map(|(arm, record)| {
            let verdict = record.finding.as_ref().map(|finding| finding.verdict.as_str());
            let verdict =
                verdict.map(str::to_owned).or(record.skipped.as_ref().map(|why| format!("skipped: {}", line(why))));
            format!("F{number}.{}: {}", arm.name, verdict.unwrap_or_else(|| "open".into()))
        })
        .collect();
    lines.extend(iteration.changes.iter().map(|change| match change {
        Change::Insert(principle) | Change::Refine(principle) => {
            format!("{}: {}", principle.id, line(&principle.statement))
        }
        Change::Retire { id, reason } => format!("{id} retired: {}", line(reason)),
    }));
    lines.extend(iteration.champion.as_ref().map(|champion| best(state, &champion.id)));
    lines.extend(iteration.volume.map(|volume| format!("Space left: {volume:.4}")));
    format!("{}\n\n{}\n", clip(&format!("Iteration {number}: {asked}"), SUBJECT), lines.join("\n"))
}

/// What came of it all.
fn of_end(state: &State, reason: &EndReason) -> String {
    let champion = state.champion().map(|champion| best(state, &champion.id));
    let mut lines: Vec<String> = champion.into_iter().collect();
    lines.extend(state.finals.iter().flat_map(|finals| &finals.finalists).map(|finalist| {
        let low =
            finalist.low.map_or_else(|| finalist.outcome.as_str().to_owned(), |low| format!("worth {low:.4} or more"));
        format!("Finalist {}: {low}", finalist.candidate.short())
    }));
    format!("Ended: {reason}\n\n{}\n", lines.join("\n"))
}

fn best(state: &State, id: &CandidateId) -> String {
    format!("Champion {}: {}", id.short(), score(state, &state.candidates[id]))
}
