//! Which seeds a trial has: a function of the campaign seed, the seed's role, the scenario and a number, and of nothing
//! else.
//!
//! Roles never share a seed. A claim is suggested by what was seen on the search seeds, and one tested on the seeds that
//! suggested it would be confirmed too often.

use science::id::Hash;
use science::keyed;

/// What a seed is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'a> {
    /// Ranking candidates: the same seeds for the whole campaign.
    Search,
    /// Ranking candidates on the workloads that a campaign draws for itself.
    Training,
    /// Verdicts of this iteration.
    Verdict(u32),
    /// Choosing among the finalists of a campaign.
    Finals,
    /// The one look at the champion, once the record with this digest is frozen.
    Sealed(&'a Hash),
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
    /// Those of the seed with this number, in one scenario.
    pub fn new(campaign_seed: u64, role: Role<'_>, scenario: &str, number: usize) -> Self {
        let (name, of) = match role {
            Role::Search => ("search", None),
            Role::Training => ("training", None),
            Role::Finals => ("finals", None),
            Role::Verdict(iteration) => ("verdict", Some(iteration.to_string())),
            Role::Sealed(digest) => ("sealed", Some(digest.as_str().to_owned())),
        };
        let number = number.to_string();
        let key = |purpose: &str| {
            let role = [purpose, name].into_iter().chain(of.as_deref());
            let parts: Vec<&str> = role.chain([scenario, number.as_str()]).collect();
            keyed::seed(&parts, campaign_seed)
        };
        Seeds { arrivals: key("arrivals"), draws: [key("draws"), key("other draws")] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::LoadedExperiment;
    use crate::panel::Panel;
    use crate::population::{SEALED as SEALED_WORKLOADS, TRAINING};
    use science::seal::SEEDS as SEALED;
    use science::sequence::CAP;
    use std::collections::BTreeMap;
    use std::ops::Range;
    use std::path::Path;

    const ITERATIONS: u32 = 20;
    /// More than any campaign of ours ranks by.
    const SEARCH_SEEDS: usize = 20;

    fn study() -> LoadedExperiment {
        LoadedExperiment::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/admission")).unwrap()
    }

    fn roles(digest: &Hash) -> impl Iterator<Item = (Role<'_>, Range<usize>)> {
        let verdicts = (1..=ITERATIONS).map(|iteration| (Role::Verdict(iteration), 0..CAP));
        let others =
            [(Role::Search, 0..SEARCH_SEEDS), (Role::Finals, 0..SEARCH_SEEDS), (Role::Sealed(digest), 0..SEALED)];
        others.into_iter().chain(verdicts)
    }

    #[test]
    fn no_key_of_arrivals_or_draws_serves_two_roles_scenarios_numbers_or_purposes() {
        let mut owners = BTreeMap::new();
        let names = study().scenario_names();
        for (role, numbers) in roles(&Hash::of(b"a record")) {
            for (scenario, number) in names.iter().flat_map(|name| numbers.clone().map(move |number| (name, number))) {
                let seeds = Seeds::new(1, role, scenario, number);
                for (purpose, key) in [seeds.arrivals, seeds.draws[0], seeds.draws[1]].into_iter().enumerate() {
                    let owner = format!("{role:?}, {scenario}, seed {number}, purpose {purpose}");
                    if let Some(other) = owners.insert(key, owner.clone()) {
                        panic!("key {key:#x} serves {other} and {owner}");
                    }
                }
            }
        }
        assert_eq!(owners.len(), names.len() * 3 * (2 * SEARCH_SEEDS + SEALED + CAP * ITERATIONS as usize));
    }

    #[test]
    fn another_campaign_has_other_seeds() {
        let of = |campaign_seed| Seeds::new(campaign_seed, Role::Verdict(3), "balanced_near", 7);
        assert_eq!(of(1), of(1));
        assert!(of(1).arrivals != of(2).arrivals && of(1).draws[0] != of(2).draws[0]);
    }

    #[test]
    fn a_panel_meets_the_seeds_of_its_role() {
        let study = study();
        let digest = Hash::of(b"a record");
        let panels = [
            (Panel::search(&study, 5, 2).unwrap(), Role::Search, [0, 1]),
            (Panel::verdict(&study, 5, 2, 3..5).unwrap(), Role::Verdict(2), [3, 4]),
            (Panel::finals(&study, 5, 2).unwrap(), Role::Finals, [0, 1]),
            (Panel::sealed(&study, &digest, 2).unwrap(), Role::Sealed(&digest), [0, 1]),
        ];
        for (panel, role, numbers) in &panels {
            let names = study.scenario_names();
            let on_study = &panel.cells[..names.len() * 2];
            let campaign_seed = if matches!(role, Role::Sealed(_)) { 0 } else { 5 };
            let seeds = |name, number| Seeds::new(campaign_seed, *role, name, number);
            let expected = names.iter().flat_map(|name| numbers.map(|number| seeds(name, number)));
            let draws: Vec<[u64; 2]> = expected.clone().map(|seeds| seeds.draws).collect();
            assert_eq!(on_study.iter().map(|cell| cell.draws).collect::<Vec<_>>(), draws);
            let scenario = study.scenarios.iter().flat_map(|scenario| [scenario; 2]);
            for ((cell, seeds), scenario) in on_study.iter().zip(expected).zip(scenario) {
                let arrivals = scenario.arrivals(seeds.arrivals, |_| unreachable!("the study has no traces")).unwrap();
                assert_eq!(cell.arrivals, arrivals, "{}, {role:?}", scenario.name);
            }
        }
    }

    #[test]
    fn the_workloads_that_a_campaign_trains_on_are_in_no_other_panel() {
        let (study, digest) = (study(), Hash::of(b"a record"));
        let search = |campaign_seed| Panel::search(&study, campaign_seed, 2).unwrap();
        let (one, two) = (search(1), search(2));
        assert_eq!((one.rows.clone(), one.drawn), ([vec![2; 8], vec![1; TRAINING]].concat(), TRAINING));
        assert_eq!(one.names, two.names);
        assert!(one.cells[16..].iter().zip(&two.cells[16..]).all(|(a, b)| a.arrivals != b.arrivals));
        assert_eq!(Panel::verdict(&study, 1, 1, 0..2).unwrap().drawn, 0);
        let sealed = Panel::sealed_workloads(&study, &digest).unwrap();
        assert_eq!((sealed.rows.len(), sealed.drawn), (SEALED_WORKLOADS, SEALED_WORKLOADS));
        let finals = Panel::finals(&study, 1, 2).unwrap();
        assert_eq!((finals.rows.clone(), finals.drawn), (one.rows.clone(), TRAINING));
        for others in [&sealed, &finals] {
            assert!(others.cells.iter().all(|other| one.cells.iter().all(|cell| cell.draws != other.draws)));
        }
    }
}
