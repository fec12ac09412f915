//! The lineage: every candidate under the one that it departs from.

use crate::curves;
use crate::path::finding_id;
use science::id::CandidateId;
use science::state::State;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The tree, parents before their children.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Lineage {
    /// Every candidate once.
    pub(crate) nodes: Vec<Node>,
}

/// A candidate in the tree.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Node {
    pub(crate) candidate: String,
    /// The candidate that it departs from; none if that is the reference.
    pub(crate) parent: Option<String>,
    /// Whether the edge to the parent resolves: the reference, or a candidate of this campaign.
    pub(crate) resolved: bool,
    /// Who wrote it; none for the built-in executor.
    pub(crate) author: Option<String>,
    /// The candidate that it mends.
    pub(crate) repairs: Option<String>,
    /// Steps from the reference.
    pub(crate) depth: usize,
    /// The findings about it, `F<iteration>.<arm>`, each with its verdict where there is one.
    pub(crate) findings: Vec<NodeFinding>,
    /// What became of it; none if it was not evaluated.
    pub(crate) outcome: Option<&'static str>,
    /// The earlier candidate that it acts exactly like.
    pub(crate) acts_like: Option<String>,
    /// What probing it found, in words.
    pub(crate) behaviour: Option<String>,
    pub(crate) improvement: Option<f64>,
    pub(crate) worth: Option<f64>,
    pub(crate) description_length: Option<u32>,
    /// Why it is not admissible.
    pub(crate) objections: Vec<String>,
    pub(crate) champion: bool,
    pub(crate) front: bool,
}

/// A finding about a candidate.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NodeFinding {
    pub(crate) finding: String,
    pub(crate) verdict: Option<&'static str>,
}

/// Builds the tree.
pub(crate) fn lineage(state: &State) -> Lineage {
    let mut children: BTreeMap<Option<&CandidateId>, Vec<&CandidateId>> = BTreeMap::new();
    for id in &state.order {
        children.entry(state.candidates[id].candidate.parent.as_ref()).or_default().push(id);
    }
    let mut builder = Builder {
        state,
        children,
        findings: findings(state),
        champion: state.champion().map(|champion| champion.id),
        front: state.front().collect(),
        placed: BTreeSet::new(),
        nodes: Vec::new(),
    };
    builder.children(None, 0);
    // A parent that this campaign does not have, or a circle of parents, would be a damaged record; it still shows.
    for id in &state.order {
        builder.place(id, 0);
    }
    Lineage { nodes: builder.nodes }
}

fn findings(state: &State) -> BTreeMap<&CandidateId, Vec<NodeFinding>> {
    let mut findings: BTreeMap<&CandidateId, Vec<NodeFinding>> = BTreeMap::new();
    for (iteration, number) in state.iterations.iter().zip(1..) {
        let Some(bundle) = &iteration.bundle else { continue };
        for (arm, record) in bundle.arms.iter().zip(&iteration.arms) {
            let Some(id) = &record.candidate else { continue };
            let verdict = record.finding.as_ref().map(|finding| finding.verdict.as_str());
            findings.entry(id).or_default().push(NodeFinding { finding: finding_id(number, &arm.name), verdict });
        }
    }
    findings
}

struct Builder<'a> {
    state: &'a State,
    /// The candidates that depart from each, or from the reference, in order.
    children: BTreeMap<Option<&'a CandidateId>, Vec<&'a CandidateId>>,
    findings: BTreeMap<&'a CandidateId, Vec<NodeFinding>>,
    champion: Option<CandidateId>,
    front: BTreeSet<&'a CandidateId>,
    placed: BTreeSet<&'a CandidateId>,
    nodes: Vec<Node>,
}

impl<'a> Builder<'a> {
    fn children(&mut self, parent: Option<&'a CandidateId>, depth: usize) {
        for id in self.children.remove(&parent).unwrap_or_default() {
            self.place(id, depth);
        }
    }

    fn place(&mut self, id: &'a CandidateId, depth: usize) {
        if !self.placed.insert(id) {
            return;
        }
        let record = &self.state.candidates[id];
        let score = record.score.as_ref();
        self.nodes.push(Node {
            candidate: id.as_str().into(),
            parent: record.candidate.parent.as_ref().map(|parent| parent.as_str().into()),
            resolved: record.candidate.parent.as_ref().is_none_or(|parent| self.state.candidates.contains_key(parent)),
            author: record.author.clone(),
            repairs: record.candidate.repairs.as_ref().map(|broken| broken.as_str().into()),
            depth,
            findings: self.findings.remove(id).unwrap_or_default(),
            outcome: record.outcome.map(|outcome| outcome.as_str()),
            acts_like: record.acts_like.as_ref().map(|other| other.as_str().into()),
            behaviour: record.descriptor.as_ref().map(|d| curves::sentence(d, self.state.spec())),
            improvement: score.map(|score| score.improvement),
            worth: score.and_then(|score| score.worth),
            description_length: record.candidate.description_length,
            objections: self.state.objections(id),
            champion: self.champion.as_ref() == Some(id),
            front: self.front.contains(id),
        });
        self.children(Some(id), depth + 1);
    }
}
