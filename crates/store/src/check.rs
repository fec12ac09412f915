//! A thorough look at a whole database, for when somebody asks whether it is all right.

use crate::campaigns::{CampaignId, CampaignRow};
use crate::error::StoreError;
use crate::events::Stored;
use crate::log::damaged;
use crate::open::Store;
use crate::{rebuild, trials};
use science::bundle::Side;
use science::event::{Candidate, Event};
use science::outcome::Outcome;
use science::spec::Spec;
use science::trial::Trial;
use science::yardsticks;
use std::collections::BTreeMap;

/// What was looked at, and what is wrong with it if anything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub about: String,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl Store {
    /// Holds everything against everything else: the pages of the file, the references between rows, and of each campaign its
    /// chains, their ends, its files and sources, its trials, and all that is derived.
    pub async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = self.check_file().await.map_err(|error| error.at(&self.path))?;
        for campaign in self.campaigns().await? {
            let name = format!("campaign {} ({})", campaign.id.short(), campaign.name);
            let (about, problems) = self.check_campaign(&campaign).await;
            let about = format!("{name}: {about}");
            if problems.is_empty() {
                findings.push(Finding { about, problem: None });
            } else {
                findings.extend(
                    problems.into_iter().map(|problem| Finding { about: name.clone(), problem: Some(problem) }),
                );
            }
        }
        Ok(findings)
    }

    async fn check_file(&self) -> Result<Vec<Finding>, StoreError> {
        let mut connection = self.patient_connection().await?;
        let said: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(20)").fetch_all(&mut *connection).await?;
        let pages = said.into_iter().filter(|said| said != "ok");
        let dangling: Vec<String> =
            sqlx::query_scalar("SELECT DISTINCT \"table\" FROM pragma_foreign_key_check LIMIT 20")
                .fetch_all(&mut *connection)
                .await?;
        let dangling = dangling.into_iter().map(|table| format!("a row of `{table}` names one that does not exist"));
        let problems: Vec<String> = pages.chain(dangling).collect();
        let about = format!("the file {}", self.path.display());
        if problems.is_empty() {
            return Ok(vec![Finding { about, problem: None }]);
        }
        Ok(problems.into_iter().map(|problem| Finding { about: about.clone(), problem: Some(problem) }).collect())
    }

    /// What there is of a campaign, and everything that is wrong with it.
    async fn check_campaign(&self, row: &CampaignRow) -> (String, Vec<String>) {
        let mut problems = Vec::new();
        let events = match self.events(&row.id).await {
            Ok(events) => events,
            Err(error @ StoreError::OtherRules { .. }) => return (format!("not read: {error}"), problems),
            Err(error) => return (String::new(), vec![error.to_string()]),
        };
        let mut note = |checked: Result<(), StoreError>| problems.extend(checked.err().map(|error| error.to_string()));
        note(self.check_observations(&row.id).await);
        let Some(Event::Started(started)) = events.first().map(|stored| &stored.event) else {
            return (String::new(), vec![damaged(&row.id, 0, "it does not open a campaign").to_string()]);
        };
        note(self.inputs(&started.inputs).await.map(drop));
        let mut sources = 0;
        for candidate in events.iter().filter_map(|stored| written(&stored.event)) {
            sources += 1;
            note(self.check_source(row, candidate).await);
        }
        let (mut iteration, mut brought) = (0, Some(BTreeMap::new()));
        for stored in &events {
            iteration += i64::from(matches!(stored.event, Event::BundleRegistered { .. } | Event::PlanFailed { .. }));
            match self.check_trials(row, stored, iteration, &started.spec).await {
                Ok(rows) => {
                    brought.iter_mut().for_each(|brought| brought.extend((rows > 0).then_some((stored.seq, rows))))
                }
                // How many there should be is not known then.
                Err(error) => {
                    brought = None;
                    note(Err(error));
                }
            }
        }
        if let Some(brought) = brought {
            note(self.check_rows(&row.id, &brought).await);
        }
        note(rebuild::compare(self, row, &events).await);
        (format!("{} events, {sources} sources", events.len()), problems)
    }

    async fn check_source(&self, row: &CampaignRow, candidate: &Candidate) -> Result<(), StoreError> {
        match self.source(&row.id, candidate).await? {
            Some(_) => Ok(()),
            None => Err(StoreError::DamagedSource {
                campaign: row.id.clone(),
                candidate: candidate.id.clone(),
                problem: "there is none".into(),
            }),
        }
    }

    /// Holds the rows that came with an event against its hash; says how many it brought.
    async fn check_trials(
        &self,
        row: &CampaignRow,
        stored: &Stored,
        iteration: i64,
        spec: &Spec,
    ) -> Result<usize, StoreError> {
        let (names, name, seeds, hash) = match &stored.event {
            Event::Calibrated { yardsticks, trials } => {
                (yardsticks::policies(spec, yardsticks.twins.len()), "the yardsticks".to_owned(), None, trials)
            }
            // Its trials stand in the event.
            Event::CandidateEvaluated { outcome: Outcome::Stopped, .. } => return Ok(0),
            Event::CandidateEvaluated { candidate, trials, .. } => {
                (vec![candidate.to_string()], format!("candidate {}", candidate.short()), None, trials)
            }
            Event::Tested { policy, from, measurement, yardsticks, trials, .. } => {
                let ran = yardsticks.as_deref().map(|yardsticks| &yardsticks.reference).or(measurement.as_deref());
                let Some(ran) = ran else { return Ok(0) };
                let seeds = ran.cells.first().map_or(0, Vec::len) as i64;
                let (names, name) = match (policy, yardsticks) {
                    (Side::Candidate(id), _) => (vec!["baseline".to_owned(), id.to_string()], id.as_str()),
                    (_, Some(against)) => (yardsticks::policies(spec, against.twins.len()), "the yardsticks"),
                    (_, None) => return Ok(0),
                };
                let seeds = i64::from(*from)..i64::from(*from) + seeds;
                (names, format!("{name} on verdict seeds"), Some((iteration, seeds)), trials)
            }
            _ => return Ok(0),
        };
        let (mut trials, mut brought): (Vec<Trial>, usize) = (Vec::new(), 0);
        for policy in &names {
            let rows = match &seeds {
                Some((iteration, seeds)) => self.verdict_trials(&row.id, policy, *iteration, seeds.clone()).await?,
                None => self.trials(&row.id, policy).await?,
            };
            // The baseline that a candidate is paired with came before, with the yardsticks.
            let is_paired = policy == "baseline" && matches!(stored.event, Event::Tested { yardsticks: None, .. });
            brought += if is_paired { 0 } else { rows.len() };
            trials.extend(rows);
        }
        match trials::are(trials.iter(), hash, spec) {
            true => Ok(brought),
            false => Err(StoreError::DamagedTrials { campaign: row.id.clone(), policy: name, seq: stored.seq }),
        }
    }

    /// Holds the number of rows that are said to have come with each event against what the event brought.
    async fn check_rows(&self, id: &CampaignId, brought: &BTreeMap<u64, usize>) -> Result<(), StoreError> {
        let query = sqlx::query_as("SELECT seq, count(*) FROM measured WHERE campaign = ? GROUP BY seq");
        let mut snapshot = self.snapshot().await?;
        let found: Vec<(i64, i64)> = query.bind(id.as_str()).fetch_all(&mut *snapshot).await?;
        let found: BTreeMap<u64, usize> =
            found.into_iter().map(|(seq, rows)| (seq.cast_unsigned(), rows as usize)).collect();
        let rows = |of: &BTreeMap<u64, usize>, seq: &u64| of.get(seq).copied().unwrap_or(0);
        let differ = |seq: &&u64| rows(&found, seq) != rows(brought, seq);
        match found.keys().chain(brought.keys()).find(differ) {
            Some(seq) => Err(StoreError::ForeignTrials {
                campaign: id.clone(),
                seq: *seq,
                found: rows(&found, seq),
                brought: rows(brought, seq),
            }),
            None => Ok(()),
        }
    }
}

/// The candidate that an event brought.
fn written(event: &Event) -> Option<&Candidate> {
    match event {
        Event::CandidateWritten { candidate, .. } | Event::VariantWritten { candidate, .. } => Some(candidate),
        Event::Tuned { retuned, .. } => retuned.as_ref(),
        Event::Simplified { candidate, .. } => candidate.as_ref(),
        _ => None,
    }
}
