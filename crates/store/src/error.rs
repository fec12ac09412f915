//! What can go wrong, in words that say what to do about it.

use crate::campaigns::CampaignId;
use science::event::RULES;
use science::id::{CandidateId, Hash};
use std::path::{Path, PathBuf};

/// Why the store could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no database yet.
    #[error("there is no database at {}; `elenchus run EXPERIMENT` starts one", path.display())]
    NoDatabase {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a database; it was left as it is: move it away, or choose another --state-dir", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file was a database and is broken.
    #[error(
        "the database {} is damaged ({problem}); it was left as it is: restore a copy of the file together with its \
         `-wal` file, or move both away to start afresh",
        path.display()
    )]
    DamagedFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A later version of the program has used the database.
    #[error(
        "the database {} is of a newer version (its schema is {found}, this program knows {known}); it was left as it \
         is: use the newer program, or choose another --state-dir",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The newest migration applied to it.
        found: i64,
        /// The newest migration that this program has.
        known: i64,
    },
    /// An earlier version has recorded campaigns in it.
    #[error(
        "the database {} holds campaigns of elenchus {version}, which this version does not read; it was left as it is: use \
         elenchus {version} for them, or choose another --state-dir",
        path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// The last version that reads them.
        version: &'static str,
    },
    /// The schema is not one that this program's migrations make.
    #[error(
        "the database {} was made by another program or another build of this one; it was left as it is: use that, or \
         choose another --state-dir",
        path.display()
    )]
    OtherSchema {
        /// The file.
        path: PathBuf,
    },
    /// The schema holds what this program did not make, or lacks what it made.
    #[error(
        "the database {} is not as this program makes it: {}; nothing that was put there was run: restore a copy of it, or \
         choose another --state-dir",
        path.display(),
        problems.join("; ")
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Every difference, and what is wrong with the rows where they could still be looked at.
        problems: Vec<String>,
    },
    /// Where the database or one of its companions should be is something that is no file.
    #[error("{} is {kind} and no file; it was not opened: move it away, or choose another --state-dir", path.display())]
    NotAFile {
        /// What was not opened.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// A rollback journal lies beside the database, which this program leaves only if it is killed in its very first moment.
    #[error(
        "beside the database {} lies a `-journal` file, which this program does not leave; neither was opened: move it \
         away, or choose another --state-dir",
        path.display()
    )]
    Journal {
        /// The database.
        path: PathBuf,
    },
    /// The last steps are in a log that cannot be read where nothing can be written.
    #[error(
        "the last steps of {} are in its `-wal` file, which cannot be read where its `-shm` file is missing and cannot be \
         made: copy the directory to where it can be written",
        path.display()
    )]
    UnreadableLog {
        /// The database.
        path: PathBuf,
    },
    /// An older version made the database, and it cannot be written.
    #[error(
        "the database {} was made by an older version and cannot be brought up to date where it cannot be written: copy \
         its directory to where it can",
        path.display()
    )]
    OldReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// A query was not done in time.
    #[error("the database {} takes too long to answer; it was left as it is: `elenchus doctor --state` looks at it", path.display())]
    Slow {
        /// The file.
        path: PathBuf,
    },
    /// There is more of something than this program writes.
    #[error("the database {} holds {what}, more than this program reads into memory ({most})", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What, with its size.
        what: String,
        /// The bound, in words.
        most: String,
    },
    /// The file or its directory cannot be written.
    #[error("cannot write to {} ({problem}); make it writable, or choose another --state-dir", path.display())]
    Unwritable {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        problem: String,
    },
    /// Another process is writing and did not finish in time.
    #[error("the database {} is busy: another process is writing to it; try again", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// No space is left.
    #[error("no space is left for {}; nothing was lost: free some, then `elenchus resume`", path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The database holds no campaign.
    #[error("{} holds no campaign yet; `elenchus run EXPERIMENT` starts one", path.display())]
    NoCampaign {
        /// The file.
        path: PathBuf,
    },
    /// No campaign has this id.
    #[error("no campaign begins with `{prefix}`; the newest: {}", known.join(", "))]
    UnknownCampaign {
        /// What was asked for.
        prefix: String,
        /// Some that there are, as short ids, newest last.
        known: Vec<String>,
    },
    /// Several campaigns have this prefix.
    #[error("`{prefix}` fits several campaigns; give more of the id: {}", matches.join(", "))]
    AmbiguousCampaign {
        /// What was asked for.
        prefix: String,
        /// The ids that fit, newest last.
        matches: Vec<String>,
    },
    /// A campaign's log is not what was written.
    #[error("the log of campaign {} is damaged at event {seq}: {problem}", campaign.short())]
    DamagedLog {
        /// The campaign.
        campaign: CampaignId,
        /// The first event that is wrong.
        seq: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A campaign was recorded under other rules than this version's.
    #[error(
        "campaign {} was recorded under rules {rules} (elenchus {version}); this version reads rules {RULES}: use elenchus \
         {version} for it, or run the experiment again",
        campaign.short()
    )]
    OtherRules {
        /// The campaign.
        campaign: CampaignId,
        /// Its rules.
        rules: u32,
        /// The version that recorded it.
        version: String,
    },
    /// What the world once said is not what was recorded.
    #[error("observation {position} of campaign {} {what}: {problem}", campaign.short())]
    DamagedObservation {
        /// The campaign.
        campaign: CampaignId,
        /// Its number in order of arrival, from 0.
        position: u64,
        /// Its kind and key, as far as they are there.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Trials are not those whose hash is on record.
    #[error("the trials of {policy} in campaign {} are not those that event {seq} speaks of", campaign.short())]
    DamagedTrials {
        /// The campaign.
        campaign: CampaignId,
        /// Whose.
        policy: String,
        /// The event that hashes them.
        seq: u64,
    },
    /// There are trials that no event brought, or fewer than one brought.
    #[error(
        "{found} trials in campaign {} are said to have come with event {seq}, which brought {brought}",
        campaign.short()
    )]
    ForeignTrials {
        /// The campaign.
        campaign: CampaignId,
        /// The event that they name.
        seq: u64,
        /// How many name it.
        found: usize,
        /// How many came with it.
        brought: usize,
    },
    /// A derived table does not say what follows from a log.
    #[error("the table `{table}` does not say what follows from the log: {problem}")]
    Derived {
        /// The table.
        table: String,
        /// The row that differs.
        problem: String,
    },
    /// The source under a candidate's id is not the one that the log names.
    #[error("the source under candidate {} is not the one that the log of campaign {} names: {problem}", candidate.short(), campaign.short())]
    DamagedSource {
        /// The campaign.
        campaign: CampaignId,
        /// The candidate.
        candidate: CandidateId,
        /// What is wrong.
        problem: String,
    },
    /// A stored text is not what its hash says.
    #[error("the stored text {hash} is damaged")]
    DamagedText {
        /// The hash under which it is stored.
        hash: Hash,
    },
    /// Another process has gone on with the campaign.
    #[error(
        "event {seq} of campaign {} is not the next one (that is {next}): another process has gone on with it",
        campaign.short()
    )]
    Conflict {
        /// The campaign.
        campaign: CampaignId,
        /// The event that was to be appended.
        seq: u64,
        /// The number that the next event must have.
        next: u64,
    },
    /// Something would read back as something else.
    #[error("{what} cannot be stored: {problem}")]
    Unstorable {
        /// What.
        what: String,
        /// Why.
        problem: String,
    },
    /// A row names another one that does not exist.
    #[error("{what} names something that the database does not hold (a parent, a source or a scenario)")]
    Dangling {
        /// What.
        what: String,
    },
    /// The world was recorded twice and differently.
    #[error("observation {key} ({ordinal}) is on record with another content")]
    Contradiction {
        /// Its key.
        key: Hash,
        /// Its ordinal.
        ordinal: u32,
    },
    /// Another process runs the campaign.
    #[error("campaign {} is being run by {}; wait for it or stop it", campaign.short(), holder(*pid))]
    Locked {
        /// The campaign.
        campaign: CampaignId,
        /// The process, where it has said who it is.
        pid: Option<u32>,
    },
    /// A candidate cannot be mirrored before its parent.
    #[error("candidate {} cannot be mirrored before its parent {}", candidate.short(), parent.short())]
    MissingParent {
        /// The candidate.
        candidate: CandidateId,
        /// The parent that the mirror lacks.
        parent: CandidateId,
    },
    /// The mirror cannot be used. It holds nothing that the database does not hold too.
    #[error("the mirror {} cannot be used ({problem}); delete it and it will be written again", path.display())]
    Mirror {
        /// The repository.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Anything else that the database says.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".into(), |pid| format!("process {pid}"))
}

impl StoreError {
    /// Whether something was to be written under a key that is taken.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(self.code(), Some(CONSTRAINT_PRIMARY_KEY | CONSTRAINT_UNIQUE))
    }

    /// Says which events name something that is not there, if that is what went wrong.
    pub(crate) fn of(self, kinds: &[&str], seq: u64) -> Self {
        match self.code() {
            Some(CONSTRAINT_FOREIGN_KEY) => {
                let kinds: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
                StoreError::Dangling { what: format!("event {seq} ({})", kinds.join(", then ")) }
            }
            _ => self,
        }
    }

    fn code(&self) -> Option<i32> {
        let StoreError::Database(error) = self else { return None };
        sqlite(error).map(|(code, _)| code)
    }

    /// Gives a plain database error its place and its kind; leaves all others as they are.
    pub(crate) fn at(self, path: &Path) -> Self {
        let StoreError::Database(error) = self else { return self };
        let path = path.to_owned();
        let Some((code, problem)) = sqlite(&error) else { return StoreError::Database(error) };
        // The low byte is the primary code.
        match code & 0xff {
            5 | 6 => StoreError::Busy { path },
            9 => StoreError::Slow { path },
            8 | 14 => StoreError::Unwritable { path, problem },
            11 => StoreError::DamagedFile { path, problem },
            13 => StoreError::Full { path },
            26 => StoreError::NotADatabase { path },
            _ => StoreError::Database(error),
        }
    }
}

// https://www.sqlite.org/rescode.html
const CONSTRAINT_FOREIGN_KEY: i32 = 787;
const CONSTRAINT_PRIMARY_KEY: i32 = 1555;
const CONSTRAINT_UNIQUE: i32 = 2067;

fn sqlite(error: &sqlx::Error) -> Option<(i32, String)> {
    let database = error.as_database_error()?;
    Some((database.code()?.parse().ok()?, database.message().to_owned()))
}
