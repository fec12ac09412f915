//! Tables of policies and variants: what controls, and what was found, are worth on fresh workloads.
//!
//! It stands outside of any campaign. Workloads and draws follow from a nonce of its own and not from the variant, so that variants
//! that tell policies something else differ in that alone.

mod read;

pub use read::{CONTROLS, Control, VARIANTS, Variant, VariantFile, VariedObjective, controls, variants};

use crate::cores::on_all_cores;
use crate::error::EngineError;
use crate::evaluate::kind;
use crate::experiment::LoadedExperiment;
use crate::panel::{Draws, Panel, TRAINING};
use crate::policy::Policy;
use crate::prepared::Prepared;
use crate::scale::{Against, Settled};
use crate::yardsticks::{Measured, measure};
use sandbox::Sandbox;
use science::controls::{self as tables, Difference, Found, Row, Share, Standing, Table, Tables};
use science::nonce::Nonce;
use science::objective::{Scoring, Yardsticks};
use science::outcome::Outcome;
use science::scale::Guess;
use science::seal::TWINS;
use science::trial::Trial;

/// A policy that the tables are about.
#[derive(Debug)]
pub struct LookedAt {
    /// Its name.
    pub name: String,
    /// What it is.
    pub what: String,
    /// Its source.
    pub candidate: Prepared,
    /// Where a campaign has set its scale; otherwise that is done.
    pub scale: Option<f64>,
}

/// What is asked.
#[derive(Debug)]
pub struct Question<'a> {
    /// The experiment.
    pub loaded: &'a LoadedExperiment,
    /// What all workloads and draws follow from.
    pub nonce: Nonce,
    /// Workloads of each variant.
    pub workloads: usize,
    /// What the tables are about; may be nothing.
    pub looked_at: Vec<LookedAt>,
    /// What it is held beside.
    pub controls: Vec<Control>,
    /// Where, the population itself first.
    pub variants: Vec<Variant>,
}

/// Fewer workloads have no interval worth the name.
pub const FEWEST: usize = 8;
/// More of them, and their draws are no longer told from those of another.
pub const MOST: usize = 999;

/// Runs every policy on every variant; whoever wants to know how far it is hears a line now and then.
pub fn run(question: Question<'_>, sandbox: &Sandbox, said: &dyn Fn(&str)) -> Result<Tables, EngineError> {
    let Question { loaded, nonce, workloads, looked_at, controls, variants } = question;
    let own = looked_at.into_iter().map(|own| (own.name, own.what, Standing::LookedAt, own.candidate, own.scale));
    let theirs = controls
        .into_iter()
        .map(|control| (control.name, control.what, Standing::Control(control.kind), control.candidate, None));
    let sources: Vec<Source> = own.chain(theirs).collect();
    said(&format!("setting the scales of {} policies on {TRAINING} workloads", sources.len()));
    let setting = Setting::on(loaded, nonce, sandbox)?;
    let set = on_all_cores(&sources, |source| setting.set(source, false, sandbox))?;
    let mut ran: Vec<Ran> = Vec::new();
    for (at, variant) in variants.iter().enumerate() {
        said(&format!("{} of {}: {}, {workloads} workloads", at + 1, variants.len(), variant.about.name));
        // A yardstick is no policy that somebody runs as it was: it is set where it is one, and so is what stands beside it there.
        let own = match variant.about.yardstick {
            Some(_) => {
                let setting = Setting::on(&variant.loaded, nonce, sandbox)?;
                Some(on_all_cores(&sources, |source| setting.set(source, true, sandbox))?)
            }
            None => None,
        };
        ran.push(run_on(variant, own.as_deref().unwrap_or(&set), (nonce, workloads), sandbox)?);
    }
    let reference = tables::Policy {
        name: loaded.experiment.reference.clone(),
        standing: Standing::Reference,
        what: "the policy to beat".into(),
        outcome: Outcome::Scored,
        message: String::new(),
        scale: None,
    };
    let policies: Vec<tables::Policy> = [reference].into_iter().chain(set.into_iter().map(|set| set.policy)).collect();
    let compared: Vec<(Vec<Difference>, Vec<Share>)> =
        ran.iter().map(|own| (differences(&policies, own), shares(&policies, own, &ran))).collect();
    let table = |(ran, (differences, shares)): (Ran, (Vec<Difference>, Vec<Share>))| Table {
        variant: ran.variant,
        rows: ran.rows,
        differences,
        shares,
    };
    Ok(Tables {
        nonce: nonce.to_string(),
        workloads,
        fitted_on: TRAINING,
        bounds: tables::bounds(&loaded.experiment),
        guards: tables::guards(&loaded.experiment),
        variants: ran.into_iter().zip(compared).map(table).collect(),
        policies,
    })
}

/// Name, what it is, why it is here, source, and its scale where that is known.
type Source = (String, String, Standing, Prepared, Option<f64>);

/// A policy whose scale is set, if it ran.
struct Set {
    policy: tables::Policy,
    runs: Option<Policy>,
}

/// What scales are set on.
struct Setting {
    panel: Panel,
    against: Against,
}

impl Setting {
    fn on(loaded: &LoadedExperiment, nonce: Nonce, sandbox: &Sandbox) -> Result<Self, EngineError> {
        let panel = Panel::controls(loaded, nonce, true, TRAINING)?;
        let run = |key: &str, name: &str| panel.yardstick(loaded, key, name, sandbox);
        let baseline = run("baseline", &loaded.experiment.baseline)?;
        let reference = panel.measure(&run("reference", &loaded.experiment.reference)?, &baseline);
        let yardsticks = Yardsticks { drawn: panel.drawn, ..Yardsticks::new(reference, vec![], vec![], vec![]) };
        let against = Against::new(&panel, baseline, &yardsticks, &loaded.problem.spec().aim);
        Ok(Setting { panel, against })
    }

    /// Sets the scale of a policy, `anew` even if it is known. One that gains as much as the reference nowhere runs as its author left it:
    /// a rule that buys nothing at any price is to be seen all the same.
    fn set(&self, source: &Source, anew: bool, sandbox: &Sandbox) -> Result<Set, EngineError> {
        let (name, what, standing, candidate, known) = source;
        let (mut outcome, mut message, mut scale) = (Outcome::Scored, String::new(), *known);
        if known.is_none() || anew {
            let settled = match candidate.scalable(known.map(Guess::near), sandbox)? {
                Ok(policy) => self.against.set(&policy, (&self.panel, sandbox))?,
                Err(ended) => Err(ended),
            };
            match settled {
                Ok(Settled::At { scale: set, .. }) => scale = set,
                Ok(Settled::Nowhere { .. }) => outcome = Outcome::NoScale,
                Err(ended) => (outcome, message) = (kind(&ended), ended.to_string()),
            }
        }
        let runs = match outcome {
            Outcome::Scored | Outcome::NoScale => match candidate.policy(scale, sandbox)? {
                Ok(policy) => Some(policy),
                Err(ended) => {
                    (outcome, message) = (kind(&ended), ended.to_string());
                    None
                }
            },
            _ => None,
        };
        let (name, what, standing) = (name.clone(), what.clone(), *standing);
        Ok(Set { policy: tables::Policy { name, standing, what, outcome, message, scale }, runs })
    }
}

/// A variant on which everything has run.
struct Ran {
    variant: tables::Variant,
    rows: Vec<Row>,
    /// What the workloads are for whoever is told nothing more than the baseline looks at.
    baseline: Vec<Trial>,
    prices: Vec<f64>,
}

impl Ran {
    /// Whether these are the same workloads at the same prices, but for what policies are told.
    fn is_like(&self, other: &Ran) -> bool {
        self.baseline == other.baseline && self.prices == other.prices
    }

    fn found(&self, at: usize) -> Option<&Found> {
        self.rows[at].found.as_ref().filter(|found| !found.parts.is_empty())
    }
}

fn run_on(
    variant: &Variant,
    set: &[Set],
    (nonce, count): (Nonce, usize),
    sandbox: &Sandbox,
) -> Result<Ran, EngineError> {
    let loaded = &variant.loaded;
    let panel = Panel::controls(loaded, nonce, false, count)?;
    let Measured { yardsticks, trials } = measure(loaded, &panel, TWINS, sandbox)?;
    let baseline = trials.into_iter().next().map(|(_, trials)| trials).unwrap_or_default();
    let scoring = Scoring { yardsticks: &yardsticks, names: &[], spec: loaded.problem.spec() };
    let row = |ran: Result<Vec<Trial>, sandbox::Outcome>| match ran {
        Ok(trials) => {
            let own = panel.measure(&trials, &baseline);
            let found = tables::found(&own, &panel.names, scoring, &loaded.experiment);
            Row { outcome: Outcome::Scored, message: String::new(), found: Some(found) }
        }
        Err(ended) => Row { outcome: kind(&ended), message: ended.to_string(), found: None },
    };
    let found = tables::found(&yardsticks.reference, &panel.names, scoring, &loaded.experiment);
    let reference = Row { outcome: Outcome::Scored, message: String::new(), found: Some(found) };
    let others = on_all_cores(set, |set| match &set.runs {
        Some(policy) => Ok(row(panel.trials(policy, Draws::Shared, sandbox)?.map(|runs| runs.results))),
        None => Ok(Row { outcome: set.policy.outcome, message: set.policy.message.clone(), found: None }),
    })?;
    let prices = loaded.problem.spec().prices(&loaded.experiment.objective.prices);
    let rows = [reference].into_iter().chain(others).collect();
    Ok(Ran { variant: variant.about.clone(), rows, prices, baseline })
}

/// What each that is looked at is worth beyond each control that is there to be beaten.
fn differences(policies: &[tables::Policy], ran: &Ran) -> Vec<Difference> {
    let at = |is: fn(Standing) -> bool| (0..policies.len()).filter(move |at| is(policies[*at].standing));
    let beaten = |standing| matches!(standing, Standing::Control(tables::Kind::HandWritten | tables::Kind::Null));
    let pairs = at(|standing| standing == Standing::LookedAt).flat_map(|own| at(beaten).map(move |other| (own, other)));
    let difference = |(own, other): (usize, usize)| Difference {
        policy: policies[own].name.clone(),
        control: policies[other].name.clone(),
        worth: ran
            .found(own)
            .zip(ran.found(other))
            .and_then(|(own, other)| tables::difference(&own.parts, &other.parts)),
    };
    pairs.map(difference).collect()
}

/// What policies are worth here as a share of what a yardstick is worth on the same workloads: policies that are looked at, and
/// controls that know something.
fn shares(policies: &[tables::Policy], own: &Ran, all: &[Ran]) -> Vec<Share> {
    let yardsticks = all.iter().filter(|there| there.is_like(own)).filter_map(|there| {
        let named = there.variant.yardstick.as_ref()?;
        Some((there, policies.iter().position(|policy| policy.name == *named)?))
    });
    let counts = |policy: &tables::Policy| match policy.standing {
        Standing::Reference => false,
        Standing::LookedAt => true,
        Standing::Control(kind) => kind != tables::Kind::Gaming,
    };
    let of = |(there, yardstick): (&Ran, usize)| {
        let share = |at: usize| Share {
            policy: policies[at].name.clone(),
            variant: there.variant.name.clone(),
            share: own
                .found(at)
                .zip(there.found(yardstick))
                .and_then(|(own, whole)| tables::share(&own.parts, &whole.parts)),
        };
        (0..policies.len()).filter(|at| counts(&policies[*at])).map(share).collect::<Vec<_>>()
    };
    yardsticks.flat_map(of).collect()
}
