//! A third of a panel: enough to see that a policy is hopeless, for a third of the trials.
//!
//! It is every third seed of each scenario of the study and every third drawn workload, each from the first. Which cells these
//! are is said here alone: what ran on a third is held against what ran on the whole panel, cut to the same cells.

/// One in so many.
const OF: usize = 3;

/// Which cells of a panel belong to its third.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Third {
    /// Position of each workload that belongs to it, and of its cells, in the panel's order: workload by workload, seed by seed.
    workloads: Vec<(usize, Vec<usize>)>,
    drawn: usize,
}

impl Third {
    /// The third of a panel with so many seeds of each workload, of which the last ones were drawn. None where none was: seeds of
    /// a few scenarios alone are too few to be divided.
    pub fn of(seeds: &[usize], drawn: usize) -> Option<Self> {
        let study = seeds.len() - drawn;
        let mut first = 0;
        let each = seeds.iter().enumerate().map(|(workload, seeds)| {
            let cells = (first..first + seeds).step_by(OF).collect();
            first += seeds;
            (workload, cells)
        });
        let kept = |workload: usize| workload < study || (workload - study).is_multiple_of(OF);
        let workloads: Vec<(usize, Vec<usize>)> = each.filter(|(workload, _)| kept(*workload)).collect();
        (drawn > 0).then(|| Third { drawn: workloads.len() - study, workloads })
    }

    /// How many of its workloads, the last ones, were drawn.
    pub fn drawn(&self) -> usize {
        self.drawn
    }

    /// Its part of what there is for each workload of the panel.
    pub fn workloads<T: Clone>(&self, all: &[T]) -> Vec<T> {
        self.workloads.iter().map(|(workload, _)| all[*workload].clone()).collect()
    }

    /// Its part of what there is for each cell of the panel.
    pub fn cells<T: Clone>(&self, all: &[T]) -> Vec<T> {
        self.workloads.iter().flat_map(|(_, cells)| cells).map(|cell| all[*cell].clone()).collect()
    }

    /// Seeds of each of its workloads.
    pub fn seeds(&self) -> Vec<usize> {
        self.workloads.iter().map(|(_, cells)| cells.len()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_holds_every_scenario_of_the_study_and_every_third_seed_and_drawn_workload() {
        let third = Third::of(&[4, 2, 1, 1, 1, 1], 4).unwrap();
        assert_eq!(third.workloads(&["near", "far", "a", "b", "c", "d"]), ["near", "far", "a", "d"]);
        assert_eq!((third.seeds(), third.drawn()), (vec![2, 1, 1, 1], 2));
        assert_eq!(third.cells(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), [0, 3, 4, 6, 9]);
    }

    #[test]
    fn a_panel_without_drawn_workloads_has_no_third() {
        assert_eq!(Third::of(&[12; 8], 0), None);
    }
}
