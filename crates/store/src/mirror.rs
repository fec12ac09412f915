//! Candidates as git commits, for people to look at with the tools that they know.
//!
//! Everything that goes into a commit comes from the campaign's record, the time included, so that a mirror can be deleted
//! and written again with the same ids. Two campaigns that wrote the same candidates share their commits.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use git2::{ErrorCode, FileMode, Oid, Repository, RepositoryInitOptions, Signature, Time};
use science::id::CandidateId;
use std::path::{Path, PathBuf};

/// The file of a candidate's commit.
const FILE: &str = "candidate.rs";

/// The time of event 0: 2000-01-01T00:00:00Z, and one second for each event. git's tools dislike times near 1970.
const EPOCH: i64 = 946_684_800;

/// A bare repository that mirrors the candidates of the database. It holds nothing that the database does not hold.
pub struct Mirror {
    repository: Repository,
    path: PathBuf,
}

/// A candidate as it goes into the mirror.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its campaign.
    pub campaign: CampaignId,
    /// The candidate.
    pub candidate: CandidateId,
    /// The candidates that it departs from; recorded before it.
    pub parents: Vec<CandidateId>,
    /// Its source.
    pub source: String,
    /// What to say of it; must be the same whenever it is recorded.
    pub message: String,
    /// The event that wrote it; stands in for the time.
    pub seq: u64,
}

impl Mirror {
    /// Opens the mirror at `path`, creating it where it is missing.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let repository = match Repository::open_bare(path) {
            Err(error) if error.code() == ErrorCode::NotFound => make(path),
            opened => opened,
        };
        let repository = repository.map_err(|error| problem(path, &error))?;
        Ok(Mirror { repository, path: path.to_owned() })
    }

    /// Records a candidate. Recording it again changes nothing, so that after a crash all can simply be recorded again.
    pub fn record(&self, commit: &Commit) -> Result<(), StoreError> {
        let mut parents = Vec::new();
        for parent in &commit.parents {
            let Some(id) = self.resolve(&reference(&commit.campaign, parent))? else {
                return Err(StoreError::MissingParent { candidate: commit.candidate.clone(), parent: parent.clone() });
            };
            parents.push(id);
        }
        self.write(commit, &parents).map_err(|error| problem(&self.path, &error))
    }

    fn write(&self, commit: &Commit, parents: &[Oid]) -> Result<(), git2::Error> {
        let parents: Vec<git2::Commit<'_>> =
            parents.iter().map(|id| self.repository.find_commit(*id)).collect::<Result<_, _>>()?;
        let mut tree = self.repository.treebuilder(None)?;
        tree.insert(FILE, self.repository.blob(commit.source.as_bytes())?, FileMode::Blob.into())?;
        let tree = self.repository.find_tree(tree.write()?)?;
        let time = Time::new(EPOCH.saturating_add_unsigned(commit.seq), 0);
        let author = Signature::new("elenchus", "elenchus@localhost", &time)?;
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        let message = science::text::clean(&commit.message);
        let id = self.repository.commit(None, &author, &author, &message, &tree, &parents)?;
        self.point(&reference(&commit.campaign, &commit.candidate), id)?;
        self.advance(&format!("refs/heads/{}", commit.campaign.short()), id, time.seconds())
    }

    /// Moves a branch to a commit, unless it is at a newer one: older candidates may be recorded again after it.
    fn advance(&self, branch: &str, id: Oid, seconds: i64) -> Result<(), git2::Error> {
        let head = match self.repository.find_reference(branch) {
            Ok(head) => Some(head.peel_to_commit()?.time().seconds()),
            Err(error) if error.code() == ErrorCode::NotFound => None,
            Err(error) => return Err(error),
        };
        if head.is_none_or(|head| head <= seconds) {
            self.point(branch, id)?;
        }
        // So that `git log` and `git clone` show something without being told a branch.
        match self.repository.head() {
            Err(error) if error.code() == ErrorCode::UnbornBranch => match self.repository.set_head(branch) {
                // Another campaign is about to set it, or was killed over it: without a head the branches still show.
                Err(error) if error.code() == ErrorCode::Locked => Ok(()),
                set => set,
            },
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }

    fn point(&self, name: &str, id: Oid) -> Result<(), git2::Error> {
        match self.repository.refname_to_id(name) {
            Ok(known) if known == id => Ok(()),
            Ok(_) | Err(_) => match self.repository.reference(name, id, true, "elenchus") {
                Err(error) if error.code() == ErrorCode::Locked => self.take_over(name, id),
                pointed => pointed.map(|_| ()),
            },
        }
    }

    /// Points a reference whose lock somebody left behind who was killed. The reference is the campaign's, and whoever
    /// records a campaign holds the lock of the whole campaign: nobody else is at work on it.
    fn take_over(&self, name: &str, id: Oid) -> Result<(), git2::Error> {
        // Should this fail, the next line says what is wrong.
        let _ = std::fs::remove_file(self.path.join(format!("{name}.lock")));
        self.repository.reference(name, id, true, "elenchus").map(|_| ())
    }

    fn resolve(&self, name: &str) -> Result<Option<Oid>, StoreError> {
        match self.repository.refname_to_id(name) {
            Ok(id) => Ok(Some(id)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(problem(&self.path, &error)),
        }
    }
}

/// Makes an empty mirror beside its place and moves it there whole: whoever is killed over it leaves none that is half made,
/// and of several who make it at once all open the same one.
fn make(path: &Path) -> Result<Repository, git2::Error> {
    // Neither the user's templates nor the user's default branch: a mirror is the same everywhere.
    let mut options = RepositoryInitOptions::new();
    options.bare(true).mkpath(true).external_template(false).initial_head("main");
    let made = path.with_extension(format!("git-{}", uuid::Uuid::new_v4().simple()));
    Repository::init_opts(&made, &options)?;
    if std::fs::rename(&made, path).is_err() {
        // Somebody was faster, or something else is in the way: opening it says which.
        let _ = std::fs::remove_dir_all(&made);
    }
    Repository::open_bare(path)
}

fn reference(campaign: &CampaignId, candidate: &CandidateId) -> String {
    format!("refs/candidates/{campaign}/{candidate}")
}

fn problem(path: &Path, error: &git2::Error) -> StoreError {
    StoreError::Mirror { path: path.to_owned(), problem: error.message().to_owned() }
}
