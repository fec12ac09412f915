//! Content-addressed names.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A candidate: the hash of its normalised source, so that the same code is the same candidate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CandidateId(String);

impl CandidateId {
    /// The id of a source whose comments and white space are normalised away.
    pub fn of(normalised_source: &str) -> Self {
        CandidateId(Hash::of(normalised_source.as_bytes()).0[..16].to_owned())
    }

    /// The id as text: 16 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough of the id for a person to tell candidates apart.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl From<String> for CandidateId {
    fn from(text: String) -> Self {
        CandidateId(text)
    }
}

impl fmt::Display for CandidateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The BLAKE3 hash of some bytes, as 64 hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(String);

impl Hash {
    /// Hashes `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Hash(blake3::hash(bytes).to_hex().to_string())
    }

    /// Hashes texts, one after the other; two lists that differ anywhere differ in their hashes.
    pub fn of_all(texts: impl IntoIterator<Item = String>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for text in texts {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        }
        Hash(hasher.finalize().to_hex().to_string())
    }

    /// The hash as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Hash {
    fn from(text: String) -> Self {
        Hash(text)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
