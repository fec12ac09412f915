//! The first page: what anybody wants to know in ten seconds, the same in every format.

mod costs;
mod doubts;
mod figures;
mod tried;

pub(crate) use tried::{Tried, arms, mark};

use crate::facts::{Facts, NOT_SANDBOXED};
use crate::formula::gist;
use crate::sections;
use crate::spend::attempts;
use crate::standing::{Found, Standing};
use crate::terms::Terms;
use crate::words::{count, line, moment, shell};
use science::champion;
use science::event::EndReason;
use science::objective::Score;
use science::seal::{self, Estimate, Look, Test};
use science::state::State;
use science::stats::rounded;
use serde::Serialize;

/// The answer of a campaign, from its question to the commands that bear it out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Page {
    /// What the experiment asks.
    pub(crate) question: String,
    /// How the question stands.
    pub(crate) answer: Answer,
    /// At most three sentences: the claim, its size with its interval, and what that is in an operator's words.
    pub(crate) verdict: Vec<String>,
    /// What the champion does, in one line; none where its source says more.
    pub(crate) rule: Option<String>,
    /// The figures that carry it.
    pub(crate) figures: Vec<Figure>,
    /// What it costs, whom, and where it loses.
    pub(crate) costs: Vec<String>,
    /// What would take the claim back.
    pub(crate) doubts: Vec<String>,
    /// What a reader has to know before any figure.
    pub(crate) warnings: Vec<String>,
    /// Every arm, a line each.
    pub(crate) tried: Vec<Tried>,
    /// How to see it again, and how to use it.
    pub(crate) commands: Vec<Command>,
}

/// A figure that stands by itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Figure {
    /// What it is.
    pub(crate) name: String,
    /// The figure.
    pub(crate) value: String,
    /// Its interval, or what it stands beside.
    pub(crate) interval: Option<String>,
}

/// How the question of an experiment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// The champion beats the reference under the seal.
    Beats,
    /// It does not.
    Fails,
    /// There is a champion, and no look under the seal.
    Unsealed,
    /// There is no champion.
    NoChampion,
}

/// Something to type next.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Command {
    /// What it is for, in a few words.
    pub(crate) purpose: &'static str,
    /// The command.
    pub(crate) command: String,
}

impl Answer {
    /// How the question stands of a campaign with these looks at its champion, if it has one.
    fn of(has_champion: bool, looks: &[Look]) -> Self {
        match looks.first() {
            _ if !has_champion => Answer::NoChampion,
            None => Answer::Unsealed,
            Some(look) if seal::beats(look, looks) => Answer::Beats,
            Some(_) => Answer::Fails,
        }
    }

    /// The answer in one or two words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Answer::Beats => "BEATS THE REFERENCE",
            Answer::Fails => "DOES NOT BEAT THE REFERENCE",
            Answer::Unsealed => "NOT SEALED",
            Answer::NoChampion => "NO CHAMPION",
        }
    }
}

/// What came of a campaign that has ended, in a few words for a list; nothing while it runs.
pub(crate) fn outcome(state: &State, looks: &[Look]) -> &'static str {
    match Answer::of(state.champion().is_some(), looks) {
        _ if state.ended.is_none() => "",
        Answer::Beats => "beats the reference",
        Answer::Fails => "does not beat it",
        Answer::Unsealed => "not sealed",
        Answer::NoChampion => "no champion",
    }
}

/// What stands over the costs; a problem in which nothing is paid has none.
pub(crate) fn costs_title(terms: Terms<'_>) -> &'static str {
    if terms.cost().is_some() {
        "What it costs, whom, and where it loses"
    } else {
        "Where it loses, and what there is to maintain"
    }
}

/// What stands over the doubts.
pub(crate) fn doubts_title(answer: Answer) -> &'static str {
    match answer {
        Answer::Fails => "What would change this answer",
        Answer::Beats | Answer::Unsealed | Answer::NoChampion => "What would refute it",
    }
}

/// The first page of a campaign.
pub(crate) fn page(facts: &Facts<'_>) -> Page {
    Page {
        question: facts.started.experiment.question.clone(),
        answer: answer(facts),
        verdict: verdict(facts),
        rule: rule(facts),
        figures: figures::figures(facts),
        costs: costs::costs(facts),
        doubts: doubts::doubts(facts),
        warnings: warnings(facts),
        tried: tried::tried(facts.record.state),
        commands: commands(facts),
    }
}

/// How its question stands.
pub(crate) fn answer(facts: &Facts<'_>) -> Answer {
    Answer::of(facts.champion().is_some(), facts.record.looks)
}

fn verdict(facts: &Facts<'_>) -> Vec<String> {
    let (looks, terms) = (facts.record.looks, facts.terms());
    let (Some(look), Found::Champion { standing, .. }) = (looks.first(), &facts.found) else {
        // The rest of them stands among the figures and the costs.
        return facts
            .sentences()
            .into_iter()
            .take(if facts.champion().is_some() { 2 } else { 3 })
            .chain(unsealed(facts))
            .collect();
    };
    let claim = failed(look, facts).unwrap_or_else(|| sections::verdict(look, looks).to_owned());
    let who = format!("The champion, {},", who(facts, standing));
    let said =
        [Some(claim.replacen("The champion", &who, 1)), Some(size(look, looks, terms)), sections::plainly(look, terms)];
    said.into_iter().flatten().collect()
}

/// A candidate and where it comes from.
pub(crate) fn who(facts: &Facts<'_>, standing: &Standing<'_>) -> String {
    match facts.record.state.simplified(standing.id) {
        Some(of) => format!("{} ({} made simpler)", standing.id.short(), of.short()),
        None => format!("{} of iteration {}", standing.id.short(), standing.iteration),
    }
}

/// Each requirement that a look fails, with what was found where a guard says so.
pub(crate) fn missed(look: &Look, facts: &Facts<'_>) -> Vec<String> {
    let (terms, experiment) = (facts.terms(), facts.started.experiment.elsewhere());
    let margins = |score: &Score| champion::margins(score, 0, (&experiment, terms.0));
    let (own, reference) = (margins(&look.score), margins(&look.reference));
    let named = |test: &Test| {
        let guard = own.iter().zip(&reference).find(|(own, _)| own.requirement == test.requirement && !own.holds());
        let said = guard.map_or_else(
            || test.requirement.clone(),
            |(own, reference)| match reference.holds() {
                true => format!("{}; the reference keeps it", own.found),
                false => format!("{}; the reference does not keep it either", own.found),
            },
        );
        terms.spoken(&said)
    };
    look.failed().map(named).collect()
}

/// That requirements are not kept; none where a look keeps all.
fn failed(look: &Look, facts: &Facts<'_>) -> Option<String> {
    let failed = missed(look, facts);
    let fail = if failed.len() == 1 { "requirements is" } else { "requirements are" };
    (!failed.is_empty()).then(|| {
        let of = look.tests.len();
        format!(
            "The champion does NOT beat the reference: {} of {of} {fail} not kept ({}).",
            failed.len(),
            failed.join("; ")
        )
    })
}

/// What the champion does, in one line.
fn rule(facts: &Facts<'_>) -> Option<String> {
    let champion = facts.champion()?;
    let scale = facts.record.state.candidates.get(champion.id).and_then(|record| record.scale);
    let scale = scale.map_or_else(String::new, |scale| format!("; its scale is {}", rounded(scale, 4)));
    Some(gist(facts.record.source(champion.id)?)? + &scale)
}

/// That nothing is claimed of a champion which nobody looked at under the seal.
fn unsealed(facts: &Facts<'_>) -> Option<String> {
    facts.champion().map(|_| "It was not looked at under the seal: of fresh workloads nothing is claimed.".into())
}

/// What it is worth under the seal: where nobody chose the workloads, then on the study.
fn size(look: &Look, looks: &[Look], terms: Terms<'_>) -> String {
    let of = |estimate: &Estimate| terms.worth_of(estimate.value, estimate.interval);
    let worth = terms.worth();
    let all = seal::pooled(looks)
        .map_or_else(String::new, |all| format!("; all {} looks together: {}", looks.len(), of(&all)));
    let meaning = &terms.0.aim.worth_name().meaning;
    match look.drawn {
        0 => format!("Under the seal: {worth} {} on fresh seeds of the study{all} ({meaning}).", of(&look.study)),
        drawn => format!(
            "Under the seal: {worth} {} on {drawn} fresh workloads that nobody had seen, {} on the study{all} ({meaning}).",
            of(&look.worth),
            of(&look.study)
        ),
    }
}

fn warnings(facts: &Facts<'_>) -> Vec<String> {
    let started = facts.started;
    let given = facts.record.taken.given == Some(true) && !facts.record.looks.is_empty();
    let warnings = [
        (!started.sandboxed).then(|| {
            format!("{NOT_SANDBOXED}: candidates ran without walls and could have done anything to this record.")
        }),
        facts.record.state.ended.is_none().then(|| open(facts)),
        facts
            .record
            .state
            .ended
            .as_ref()
            .filter(|reason| **reason != EndReason::Completed)
            .map(|reason| format!("It ended early: {reason}.")),
        given.then(|| "The nonce was given, so it may have been chosen; a nonce drawn at random cannot be.".into()),
        facts.traces(),
    ];
    warnings.into_iter().flatten().collect()
}

/// That a campaign has not ended, and whether anybody is at work on it.
pub(crate) fn open(facts: &Facts<'_>) -> String {
    let now = match facts.record.running {
        true => "a process is at work on it".into(),
        false => format!("no process has been at work on it since {}", moment(facts.record.times.last_ms)),
    };
    format!("The campaign has not ended, and {now}; all of this may change.")
}

fn commands(facts: &Facts<'_>) -> Vec<Command> {
    let (record, started) = (facts.record, facts.started);
    let (directory, id) =
        (shell(&line(record.directory)), shell(&line(&record.id.chars().take(8).collect::<String>())));
    let elenchus = facts.elenchus();
    let command = |purpose, command: String| Command { purpose, command };
    if started_only(facts) {
        return vec![command("go on", format!("{elenchus} resume {id}")), command("read all", full(facts, &id))];
    }
    let unsafely = if started.sandboxed { "" } else { " --unsafe-no-sandbox" };
    let again = format!(
        "{elenchus} run {directory} --nonce {} {}{unsafely}",
        short(&started.nonce.to_string()),
        sections::options(&started.agents)
    );
    let mut commands = Vec::new();
    if facts.champion().is_some() {
        commands.push(command("check the seal", format!("{elenchus} verify {id}")));
        commands.push(command("take it", format!("{elenchus} champion {id} > champion.rs")));
        let ship = format!("{elenchus} translate {id} --name my-policy --out my-policy");
        let why = if answer(facts) == Answer::Beats { "ship it" } else { "try it in shadow mode" };
        commands.extend(record.translates.then(|| command(why, ship)));
        commands.push(command("on your own", format!("{elenchus} evaluate champion.rs --experiment {directory}")));
    }
    commands.push(command("run it again", again));
    commands.push(command("read all", full(facts, &id)));
    commands.push(command("read all, here", format!("{elenchus} report {id} --full")));
    commands
}

/// A nonce without the zeros that it begins with.
fn short(nonce: &str) -> &str {
    let digits = nonce.trim_start_matches('0');
    if digits.is_empty() { "0" } else { digits }
}

fn started_only(facts: &Facts<'_>) -> bool {
    facts.record.state.ended.is_none()
}

fn full(facts: &Facts<'_>, id: &str) -> String {
    format!("{} report {id} --format html --out report.html", facts.elenchus())
}

/// How much ran for it.
pub(crate) fn effort(facts: &Facts<'_>) -> String {
    let state = facts.record.state;
    let (hypotheses, repairs) = attempts(state);
    let mut said = vec![
        format!("{} of {}", facts.closed(), count(facts.started.experiment.iterations as usize, "iteration")),
        if hypotheses == 1 { "1 hypothesis".into() } else { format!("{hypotheses} hypotheses") },
    ];
    // Nobody mends what the built-in executor wrote.
    if let Some(spend) = &facts.spend {
        said.extend([count(repairs, "repair"), count(spend.calls as usize, "model call")]);
    }
    said.extend([count(state.order.len(), "candidate"), count(state.evaluations as usize, "evaluation")]);
    said.join(", ")
}
