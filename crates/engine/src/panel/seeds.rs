//! Which seeds a trial has: a function of the campaign's nonce, the seed's role, the workload and a number, and of nothing
//! else.
//!
//! Roles never share a seed: a claim is suggested by what was seen on the search seeds, and one tested on the seeds that
//! suggested it would be confirmed too often. Seeds by which a source is judged follow from that source too, so that nobody
//! can have written it by them, even who knows the nonce; none follows from the bytes of a log or the name of a file.

use science::id::{CandidateId, Hash};
use science::nonce::Nonce;

/// What a seed is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'a> {
    /// Ranking candidates: the same seeds for the whole campaign.
    Search,
    /// Verdicts of an iteration: of the source of its main arm, and shared by all arms.
    Verdict {
        /// The iteration, from 1.
        iteration: u32,
        /// The main arm's candidate.
        main: &'a CandidateId,
    },
    /// Choosing among these finalists of a campaign.
    Finals(&'a [CandidateId]),
    /// A look at the champion, once it is fixed.
    Sealed(&'a Sealing),
    /// Tables of controls, or setting the scales of what stands in them. The same on every variant: what differs is the variant's.
    Controls {
        /// Whether scales are set.
        setting: bool,
    },
}

/// What the seeds and workloads of a sealed look follow from, beside the nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealing {
    /// The champion; none where a campaign ended without one and others are looked at.
    pub champion: Option<CandidateId>,
    /// What is measured: [`science::event::Started::meaning`].
    pub meaning: Hash,
    /// The number of the look, from 1.
    pub look: u32,
}

impl Role<'_> {
    /// The seed for a purpose within this role.
    pub fn seed(&self, nonce: Nonce, purpose: &[&str]) -> u64 {
        let own = self.parts();
        let parts: Vec<&str> = own.iter().map(String::as_str).chain(purpose.iter().copied()).collect();
        nonce.seed(&parts)
    }

    /// Its name, how many parts follow, and these: no two roles run into each other.
    fn parts(&self) -> Vec<String> {
        let (name, of) = match self {
            Role::Search => ("search", Vec::new()),
            Role::Verdict { iteration, main } => ("verdict", vec![iteration.to_string(), main.to_string()]),
            Role::Finals(finalists) => ("finals", finalists.iter().map(CandidateId::to_string).collect()),
            Role::Sealed(Sealing { champion, meaning, look }) => {
                let champion = champion.as_ref().map_or_else(String::new, CandidateId::to_string);
                ("sealed", vec![champion, meaning.to_string(), look.to_string()])
            }
            Role::Controls { setting } => ("controls", vec![setting.to_string()]),
        };
        [name.to_owned(), of.len().to_string()].into_iter().chain(of).collect()
    }
}

/// The keys that the randomness of one cell derives from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// What arrives, and when.
    pub arrivals: u64,
    /// What policies draw: those that all of them share, and others ([`super::Draws`]).
    pub draws: [u64; 2],
}

impl Seeds {
    /// Those of the seed with this number, for the workload with this key.
    pub fn new(nonce: Nonce, role: Role<'_>, workload: &str, number: usize) -> Self {
        let number = number.to_string();
        let seed = |purpose: &str| role.seed(nonce, &[purpose, workload, &number]);
        Seeds { arrivals: seed("arrivals"), draws: [seed("draws"), seed("other draws")] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{LoadedExperiment, Scenario};
    use crate::newsvendor;
    use crate::panel::{FINAL, FINAL_SEEDS, Panel, PanelCell, SEALED, TRAINING};
    use science::seal::SEEDS;
    use science::sequence::{DRAWN, Sequence};

    const CAP: usize = Sequence::Drawn.last();
    use std::collections::BTreeMap;
    use std::ops::Range;

    const ITERATIONS: u32 = 20;
    /// More than any campaign of ours ranks by.
    const SEARCH_SEEDS: usize = 20;

    fn study() -> LoadedExperiment {
        newsvendor::experiment(3, true)
    }

    fn keys(study: &LoadedExperiment) -> Vec<&str> {
        study.scenarios.iter().map(|scenario| scenario.key.as_str()).collect()
    }

    /// What tells the cases of two seeds apart.
    fn described(cell: &PanelCell) -> String {
        cell.case.describe()
    }

    fn sealing(look: u32) -> Sealing {
        Sealing { champion: Some(CandidateId::of("champion")), meaning: Hash::of(b"what is measured"), look }
    }

    fn roles<'a>(
        main: &'a CandidateId,
        finalists: &'a [CandidateId],
        sealings: &'a [Sealing],
    ) -> Vec<(Role<'a>, Range<usize>)> {
        let verdicts = (1..=ITERATIONS).map(|iteration| (Role::Verdict { iteration, main }, 0..CAP));
        let looks = sealings.iter().map(|sealing| (Role::Sealed(sealing), 0..SEEDS[1]));
        let others = [(Role::Search, 0..SEARCH_SEEDS), (Role::Finals(finalists), 0..SEARCH_SEEDS)];
        let controls = [true, false].map(|setting| (Role::Controls { setting }, 0..SEARCH_SEEDS));
        others.into_iter().chain(controls).chain(looks).chain(verdicts).collect()
    }

    #[test]
    fn no_key_of_arrivals_or_draws_serves_two_roles_workloads_numbers_or_purposes() {
        let mut owners = BTreeMap::new();
        let study = study();
        let keys = keys(&study);
        let (main, finalists) = (CandidateId::of("main"), [CandidateId::of("a"), CandidateId::of("b")]);
        let sealings = [sealing(1), sealing(2)];
        for (role, numbers) in roles(&main, &finalists, &sealings) {
            for (key, number) in keys.iter().flat_map(|key| numbers.clone().map(move |number| (key, number))) {
                let seeds = Seeds::new(Nonce::of(1), role, key, number);
                for (purpose, seed) in [seeds.arrivals, seeds.draws[0], seeds.draws[1]].into_iter().enumerate() {
                    let owner = format!("{role:?}, {key}, seed {number}, purpose {purpose}");
                    if let Some(other) = owners.insert(seed, owner.clone()) {
                        panic!("seed {seed:#x} serves {other} and {owner}");
                    }
                }
            }
        }
        assert_eq!(owners.len(), keys.len() * 3 * (4 * SEARCH_SEEDS + 2 * SEEDS[1] + CAP * ITERATIONS as usize));
    }

    #[test]
    fn seeds_that_judge_a_source_follow_from_it_and_search_seeds_from_the_nonce_alone() {
        let seeds = |nonce: u128, role: Role<'_>| Seeds::new(Nonce::of(nonce), role, "balanced", 7);
        let (one, other) = (CandidateId::of("one"), CandidateId::of("other"));
        assert_ne!(seeds(1, Role::Search), seeds(2, Role::Search));
        let verdict = |main| seeds(1, Role::Verdict { iteration: 3, main });
        assert_eq!(verdict(&one), verdict(&one));
        assert_ne!(verdict(&one), verdict(&other));
        let finals = |of: &[CandidateId]| seeds(1, Role::Finals(of));
        assert_ne!(finals(std::slice::from_ref(&one)), finals(&[one.clone(), other.clone()]));
        let sealed = |sealing: Sealing| seeds(1, Role::Sealed(&sealing));
        let looks = [
            sealing(1),
            sealing(2),
            Sealing { champion: Some(other), ..sealing(1) },
            Sealing { meaning: Hash::of(b"something else"), ..sealing(1) },
        ];
        let distinct: std::collections::BTreeSet<u64> = looks.map(|look| sealed(look).arrivals).into();
        assert_eq!(distinct.len(), 4);
    }

    #[test]
    fn a_panel_meets_the_seeds_of_its_role() {
        let (study, nonce) = (study(), Nonce::of(5));
        let (main, finalists, sealing) = (CandidateId::of("main"), [CandidateId::of("a")], sealing(1));
        let panels = [
            (Panel::search(&study, nonce, 2).unwrap(), Role::Search, 0..2),
            (
                Panel::verdict(&study, nonce, (2, &main), &[0, 1, 2], 3..5).unwrap(),
                Role::Verdict { iteration: 2, main: &main },
                3..5,
            ),
            (Panel::finals(&study, nonce, &finalists).unwrap(), Role::Finals(&finalists), 0..FINAL_SEEDS),
            (Panel::sealed(&study, nonce, &sealing).unwrap(), Role::Sealed(&sealing), 0..SEEDS[0]),
        ];
        for (panel, role, numbers) in &panels {
            let on_study = &panel.cells[..study.scenarios.len() * numbers.len()];
            let of = |scenario: &Scenario| {
                let key = scenario.key.clone();
                numbers.clone().map(move |number| Seeds::new(nonce, *role, &key, number))
            };
            let expected: Vec<Seeds> = study.scenarios.iter().flat_map(of).collect();
            let draws: Vec<[u64; 2]> = expected.iter().map(|seeds| seeds.draws).collect();
            assert_eq!(on_study.iter().map(|cell| cell.draws).collect::<Vec<_>>(), draws);
            let scenarios = study.scenarios.iter().flat_map(|scenario| vec![scenario; numbers.len()]);
            for ((cell, seeds), Scenario { workload, .. }) in on_study.iter().zip(expected).zip(scenarios) {
                let case = workload.case(false, seeds.arrivals).unwrap();
                assert_eq!(described(cell), case.describe(), "{}, {role:?}", workload.name());
            }
        }
    }

    #[test]
    fn the_workloads_that_a_campaign_trains_on_are_in_no_other_panel() {
        let (study, sealing, finalists) = (study(), sealing(1), [CandidateId::of("a")]);
        let nonce = Nonce::of(1);
        let search = |nonce| Panel::search(&study, Nonce::of(nonce), 2).unwrap();
        let (one, two) = (search(1), search(2));
        assert_eq!((one.rows.clone(), one.drawn), ([vec![2; 3], vec![1; TRAINING]].concat(), TRAINING));
        assert_eq!(one.names, two.names);
        assert!(one.cells[6..].iter().zip(&two.cells[6..]).all(|(a, b)| described(a) != described(b)));
        let main = CandidateId::of("main");
        let sealed = Panel::sealed(&study, nonce, &sealing).unwrap();
        assert_eq!((sealed.rows.clone(), sealed.drawn), ([vec![SEEDS[0]; 3], vec![1; SEALED]].concat(), SEALED));
        let finals = Panel::finals(&study, nonce, &finalists).unwrap();
        assert_eq!((finals.rows.clone(), finals.drawn), ([vec![FINAL_SEEDS; 3], vec![1; FINAL]].concat(), FINAL));
        let controls = Panel::controls(&study, nonce, false, TRAINING).unwrap();
        assert_eq!((controls.rows.clone(), controls.drawn), (vec![1; TRAINING], TRAINING));
        let verdict = Panel::verdict(&study, nonce, (1, &main), &[2], 0..3).unwrap();
        assert_eq!((verdict.rows.clone(), verdict.drawn), (vec![3; 1 + DRAWN], DRAWN));
        for others in [&sealed, &finals, &controls, &verdict] {
            assert!(others.cells.iter().all(|other| one.cells.iter().all(|cell| cell.draws != other.draws)));
        }
    }

    #[test]
    fn each_verdict_seed_draws_workloads_of_its_own_and_the_same_whatever_is_asked_beside_or_before() {
        let (study, main) = (study(), CandidateId::of("main"));
        let drawn = |scenarios: &[usize], seeds| {
            let panel = Panel::verdict(&study, Nonce::of(1), (1, &main), scenarios, seeds).unwrap();
            let own = panel.cells[panel.counted()].iter().map(|cell| (described(cell), cell.draws));
            own.collect::<Vec<_>>()
        };
        let (all, last) = (drawn(&[], 0..4), drawn(&[1], 3..4));
        let distinct: std::collections::BTreeSet<_> = all.iter().map(|(what, _)| what).collect();
        assert_eq!((all.len(), distinct.len()), (4 * DRAWN, 4 * DRAWN));
        assert_eq!(all.iter().skip(3).step_by(4).collect::<Vec<_>>(), last.iter().collect::<Vec<_>>());
    }

    #[test]
    fn where_nothing_is_drawn_the_seal_holds_more_seeds_of_the_study() {
        let study = newsvendor::experiment(2, false);
        let sealed = Panel::sealed(&study, Nonce::of(1), &sealing(1)).unwrap();
        assert_eq!((sealed.rows.clone(), sealed.drawn), (vec![SEEDS[1]; 2], 0));
        let finals = Panel::finals(&study, Nonce::of(1), &[CandidateId::of("a")]).unwrap();
        assert_eq!((finals.rows.clone(), finals.drawn), (vec![study.experiment.seeds as usize; 2], 0));
    }
}
