//! Where a candidate comes from: a file, or a campaign with what it found.

use super::screened;
use crate::commands::diff::named;
use crate::commands::report::read;
use crate::context::{Global, campaign};
use crate::failure::Failure;
use engine::science::descriptor::{Curve, Descriptor};
use engine::science::id::Hash;
use files::{MAX_TEXT_BYTES, read_text};
use problems::TARGETS;
use problems::shipping::Shipped;
use serde_json::{Value, json};
use std::path::Path;

/// A candidate with what is known of it.
pub(super) struct Origin {
    /// What it is a candidate of.
    pub(super) shipped: &'static Shipped,
    pub(super) source: String,
    /// Its name in messages.
    pub(super) file: String,
    /// The scale that the product has set.
    pub(super) set: Vec<(String, f64)>,
    pub(super) provenance: Value,
    /// What its campaign found; null of a file.
    pub(super) found: Value,
}

/// Rows of a measured curve in a README, at most.
const ROWS: usize = 12;

impl Origin {
    pub(super) async fn find(what: Option<&str>, global: &Global) -> Result<Origin, Failure> {
        match what.filter(|what| Path::new(what).extension().is_some_and(|extension| extension == "rs")) {
            Some(file) => Origin::of_file(file),
            None => Origin::of_campaign(what, global).await,
        }
    }

    fn of_file(file: &str) -> Result<Origin, Failure> {
        let source = read_text(Path::new(file), MAX_TEXT_BYTES)
            .map_err(|error| Failure::usage(format!("cannot read {file}: {error}")))?;
        // One that implements no trait that is known is told what the first problem wants.
        let shipped = shipped(|own| own.is_of(&source)).unwrap_or(TARGETS[0].of);
        screened(&source, file, shipped)?;
        let provenance =
            json!({ "elenchus": env!("CARGO_PKG_VERSION"), "source": Hash::of(source.as_bytes()).as_str() });
        Ok(Origin { shipped, source, file: file.to_owned(), set: vec![], provenance, found: Value::Null })
    }

    async fn of_campaign(what: Option<&str>, global: &Global) -> Result<Origin, Failure> {
        let store = global.store().await?;
        let (id, wanted) = match what {
            Some(prefix) => named(&store, prefix, None).await?,
            None => (campaign(&store, None).await?, None),
        };
        let loaded = read(&store, &id).await?;
        let record = loaded.record();
        let champion = record.state.champion().map(|champion| champion.id.clone());
        let Some((candidate, own)) = wanted
            .as_ref()
            .or(champion.as_ref())
            .and_then(|candidate| Some((candidate, record.state.candidates.get(candidate)?)))
        else {
            return Err(Failure::failed(format!("campaign {} has no admissible candidate yet", id.short())));
        };
        let is_champion = Some(candidate) == champion.as_ref();
        let source = store.source(&id, &own.candidate).await?.unwrap_or_default();
        let started = record.state.started.as_ref();
        let problem = started.map_or("", |started| started.spec.problem.as_str());
        let Some(shipped) = shipped(|own| own.problem == problem) else {
            return Err(Failure::failed(format!("candidates of `{problem}` cannot be translated: it names no target")));
        };
        let file = if is_champion { "the champion".to_owned() } else { format!("candidate {}", candidate.short()) };
        screened(&source, &file, shipped)?;
        let said = report::json::report(&record);
        let set = own.scale.map(|scale| ("scale".to_owned(), scale));
        // What a report says on its first page it says of the champion.
        let headline = json!({ "answer": said["page"]["answer"], "verdict": said["page"]["verdict"], "figures": said["page"]["figures"] });
        let provenance = json!({
            "elenchus": env!("CARGO_PKG_VERSION"),
            "source": Hash::of(source.as_bytes()).as_str(),
            "campaign": id.as_str(),
            "experiment": said["experiment"],
            "agents": said["agents"],
            "iteration": own.iteration,
            "arm": own.arm,
            "candidate": candidate.as_str(),
            "digest": record.digest,
            "nonce": said["reproduce"]["nonce"],
            "toolchain": said["reproduce"]["toolchain"],
            // The simulator is a part of the program that ran the campaign; `measured` is the hash of what it was given.
            "simulator": said["reproduce"]["version"],
            "measured": started.map(|started| started.meaning.as_str()),
            "inputs": said["reproduce"]["inputs"],
            "headline": if is_champion { headline } else { Value::Null },
            "score": if is_champion { said["champion"]["score"].clone() } else { json!(own.score) },
        });
        let found = if is_champion { found(&said, id.short(), own.descriptor.as_ref()) } else { Value::Null };
        Ok(Origin { shipped, source, file, set: set.into_iter().collect(), provenance, found })
    }
}

/// What is known of candidates that are these.
fn shipped(wanted: impl Fn(&Shipped) -> bool) -> Option<&'static Shipped> {
    TARGETS.into_iter().map(|target| target.of).find(|own| wanted(own))
}

/// What a README tells of a campaign.
fn found(said: &Value, campaign: &str, descriptor: Option<&Descriptor>) -> Value {
    let page = &said["page"];
    let curve: Vec<Value> = descriptor.map_or_else(Vec::new, |own| thinned(&own.curve));
    let short = |id: &Value| id.as_str().unwrap_or_default().chars().take(12).collect::<String>();
    json!({
        "question": page["question"].as_str().unwrap_or_default().trim(),
        "verdict": page["verdict"],
        "figures": page["figures"],
        "costs": page["costs"],
        "warnings": page["warnings"],
        "campaign": campaign,
        "iteration": said["champion"]["iteration"],
        "candidate": short(&said["champion"]["candidate"]),
        "input": descriptor.map(|own| own.curve.input.replace('_', " ")),
        "curve": curve,
    })
}

/// The part of a curve in which it changes, in a few rows.
fn thinned(curve: &Curve) -> Vec<Value> {
    let points = &curve.points;
    let changing = |at: usize| at + 1 >= points.len() || points[at + 1].1 != points[at].1;
    let from = (0..points.len()).find(|at| changing(*at)).unwrap_or(0);
    let to = (1..points.len()).rev().find(|at| points[*at].1 != points[at - 1].1).unwrap_or(from);
    let count = (to - from).min(ROWS - 1);
    (0..=count)
        .map(|row| points[from + row * (to - from) / count.max(1)])
        .map(|(at, share)| json!({ "at": format!("{at:.3}"), "share": format!("{:.1} %", 100.0 * share) }))
        .collect()
}
