//! Trials: one policy on one scenario with one seed.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::open::Store;
use crate::script::Script;
use crate::sizes::ROWS;
use science::id::Hash;
use science::trial::{self, Trial};
use science::yardsticks::POLICIES;
use std::ops::Range;

/// A trial and what it is a trial of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrialRow<'a> {
    /// A candidate's id, or the name of a yardstick: `baseline`, `reference` …
    pub policy: &'a str,
    /// The scenario, by its name in the `started` event.
    pub scenario: &'a str,
    /// The position of the seed, from 0.
    pub seed: u32,
    /// What it yielded.
    pub trial: Trial,
}

impl Store {
    /// The baseline's trials on the search panel, once it is sure that all yardsticks' trials are those whose hash their event
    /// holds: every candidate is paired with these.
    pub async fn baseline(&self, id: &CampaignId, hash: &Hash) -> Result<Vec<Trial>, StoreError> {
        let (mut all, mut baseline) = (Vec::new(), Vec::new());
        for policy in POLICIES {
            let trials = self.trials(id, policy).await?;
            all.extend(&trials);
            if policy == POLICIES[0] {
                baseline = trials;
            }
        }
        match trial::hash(&all) == *hash {
            true => Ok(baseline),
            // `calibrated` is the second event.
            false => Err(StoreError::DamagedTrials { campaign: id.clone(), policy: "the yardsticks".into(), seq: 1 }),
        }
    }

    /// The trials of a policy on the search panel, workload by workload in the campaign's order, seed by seed.
    pub async fn trials(&self, id: &CampaignId, policy: &str) -> Result<Vec<Trial>, StoreError> {
        let query = sqlx::query_as(
            "SELECT trials.* FROM trials
             JOIN scenarios ON scenarios.campaign = trials.campaign AND scenarios.name = trials.scenario
             WHERE trials.campaign = ? AND policy = ? ORDER BY scenarios.position, seed LIMIT ?",
        );
        let rows = async {
            Ok(query.bind(id.as_str()).bind(policy).bind(ROWS).fetch_all(&mut *self.connection().await?).await?)
        };
        let rows: Vec<Row> = rows.await.map_err(|error: StoreError| error.at(&self.path))?;
        Ok(rows.into_iter().map(Trial::from).collect())
    }

    /// The trials of a policy on the verdict seeds of an iteration from one on, each workload by itself, seed by seed.
    pub(crate) async fn verdict_trials(
        &self,
        id: &CampaignId,
        iteration: i64,
        policy: &str,
        seeds: Range<i64>,
    ) -> Result<Vec<Trial>, StoreError> {
        let query = sqlx::query_as(
            "SELECT verdict_trials.* FROM verdict_trials
             JOIN scenarios ON scenarios.campaign = verdict_trials.campaign AND scenarios.name = verdict_trials.scenario
             WHERE verdict_trials.campaign = ? AND iteration = ? AND policy = ? AND seed >= ? AND seed < ?
             ORDER BY scenarios.position, seed LIMIT ?",
        );
        let query = query.bind(id.as_str()).bind(iteration).bind(policy).bind(seeds.start).bind(seeds.end).bind(ROWS);
        let rows = async { Ok(query.fetch_all(&mut *self.connection().await?).await?) };
        let rows: Vec<Row> = rows.await.map_err(|error: StoreError| error.at(&self.path))?;
        Ok(rows.into_iter().map(Trial::from).collect())
    }
}

/// Writes the trials that came with an event: those of search seeds, or those of an iteration's verdict seeds.
pub(crate) fn put(script: &mut Script, id: &CampaignId, seq: i64, iteration: Option<i64>, trials: &[TrialRow<'_>]) {
    // SQLite takes 32,766 values in a statement.
    for trials in trials.chunks(1000) {
        let (table, first, columns) = match iteration {
            None => ("trials", "", 18),
            Some(_) => ("verdict_trials", "iteration, ", 19),
        };
        let row = format!("({})", vec!["?"; columns].join(", "));
        script.add(&format!(
            "INSERT INTO {table} ({first}campaign, policy, scenario, seed, seq, ttft_mean_us, ttft_p90_us, ttft_p99_us,
             e2e_mean_us, e2e_p90_us, drift, critical_requests, protected_rejections, droppable_requests, droppable_work,
             refused_requests, refused_work, output_tokens) VALUES {}",
            vec![row; trials.len()].join(", ")
        ));
        for TrialRow { policy, scenario, seed, trial } in trials {
            if let Some(iteration) = iteration {
                script.bind(iteration);
            }
            let row = Row::from(trial);
            script
                .bind(id.as_str())
                .bind(policy)
                .bind(scenario)
                .bind(seed)
                .bind(seq)
                .bind(row.ttft_mean_us)
                .bind(row.ttft_p90_us)
                .bind(row.ttft_p99_us)
                .bind(row.e2e_mean_us)
                .bind(row.e2e_p90_us)
                .bind(row.drift)
                .bind(row.critical_requests)
                .bind(row.protected_rejections)
                .bind(row.droppable_requests)
                .bind(row.droppable_work)
                .bind(row.refused_requests)
                .bind(row.refused_work)
                .bind(row.output_tokens);
        }
    }
}

/// A trial as stored: SQLite keeps a real that is not a number as NULL, and no unsigned integers.
#[derive(sqlx::FromRow)]
struct Row {
    ttft_mean_us: Option<f64>,
    ttft_p90_us: Option<f64>,
    ttft_p99_us: Option<f64>,
    e2e_mean_us: Option<f64>,
    e2e_p90_us: Option<f64>,
    drift: Option<f64>,
    critical_requests: i64,
    protected_rejections: i64,
    droppable_requests: i64,
    droppable_work: i64,
    refused_requests: i64,
    refused_work: i64,
    output_tokens: i64,
}

impl From<&Trial> for Row {
    fn from(trial: &Trial) -> Self {
        let real = |value: f64| (!value.is_nan()).then_some(value);
        Row {
            ttft_mean_us: real(trial.ttft_mean_us),
            ttft_p90_us: real(trial.ttft_p90_us),
            ttft_p99_us: real(trial.ttft_p99_us),
            e2e_mean_us: real(trial.e2e_mean_us),
            e2e_p90_us: real(trial.e2e_p90_us),
            drift: real(trial.drift),
            critical_requests: trial.critical_requests.cast_signed(),
            protected_rejections: trial.protected_rejections.cast_signed(),
            droppable_requests: trial.droppable_requests.cast_signed(),
            droppable_work: trial.droppable_work.cast_signed(),
            refused_requests: trial.refused_requests.cast_signed(),
            refused_work: trial.refused_work.cast_signed(),
            output_tokens: trial.output_tokens.cast_signed(),
        }
    }
}

impl From<Row> for Trial {
    fn from(row: Row) -> Self {
        let real = |value: Option<f64>| value.unwrap_or(f64::NAN);
        Trial {
            ttft_mean_us: real(row.ttft_mean_us),
            ttft_p90_us: real(row.ttft_p90_us),
            ttft_p99_us: real(row.ttft_p99_us),
            e2e_mean_us: real(row.e2e_mean_us),
            e2e_p90_us: real(row.e2e_p90_us),
            drift: real(row.drift),
            critical_requests: row.critical_requests.cast_unsigned(),
            protected_rejections: row.protected_rejections.cast_unsigned(),
            droppable_requests: row.droppable_requests.cast_unsigned(),
            droppable_work: row.droppable_work.cast_unsigned(),
            refused_requests: row.refused_requests.cast_unsigned(),
            refused_work: row.refused_work.cast_unsigned(),
            output_tokens: row.output_tokens.cast_unsigned(),
        }
    }
}
