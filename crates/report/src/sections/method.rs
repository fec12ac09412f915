//! How a reader must take the figures, and how to see them again.

use crate::document::{Block, Fold, item};
use crate::facts::Facts;
use crate::words::{count, line, shell};

/// Caveats, then what reproduces the campaign.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let caveats = facts.caveats().into_iter().map(|caveat| item(0, caveat)).collect();
    let mut blocks = vec![Block::Heading("What these figures can bear".into()), Block::List(caveats)];
    blocks.extend(reproduce(facts));
    blocks
}

/// Nonce, toolchain, version, digest, commands.
fn reproduce(facts: &Facts<'_>) -> Vec<Block> {
    let (record, started) = (facts.record, facts.started);
    let terms = [
        format!("digest: {}", record.digest),
        format!("nonce: {}; agents: {}; {}", started.nonce, started.agents, facts.sandbox()),
        format!("toolchain: {}; elenchus: {}", started.toolchain, started.version),
        format!("baseline: {}; reference: {}", started.experiment.baseline, started.experiment.reference),
    ];
    let inputs = started.inputs.iter().map(|(path, hash)| item(0, format!("{path} {hash}"))).collect();
    let (directory, id, elenchus) = (shell(&line(record.directory)), shell(&line(record.id)), facts.elenchus());
    let agents = options(&started.agents);
    let unsafely = if started.sandboxed { "" } else { " --unsafe-no-sandbox" };
    let mut commands = format!(
        "{elenchus} run {directory} --nonce {} {agents} --iterations {}{unsafely}\n{elenchus} show {id} --format json   # its digest\n",
        started.nonce, started.experiment.iterations
    );
    if facts.spend.is_some() {
        commands += &format!(
            "{elenchus} cassette {id} --output tape.jsonl   # every reply; with them, the same digest again:\n\
             {elenchus} run {directory} --replay tape.jsonl{unsafely}\n"
        );
    }
    let note = "The same experiment, nonce, toolchain and observations give the same digest. A language model's replies are \
                observations: a new run asks for new ones, and its path may differ.";
    let summary = format!("{} of the experiment, by their hashes", count(started.inputs.len(), "file")).into();
    vec![
        Block::Heading("How to reproduce".into()),
        Block::List(terms.into_iter().map(|term| item(0, term)).collect()),
        Block::Text(note.into()),
        Block::Code { language: "sh", text: commands },
        Block::Fold(Fold { place: None, summary, blocks: vec![Block::List(inputs)] }),
    ]
}

/// The options that name the same agents again. A command is the user's own, and not on the record.
pub(crate) fn options(agents: &str) -> String {
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
