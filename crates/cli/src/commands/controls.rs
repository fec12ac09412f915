//! `elenchus controls`

use crate::context::{Format, Global, campaign, random_nonce};
use crate::failure::{Code, Failure};
use crate::output;
use engine::controls::{CONTROLS, FEWEST, LookedAt, MOST, Question, VARIANTS, Variant, controls, variants};
use engine::science::id::CandidateId;
use engine::science::nonce::Nonce;
use engine::science::text::clip;
use engine::{LoadedExperiment, Prepared};
use files::{MAX_TEXT_BYTES, read_text};
use std::path::{Path, PathBuf};
use std::time::Instant;
use store::{CampaignId, Store};

/// Hold policies beside nulls, attempts at gaming the objective and hand-written rules, on variants of the population.
///
/// The controls are the sources in `controls/` of the experiment, the variants the files in `variants/`; what may stand there
/// says `elenchus schema variant`. Each policy's scale is set once, on 64 workloads of the population; on every variant it then runs as
/// it is. Exit 1 if a null or gaming control is admissible and surely worth something, or if what is looked at loses more against the
/// baseline than the bound on `loss` says in a workload of a stress variant.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What is looked at: files of candidate source, or candidates of the campaign by the beginning of their id; if left out, the
    /// campaign's champion, where there is one
    policies: Vec<String>,
    /// The experiment's directory
    #[arg(long, value_name = "DIR", default_value = "experiments/admission")]
    experiment: PathBuf,
    /// The campaign whose candidates are meant, by the beginning of its id; the latest if left out
    #[arg(long, value_name = "ID")]
    campaign: Option<String>,
    /// This variant alone; may be given several times. `population` is the population as it is
    #[arg(long = "variant", value_name = "NAME")]
    only: Vec<String>,
    /// Workloads that are drawn for each variant
    #[arg(long, value_name = "N", default_value_t = 96, value_parser = workloads)]
    workloads: usize,
    /// What workloads and draws derive from, 1 to 32 hexadecimal digits; random if left out
    #[arg(long, value_name = "HEX")]
    nonce: Option<Nonce>,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

fn workloads(text: &str) -> Result<usize, String> {
    let workloads = text.parse().ok().filter(|workloads| (FEWEST..=MOST).contains(workloads));
    workloads.ok_or_else(|| format!("a whole number from {FEWEST} to {MOST}"))
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<Code, Failure> {
    let places = global.places()?;
    let loaded = LoadedExperiment::read(&args.experiment, &places.problems)?;
    let kit = *loaded.problem.kit();
    let controls = controls(&args.experiment, &kit)?;
    let variants = chosen(variants(&loaded, &controls)?, &args.only)?;
    let looked_at = looked_at(&args, global, &loaded).await?;
    let sandbox = places.sandbox(kit)?;
    let nonce = args.nonce.map_or_else(random_nonce, Ok)?;
    let since = Instant::now();
    let said = |line: &str| output::note(format!("[{:7.1} s] {line}", since.elapsed().as_secs_f64()));
    if looked_at.is_empty() {
        output::note("no campaign has a champion here, and no policy is named: the controls stand by themselves");
    }
    let spec = loaded.problem.spec().clone();
    let ask = || {
        let question = Question { loaded: &loaded, nonce, workloads: args.workloads, looked_at, controls, variants };
        engine::controls::run(question, &sandbox, &said)
    };
    let found = tokio::task::block_in_place(ask)?;
    match args.format {
        Format::Text => output::laid_out(&report::terminal::controls(&found, &spec))?,
        Format::Json => output::json(report::json::controls(&found))?,
    }
    Ok(if found.failures().is_empty() { Code::Done } else { Code::Failed })
}

/// The variants of these names, in the order of the experiment; all where none is named.
pub(super) fn chosen(variants: Vec<Variant>, only: &[String]) -> Result<Vec<Variant>, Failure> {
    if let Some(unknown) = only.iter().find(|name| variants.iter().all(|variant| variant.about.name != **name)) {
        let names: Vec<&str> = variants.iter().map(|variant| variant.about.name.as_str()).collect();
        let (asked, known) = (clip(unknown, 60), names.join(", "));
        return Err(Failure::usage(format!("no variant is called `{asked}` in {VARIANTS}/; there are {known}")));
    }
    Ok(variants.into_iter().filter(|own| only.is_empty() || only.contains(&own.about.name)).collect())
}

/// What the tables are about.
async fn looked_at(args: &Args, global: &Global, loaded: &LoadedExperiment) -> Result<Vec<LookedAt>, Failure> {
    if args.policies.is_empty() && args.campaign.is_none() && !global.database().exists() {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    let mut store = None;
    if args.policies.is_empty() {
        let store = global.store().await?;
        let id = campaign(&store, args.campaign.as_deref()).await?;
        let state = store.load(&id).await?.state;
        if let Some(champion) = state.champion() {
            all.push(recorded((&store, &id), &champion.id, "champion", loaded).await?);
        }
    }
    for named in &args.policies {
        if named.ends_with(".rs") {
            all.push(written(Path::new(named), loaded)?);
            continue;
        }
        if store.is_none() {
            let open = global.store().await?;
            let id = campaign(&open, args.campaign.as_deref()).await?;
            store = Some((open, id));
        }
        let (store, id) = store.as_ref().expect("it was just opened");
        let candidate = found(store, id, named).await?;
        all.push(recorded((store, id), &candidate, candidate.short(), loaded).await?);
    }
    Ok(all)
}

/// A policy in a file.
fn written(file: &Path, loaded: &LoadedExperiment) -> Result<LookedAt, Failure> {
    let source = read_text(file, MAX_TEXT_BYTES).map_err(|error| {
        Failure::usage(format!(
            "cannot read {}: {error}; controls of the experiment lie in {CONTROLS}/",
            file.display()
        ))
    })?;
    let name = file.file_stem().map_or_else(|| "file".into(), |stem| clip(&stem.to_string_lossy(), 24));
    let what = file.display().to_string();
    Ok(LookedAt { name, what, candidate: Prepared::new(source, loaded.problem.kit()), scale: None })
}

/// The candidate whose id begins so.
async fn found(store: &Store, id: &CampaignId, prefix: &str) -> Result<CandidateId, Failure> {
    let state = store.load(id).await?.state;
    let alike: Vec<&CandidateId> = state.order.iter().filter(|own| own.as_str().starts_with(prefix)).collect();
    match alike.as_slice() {
        [one] => Ok((*one).clone()),
        _ => {
            let (asked, count) = (clip(prefix, 60), alike.len());
            let problem =
                format!("{count} candidates of campaign {} have an id that begins with `{asked}`", id.short());
            Err(Failure::usage(format!("{problem}; `elenchus show` lists them, and a file's name ends in .rs")))
        }
    }
}

/// A candidate of a campaign, with its scale.
async fn recorded(
    (store, id): (&Store, &CampaignId),
    candidate: &CandidateId,
    name: &str,
    loaded: &LoadedExperiment,
) -> Result<LookedAt, Failure> {
    let state = store.load(id).await?.state;
    let record = &state.candidates[candidate];
    let prepared = Prepared::recorded((store, id), &record.candidate, loaded.problem.kit()).await?;
    let what = format!("candidate {} of campaign {}", candidate.short(), id.short());
    Ok(LookedAt { name: name.into(), what, candidate: prepared, scale: record.scale })
}
