//! A campaign as a git history, for people to read with the tools that they know.
//!
//! Every candidate is a commit whose parents are its parents. At the end of an iteration a commit brings its candidates together with the
//! iteration before: these are a campaign's branch, with the best candidate so far as their file, and a tag stands at the champion.
//! So `git log --graph --oneline` reads as the lineage, and `git log --first-parent -p` as the champion's history.
//!
//! Everything that goes into a commit comes from the campaign's record, the time included, so that a mirror can be deleted
//! and written again with the same ids.

use crate::campaigns::CampaignId;
use crate::error::StoreError;
use git2::{ErrorCode, FileMode, Oid, Repository, RepositoryInitOptions, Signature, Time, Tree};
use science::id::CandidateId;
use std::path::{Path, PathBuf};

/// The file of a candidate's commit.
const FILE: &str = "candidate.rs";

/// Who writes commits down, whoever the author is.
const OWN: &str = "elenchus";

/// A bare repository that mirrors the candidates of the database. It holds nothing that the database does not hold.
pub struct Mirror {
    repository: Repository,
    path: PathBuf,
}

/// What is said with a commit; must be the same whenever it is recorded.
#[derive(Clone, Debug)]
pub struct Said {
    /// The message, its first line first.
    pub message: String,
    /// Who did it: a model, or what is built in.
    pub author: String,
    /// As what, in one word.
    pub role: &'static str,
    /// When, ms since 1970.
    pub at_ms: i64,
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
    /// What to say of it.
    pub said: Said,
}

/// The end of an iteration, or of the campaign.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Its campaign.
    pub campaign: CampaignId,
    /// Its number, from 1.
    pub number: usize,
    /// The candidates that it brings together; recorded before it.
    pub candidates: Vec<CandidateId>,
    /// The best candidate at its end; recorded before it.
    pub champion: Option<CandidateId>,
    /// What to say of it.
    pub said: Said,
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
        let parent = |parent: &CandidateId| self.recorded(&commit.campaign, parent, &commit.candidate);
        let parents = commit.parents.iter().map(parent).collect::<Result<Vec<Oid>, _>>()?;
        let write = || {
            let id = self.commit(&commit.said, &self.tree(&commit.source)?, &parents)?;
            self.point(&reference(&commit.campaign, &commit.candidate), id)
        };
        write().map_err(|error| problem(&self.path, &error))
    }

    /// Records the end of an iteration, whose number follows that of the one before, and moves the campaign's branch and the tag of
    /// its champion there. Recording it again changes nothing.
    pub fn close(&self, turn: &Turn) -> Result<(), StoreError> {
        let Turn { campaign, number, .. } = turn;
        let own = |candidate: &CandidateId| self.recorded(campaign, candidate, candidate);
        let best = turn.champion.as_ref().map(own).transpose()?;
        let before = self.resolve(&turn_reference(campaign, number - 1))?.map(Ok);
        let parents = before.into_iter().chain(turn.candidates.iter().map(own)).collect::<Result<Vec<Oid>, _>>()?;
        // A later one is recorded already: this one is recorded again.
        let is_last = self.resolve(&turn_reference(campaign, number + 1))?.is_none();
        let write = || {
            let tree = match best {
                Some(best) => self.repository.find_commit(best)?.tree()?,
                None => self.repository.find_tree(self.repository.treebuilder(None)?.write()?)?,
            };
            let id = self.commit(&turn.said, &tree, &parents)?;
            self.point(&turn_reference(campaign, *number), id)?;
            if is_last {
                let branch = format!("refs/heads/{}", campaign.short());
                self.point(&branch, id)?;
                self.lead_to(&branch)?;
                best.map_or(Ok(()), |best| self.point(&format!("refs/tags/champion-{}", campaign.short()), best))?;
            }
            Ok(())
        };
        write().map_err(|error: git2::Error| problem(&self.path, &error))
    }

    /// The commit of a candidate that `whose` builds on.
    fn recorded(&self, campaign: &CampaignId, id: &CandidateId, whose: &CandidateId) -> Result<Oid, StoreError> {
        let missing = || StoreError::MissingParent { candidate: whose.clone(), parent: id.clone() };
        self.resolve(&reference(campaign, id))?.ok_or_else(missing)
    }

    /// A tree that holds a source.
    fn tree(&self, source: &str) -> Result<Tree<'_>, git2::Error> {
        let mut tree = self.repository.treebuilder(None)?;
        tree.insert(FILE, self.repository.blob(source.as_bytes())?, FileMode::Blob.into())?;
        self.repository.find_tree(tree.write()?)
    }

    fn commit(&self, said: &Said, tree: &Tree<'_>, parents: &[Oid]) -> Result<Oid, git2::Error> {
        let parents: Vec<git2::Commit<'_>> =
            parents.iter().map(|id| self.repository.find_commit(*id)).collect::<Result<_, _>>()?;
        let time = Time::new(said.at_ms.div_euclid(1000), 0);
        let author = Signature::new(&name(&said.author), &format!("{}@localhost", said.role), &time)?;
        let committer = Signature::new(OWN, &format!("{OWN}@localhost"), &time)?;
        let message = science::text::clean(&said.message);
        self.repository.commit(None, &author, &committer, &message, tree, &parents.iter().collect::<Vec<_>>())
    }

    /// So that `git log` and `git clone` show something without being told a branch.
    fn lead_to(&self, branch: &str) -> Result<(), git2::Error> {
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

/// The commit at the end of an iteration.
fn turn_reference(campaign: &CampaignId, number: usize) -> String {
    format!("refs/iterations/{campaign}/{number}")
}

/// A name as git takes it: something, in one line and without what encloses an address.
fn name(author: &str) -> String {
    let name = science::text::line(author).replace(['<', '>'], "");
    let name = name.trim_matches(|c: char| c.is_ascii_punctuation() || c.is_whitespace());
    if name.is_empty() { OWN.to_owned() } else { name.to_owned() }
}

fn problem(path: &Path, error: &git2::Error) -> StoreError {
    StoreError::Mirror { path: path.to_owned(), problem: error.message().to_owned() }
}
