//! Trials: one policy on one scenario with one seed.

use crate::batch::Batch;
use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::open::Store;
use crate::sizes::{ROWS, TRIAL, TRIALS, Weight};
use science::id::Hash;
use science::spec::Spec;
use science::trial::{self, Trial};
use science::yardsticks;
use std::ops::Range;

/// A trial and what it is a trial of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrialRow<'a> {
    /// A candidate's id, or the name of a yardstick: `baseline`, `reference` …
    pub policy: &'a str,
    /// The scenario, drawn workload or row of them, by its name in the table `scenarios`.
    pub scenario: &'a str,
    /// The position of the seed, from 0.
    pub seed: u32,
    /// What it yielded.
    pub trial: &'a Trial,
}

impl Store {
    /// The baseline's trials on the search panel, once it is sure that all yardsticks' trials are those whose hash their event
    /// holds: every candidate is paired with these.
    pub async fn baseline(
        &self,
        id: &CampaignId,
        hash: &Hash,
        (spec, twins): (&Spec, usize),
    ) -> Result<Vec<Trial>, StoreError> {
        let mut all = Vec::new();
        for policy in yardsticks::policies(spec, twins) {
            all.push(self.trials(id, &policy).await?);
        }
        match are(all.iter().flatten(), hash, spec) {
            // The baseline is the first of them.
            true => Ok(all.swap_remove(0)),
            // `calibrated` is the second event.
            false => Err(StoreError::DamagedTrials { campaign: id.clone(), policy: "the yardsticks".into(), seq: 1 }),
        }
    }

    /// The trials of a policy on the search panel, workload by workload in the campaign's order, seed by seed.
    pub async fn trials(&self, id: &CampaignId, policy: &str) -> Result<Vec<Trial>, StoreError> {
        self.measured(id, policy, None, 0..i64::MAX).await
    }

    /// The trials of a policy on some of the verdict seeds of an iteration, each workload by itself, seed by seed.
    pub(crate) async fn verdict_trials(
        &self,
        id: &CampaignId,
        policy: &str,
        iteration: i64,
        seeds: Range<i64>,
    ) -> Result<Vec<Trial>, StoreError> {
        self.measured(id, policy, Some(iteration), seeds).await
    }

    async fn measured(
        &self,
        id: &CampaignId,
        policy: &str,
        iteration: Option<i64>,
        seeds: Range<i64>,
    ) -> Result<Vec<Trial>, StoreError> {
        let rows = async {
            let mut snapshot = self.snapshot().await?;
            let weight = sqlx::query_as(
                "SELECT count(*) AS rows, coalesce(max(octet_length(trial)), 0) AS largest,
                        coalesce(sum(octet_length(trial)), 0) AS total
                 FROM measured WHERE campaign = ? AND policy = ?",
            );
            let weight: Weight = weight.bind(id.as_str()).bind(policy).fetch_one(&mut *snapshot).await?;
            weight.check(&self.path, "trials of a policy", TRIAL, TRIALS)?;
            let query = sqlx::query_as(
                "SELECT seq, CAST(trial AS BLOB) AS trial FROM measured
                 JOIN scenarios ON scenarios.campaign = measured.campaign AND scenarios.name = scenario
                 WHERE measured.campaign = ? AND policy = ? AND iteration IS ? AND seed >= ? AND seed < ?
                 ORDER BY scenarios.position, seed LIMIT ?",
            );
            let query =
                query.bind(id.as_str()).bind(policy).bind(iteration).bind(seeds.start).bind(seeds.end).bind(ROWS);
            Ok(query.fetch_all(&mut *snapshot).await?)
        };
        let rows: Vec<Row> = rows.await.map_err(|error: StoreError| error.at(&self.path))?;
        let read = |row: Row| {
            let (campaign, policy, seq) = (id.clone(), policy.to_owned(), row.seq.cast_unsigned());
            row.trial().ok_or(StoreError::DamagedTrials { campaign, policy, seq })
        };
        rows.into_iter().map(read).collect()
    }
}

/// Whether these are the trials with this hash, each with a value for every metric.
pub(crate) fn are<'a>(mut trials: impl Iterator<Item = &'a Trial> + Clone, hash: &Hash, spec: &Spec) -> bool {
    // A hash over all values does not say where a trial ends.
    trial::hash(trials.clone()) == *hash && trials.all(|trial| trial.values.len() == spec.metrics.len())
}

/// Writes the trials that came with an event: those of search seeds, or those of an iteration's verdict seeds.
pub(crate) fn put(batch: &mut Batch, id: &CampaignId, seq: i64, iteration: Option<i64>, trials: &[TrialRow<'_>]) {
    // SQLite takes 32,766 values in a statement.
    for trials in trials.chunks(4000) {
        batch.add_rows(
            "INSERT INTO measured (campaign, policy, scenario, seed, iteration, seq, trial)",
            7,
            trials.len(),
        );
        for TrialRow { policy, scenario, seed, trial } in trials {
            // JSON writes what is not finite as null, and all else so that it reads back to the bit.
            let trial = serde_json::to_string(trial).expect("numbers are JSON");
            batch.bind(id.as_str()).bind(policy).bind(scenario).bind(seed).bind(iteration).bind(seq).bind(trial);
        }
    }
}

/// A trial as stored, in bytes: a damaged one need not be text any more.
#[derive(sqlx::FromRow)]
struct Row {
    seq: i64,
    trial: Vec<u8>,
}

impl Row {
    /// None if it is no array of numbers.
    fn trial(&self) -> Option<Trial> {
        let values: Vec<Option<f64>> = serde_json::from_slice(&self.trial).ok()?;
        Some(Trial::of(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect()))
    }
}
