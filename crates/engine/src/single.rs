//! One candidate by itself, outside of any campaign, with a cache of what was measured before.
//!
//! What a source scores is a function of the source, the experiment, the seeds and this program; so is a cache key made of
//! these. Only scores are kept: an outcome that depends on the machine's mood is found anew each time.

use crate::Places;
use crate::error::EngineError;
use crate::evaluate::{Evaluation, Evaluator, Timing};
use crate::experiment::LoadedExperiment;
use crate::panel::Panel;
use crate::prepared::Prepared;
use crate::probe::Probe;
use crate::scale::Against;
use crate::yardsticks::{TWINS, measure};
use files::{MAX_TRACE_BYTES, read_text};
use science::id::Hash;
use science::nonce::Nonce;
use science::objective::{Measurement, Yardsticks};
use science::outcome::Outcome;
use science::trial::Trial;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// What is to be evaluated, and on what.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The candidate.
    pub candidate: &'a Prepared,
    /// The experiment.
    pub loaded: &'a LoadedExperiment,
    /// What the search seeds derive from: the same for two edits of a file, so that they compare.
    pub nonce: Nonce,
    /// Search seeds for each scenario.
    pub seeds: usize,
    /// What tells this build of the program from others: its results may differ from theirs.
    pub build: &'a str,
}

/// What was found.
#[derive(Debug)]
pub struct Answer {
    /// What became of the candidate.
    pub outcome: Outcome,
    /// What the screen, the compiler or the sandbox had to say.
    pub message: String,
    /// The value of its scale at which it gains as much as the reference does, if it has one.
    pub scale: Option<f64>,
    /// Its trials there against the baseline's.
    pub measurement: Option<Measurement>,
    /// What probing it found.
    pub probe: Option<Probe>,
    /// The yardsticks on the same panel.
    pub yardsticks: Yardsticks,
    /// Where the time went; all zero where the score was known already.
    pub timing: Timing,
    /// Whether the score was known already.
    pub cached: bool,
}

/// Evaluates a candidate, or recalls what it scored.
pub fn evaluate(places: &Places, question: Question<'_>) -> Result<Answer, EngineError> {
    let cache = Cache { directory: places.cache.join("scores") };
    let panel_key = question.panel_key(places);
    let score_key = Hash::of(format!("{panel_key}\n{}", question.candidate.source).as_bytes());
    let known: Option<(Yardsticks, Vec<Trial>)> = cache.get(&panel_key);
    let score: Option<(Option<f64>, Measurement, Probe)> = cache.get(&score_key);
    if let (Some((yardsticks, _)), Some((scale, measurement, probe))) = (&known, &score) {
        return Ok(Answer {
            outcome: Outcome::Scored,
            message: String::new(),
            scale: *scale,
            measurement: Some(measurement.clone()),
            probe: Some(probe.clone()),
            yardsticks: yardsticks.clone(),
            timing: Timing::default(),
            cached: true,
        });
    }
    let panel = Panel::search(question.loaded, question.nonce, question.seeds)?;
    let evaluator = Evaluator { sandbox: places.sandbox(*question.loaded.problem.kit())?, panel };
    let (yardsticks, baseline) = match known {
        Some(known) => known,
        None => {
            let measured = measure(question.loaded, &evaluator.panel, TWINS, &evaluator.sandbox)?;
            let baseline = measured.trials.into_iter().next().map(|(_, trials)| trials);
            let known = (measured.yardsticks, baseline.unwrap_or_default());
            cache.put(&panel_key, &known);
            known
        }
    };
    let against = Against::new(&evaluator.panel, baseline, &yardsticks, &question.loaded.problem.spec().aim);
    let Evaluation { outcome, message, scale, trials, probe, timing, part: _ } =
        evaluator.evaluate(question.candidate, &against, None)?;
    let measurement = (outcome == Outcome::Scored).then(|| evaluator.panel.measure(&trials, &against.baseline));
    if let (Some(measurement), Some(probe)) = (&measurement, &probe) {
        cache.put(&score_key, &(scale, measurement, probe));
    }
    Ok(Answer { outcome, message, scale, measurement, probe, yardsticks, timing, cached: false })
}

impl Question<'_> {
    /// Names the panel, the policies that it is measured with, and who measures.
    fn panel_key(&self, places: &Places) -> Hash {
        let Question { loaded, nonce, seeds, build, .. } = self;
        let compiler = std::fs::metadata(&places.rustc).and_then(|file| file.modified()).ok();
        let files: Vec<String> = loaded.hashes().iter().map(|(path, hash)| format!("{path} {hash}")).collect();
        let walls = places.walls;
        Hash::of(format!("{build}\n{compiler:?} {walls:?}\n{nonce} {seeds}\n{}", files.join("\n")).as_bytes())
    }
}

/// Results by key, one small file each; may be deleted at any time.
struct Cache {
    directory: PathBuf,
}

impl Cache {
    fn get<T: DeserializeOwned>(&self, key: &Hash) -> Option<T> {
        let text = read_text(&self.file(key), MAX_TRACE_BYTES).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// A cache that cannot be written costs time and nothing else.
    fn put(&self, key: &Hash, value: &impl Serialize) {
        if let Err(error) = self.try_put(key, value) {
            tracing::debug!(%error, "the result is not cached");
        }
    }

    fn try_put(&self, key: &Hash, value: &impl Serialize) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.directory)?;
        // Written beside and renamed: whoever reads meanwhile sees all of it or nothing.
        let beside = self.directory.join(format!("{key}.{}", std::process::id()));
        std::fs::write(&beside, serde_json::to_vec(value)?)?;
        std::fs::rename(&beside, self.file(key))
    }

    fn file(&self, key: &Hash) -> PathBuf {
        Path::new(&self.directory).join(format!("{key}.json"))
    }
}
