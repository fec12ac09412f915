//! What the campaign is, what it found, how to run it again.

use super::{Detail, first_words};
use crate::document::{Block, Line, Section, Tone, item};
use crate::effort::effort;
use crate::facts::{Facts, phase};
use crate::spend::attempts;
use crate::words::{count, left, line, moment, percent, shell};

/// The question, the terms, the answer, and how to take it.
pub(super) fn overview(facts: &Facts<'_>) -> Section {
    let mut terms = headline(facts);
    terms.push(Line::from(format!(
        "Opened {}, last event {}.",
        moment(facts.record.times.created_ms),
        moment(facts.record.times.last_ms)
    )));
    terms.push(effort(facts.record.state).sentence().into());
    let mut blocks = vec![Block::Text(Line::default().tone(Tone::Strong, facts.started.experiment.question.as_str()))];
    blocks.push(Block::List(terms.into_iter().map(|term| item(0, term)).collect()));
    blocks.push(Block::Text(facts.paragraph().into()));
    let extremes = facts.yardsticks.iter().flat_map(|yardsticks| &yardsticks.extremes);
    blocks.extend(extremes.map(|extreme| Block::Text(extreme.sentence(facts.terms()).into())));
    blocks.push(Block::Heading("What these figures can bear".into()));
    blocks.push(Block::List(facts.caveats().into_iter().map(|caveat| item(0, caveat)).collect()));
    Section { title: "What was found", blocks }
}

/// Campaign, agents, iterations, evaluations, walls.
pub(crate) fn headline(facts: &Facts<'_>) -> Vec<Line> {
    let (started, state) = (facts.started, facts.record.state);
    let ended = state.ended.as_ref().map_or_else(|| "not ended".into(), ToString::to_string);
    let (hypotheses, repairs) = attempts(state);
    let hypotheses = match facts.spend {
        // Nobody mends what the built-in executor wrote.
        None => String::new(),
        Some(_) => format!("{}, {}, ", counted(hypotheses, "hypothesis", "hypotheses"), count(repairs, "repair")),
    };
    let progress = Line::from(format!(
        "{} of {}, {hypotheses}{} of {}, {}; ",
        facts.closed(),
        count(started.experiment.iterations as usize, "iteration"),
        count(state.evaluations as usize, "evaluation"),
        count(state.order.len(), "candidate"),
        ended,
    ));
    let walls = if started.sandboxed { Tone::Plain } else { Tone::Bad };
    vec![
        Line::from(format!("Campaign {} of {}, agents {}.", facts.record.id, started.name, started.agents)),
        progress.tone(walls, facts.sandbox()).say("."),
    ]
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Where it stands, in a few lines.
pub(crate) fn standing_lines(facts: &Facts<'_>) -> Vec<Line> {
    let state = facts.record.state;
    let mut lines = headline(facts);
    let now = match &state.ended {
        Some(reason) => format!("Ended: {reason}."),
        None => format!("Iteration {}: {}.", state.iteration_number(), phase(state)),
    };
    lines.push(now.into());
    lines.push(match facts.champion() {
        Some(best) => {
            let terms = facts.terms();
            let worth = format!("{} {}", terms.worth(), terms.worth_of(best.score.worth, best.score.worth_ci));
            let gain = format!("{} {}", terms.gain(), percent(best.score.improvement));
            let cost = terms.cost().map(|cost| format!("{cost} {}", percent(best.score.cost)));
            let said = [Some(worth), Some(gain), cost].into_iter().flatten().collect::<Vec<_>>().join(", ");
            Line::from(if state.ended.is_some() { "Champion: " } else { "Best so far: " })
                .tone(Tone::Strong, best.id.short())
                .say(format!(", {said} (search seeds only)."))
        }
        None => facts.paragraph().into(),
    });
    let look = facts.record.looks.first();
    lines
        .extend(look.into_iter().flat_map(|look| first_words(look, facts.record.looks, facts.terms())).map(Line::from));
    let principles = &facts.principles;
    let left = left(principles.volume, principles.false_exclusion, Some(principles.audited_points));
    lines.push(format!("Left: {left}.").into());
    lines.push(effort(state).sentence().into());
    lines.extend(facts.spend.as_ref().map(|spend| spend.sentence().into()));
    lines.push(match &state.ended {
        Some(_) => format!("Read it with: elenchus report {}", shell(facts.record.id)).into(),
        None => format!("Go on with: elenchus resume {}", shell(facts.record.id)).into(),
    });
    lines
}

/// Nonce, toolchain, version, digest, commands.
pub(super) fn reproduce(facts: &Facts<'_>, detail: Detail) -> Section {
    let (record, started) = (facts.record, facts.started);
    let terms = [
        format!("nonce: {}", started.nonce),
        format!("agents: {}", started.agents),
        format!("toolchain: {}", started.toolchain),
        format!("elenchus: {}", started.version),
        format!("digest: {}", record.digest),
        facts.sandbox().to_owned(),
    ];
    let mut items: Vec<_> = terms.into_iter().map(|term| item(0, term)).collect();
    if detail == Detail::Complete {
        items.push(item(0, format!("inputs: {}", count(started.inputs.len(), "file"))));
        items.extend(started.inputs.iter().map(|(path, hash)| item(1, format!("{path} {hash}"))));
    }
    let (directory, id) = (shell(&line(record.directory)), shell(&line(record.id)));
    let agents = options(&started.agents);
    let unsafely = if started.sandboxed { "" } else { " --unsafe-no-sandbox" };
    let commands = format!(
        "elenchus run {directory} --nonce {} {agents} --iterations {}{unsafely}\nelenchus show {id} --format json   # its digest\n\
         elenchus champion {id} > champion.rs\n\
         elenchus evaluate champion.rs --experiment {directory}\n",
        started.nonce, started.experiment.iterations
    );
    let note = "The same experiment, nonce, toolchain and observations give the same digest. A language model's replies are \
                observations: a new run asks for new ones, and its path may differ.";
    let commands = match facts.spend {
        None => commands,
        Some(_) => format!(
            "{commands}elenchus cassette {id} --output tape.jsonl   # every reply; with them, the same digest again:\n\
             elenchus run {directory} --replay tape.jsonl{unsafely}\n"
        ),
    };
    let blocks = vec![Block::List(items), Block::Text(note.into()), Block::Code { language: "sh", text: commands }];
    Section { title: "How to reproduce", blocks }
}

/// The options that name the same agents again. A command is the user's own, and not on the record.
fn options(agents: &str) -> String {
    if let Some(model) = agents.strip_prefix("openai:") {
        return format!("--agents openai --model {}", shell(&line(model)));
    }
    if !agents.contains('=') {
        return format!("--agents {}", shell(&line(agents)));
    }
    let role = |role: &str| match role.split_once('=') {
        Some((_, "builtin")) | None => String::new(),
        Some((_, command @ ("planner-command" | "executor-command"))) => format!(" --{command} COMMAND"),
        Some((role, name)) => format!(" --{} {}", line(role), shell(&line(name))),
    };
    agents.split(' ').map(role).collect::<String>().trim().to_owned()
}
