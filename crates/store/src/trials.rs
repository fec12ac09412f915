//! Trials: one policy on one scenario with one seed.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use crate::open::Store;
use crate::script::Script;
use science::trial::Trial;

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
    /// The trials of a policy, scenario by scenario in the experiment's order, seed by seed.
    pub async fn trials(&self, id: &CampaignId, policy: &str) -> Result<Vec<Trial>, StoreError> {
        let rows: Result<Vec<Row>, sqlx::Error> = sqlx::query_as(
            "SELECT trials.* FROM trials
             JOIN scenarios ON scenarios.campaign = trials.campaign AND scenarios.name = trials.scenario
             WHERE trials.campaign = ? AND policy = ? ORDER BY position, seed",
        )
        .bind(id.as_str())
        .bind(policy)
        .fetch_all(&self.pool)
        .await;
        let rows = rows.map_err(|error| StoreError::from(error).at(&self.path))?;
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
