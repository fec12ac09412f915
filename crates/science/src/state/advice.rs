//! What the findings of an iteration ask of the next plan.

use super::State;
use crate::bundle::{ArmKind, Bundle, Prediction, Relation, Side};
use crate::effect::{Comparison, Series};
use crate::fastfail::{self, Advice, DOMINANT};
use crate::judge::{Finding, Verdict, certainly_positive};
use crate::objective::Measurement;

impl State {
    /// Says why a claim of a bundle could not be tested whatever is written for it, if that is known: it is held against what never ran,
    /// or its design is its parent's.
    pub(super) fn check_sides(&self, bundle: &Bundle) -> Result<(), String> {
        for arm in &bundle.arms {
            let ended = arm.prediction.against.iter().find_map(|side| match side {
                Side::Candidate(id) if !self.is_measured(id) || self.measured(side).is_err() => Some(id),
                _ => None,
            });
            if let Some(id) = ended {
                let became = self.candidates[id].outcome.map_or("was not measured", |outcome| outcome.as_str());
                let (name, id) = (&arm.name, id.short());
                return Err(format!("arm `{name}` compares with candidate {id}, which was not scored: {became}"));
            }
        }
        let (main, Side::Candidate(parent)) = (&bundle.arms[0], &bundle.parent) else { return Ok(()) };
        let (design, parent) = (&main.design, &self.candidates[parent].candidate);
        let stays = design.variants.is_empty()
            && design.point.is_some()
            && design.point == parent.point
            && bundle.components.is_empty();
        let claims = matches!(main.prediction.relation, Relation::AtLeast(_));
        match stays && claims && design.candidate.is_none() && main.prediction.against == [bundle.parent.clone()] {
            true => Err(format!(
                "arm `{}` claims to be worth more than its parent, names no component, and lies at its parent's own point: \
                 say what it changes",
                main.name
            )),
            false => Ok(()),
        }
    }

    /// Why an arm of the bundle under way need not be tried, as far as is known by now; none if it must.
    pub fn spared(&self, arm: usize) -> Option<String> {
        fastfail::skip(self.bundle(), arm, &self.findings(), self.current().advice.as_ref())
    }

    /// What the findings so far ask for, if anything.
    pub(super) fn advice(&self) -> Option<Advice> {
        let (bundle, findings) = (self.bundle(), self.findings());
        if let Some(control) = fastfail::confounded(bundle, &findings) {
            return Some(Advice::Redesign { control: control.name.clone() });
        }
        let main = findings.first().copied().flatten()?;
        let holds = matches!(main.verdict, Verdict::Confirmed | Verdict::PartiallyConfirmed);
        let [a, b] = bundle.components.as_slice() else { return None };
        let component = [(a, b), (b, a)].into_iter().find(|(_, other)| holds && self.suffices_without(other))?.0;
        Some(Advice::Simplify { component: component.clone() })
    }

    fn findings(&self) -> Vec<Option<&Finding>> {
        self.current().arms.iter().map(|arm| arm.finding.as_ref()).collect()
    }

    /// Whether the main design without this component keeps more than [`DOMINANT`] of its effect over the parent, by the
    /// sequence on the verdict seeds. Seed by seed (without − parent) − 0.8 · (main − parent): a contrast, since a ratio of
    /// two noisy effects has no honest interval.
    fn suffices_without(&self, component: &str) -> bool {
        let bundle = self.bundle();
        let main = &bundle.arms[0].prediction;
        let ablations = bundle.arms.iter().enumerate().filter(|(_, arm)| arm.kind == ArmKind::Ablation);
        let mut ablations = ablations.filter(|(_, arm)| arm.design.without.as_deref() == Some(component));
        let (Relation::AtLeast(_), Some((at, arm))) = (main.relation, ablations.next()) else { return false };
        if arm.prediction.metric != main.metric {
            return false;
        }
        let (Some(without), Some(full)) = (self.of_arm(at), self.of_arm(0)) else { return false };
        let (Some(without), Some(full)) = (self.gain(without, main), self.gain(full, main)) else { return false };
        let contrast = without.values.iter().zip(&full.values).map(|(w, f)| w - DOMINANT * f).collect();
        certainly_positive(&Series { values: contrast, ..without })
    }

    /// The effect over the bundle's parent, seed by seed as far as both ran.
    fn gain(&self, left: &Measurement, prediction: &Prediction) -> Option<Series> {
        let against = self.current().against.as_ref()?;
        let right = match self.resolved(&self.bundle().parent)? {
            Side::Baseline => None,
            side => Some(self.ran(&side)?),
        };
        let both = right.into_iter().chain([left, &against.reference]).map(super::verdict::seeds).min()?;
        let comparison = Comparison { right: vec![right], ..self.compared(left, against) };
        Some(comparison.effects(prediction, both).mean)
    }

    fn of_arm(&self, at: usize) -> Option<&Measurement> {
        self.ran(&Side::Candidate(self.current().arms[at].candidate.clone()?))
    }

    fn ran(&self, policy: &Side) -> Option<&Measurement> {
        self.tested(policy)?.ok()
    }
}
