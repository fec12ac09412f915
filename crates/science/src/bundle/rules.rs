//! What makes a bundle one that can be judged.

use super::{
    ARMS, Arm, ArmKind, Bundle, NAME, Prediction, Relation, SIDES, SIZES, Side, VARIANTS, consistency, sizing,
};
use crate::spec::{Metric, Spec};
use crate::text;

impl Bundle {
    /// Says what is wrong with a bundle as such, if anything is. `scenarios` are the experiment's.
    pub fn check(&self, scenarios: &[String], spec: &Spec) -> Result<(), String> {
        match self.arms.first() {
            None => return Err("the bundle has no arm".into()),
            Some(arm) if arm.kind != ArmKind::Main => return Err("the first arm must be of kind `main`".into()),
            Some(_) => {}
        }
        if self.arms.len() > ARMS {
            return Err(format!("the bundle has {} arms; at most {ARMS} are taken", self.arms.len()));
        }
        for (at, arm) in self.arms.iter().enumerate() {
            let earlier = &self.arms[..at];
            let fail = |problem: String| Err(format!("arm `{}`: {problem}", arm.name));
            if !is_word(&arm.name) {
                return fail(format!("its name must be one word of at most {NAME} characters"));
            }
            if earlier.iter().any(|other| other.name == arm.name) {
                return fail("its name is used twice".into());
            }
            if at > 0 && arm.kind == ArmKind::Main {
                return fail("a bundle has one `main` arm".into());
            }
            if !arm.design.variants.is_empty() && (self.arms.len() > 1 || !self.components.is_empty()) {
                return fail("it tries variants of one idea, so it takes no other arm and names no component".into());
            }
            if let Err(problem) = arm.check(scenarios, earlier, spec) {
                return fail(problem);
            }
        }
        Ok(())
    }
}

/// Whether a text is one word that can be seen, and no longer than a name may be.
pub(crate) fn is_word(name: &str) -> bool {
    text::is_name(name, NAME) && !name.contains(char::is_whitespace)
}

impl Arm {
    fn check(&self, scenarios: &[String], earlier: &[Arm], spec: &Spec) -> Result<(), String> {
        if let Some(unknown) =
            self.design.uses.iter().find(|name| !spec.inputs.iter().any(|input| input.name == **name))
        {
            let unknown = text::clip(unknown, NAME);
            return Err(format!("its design uses `{unknown}`, which is no input of the problem"));
        }
        let designs = 1 + self.design.variants.len();
        if designs > VARIANTS {
            return Err(format!("its design has {designs} variants; it takes at most {VARIANTS}"));
        }
        if designs > 1 && self.design.candidate.is_some() {
            return Err("it takes a candidate as it stands, so there is nothing to vary".into());
        }
        self.prediction.check(scenarios, earlier, spec)
    }
}

impl Prediction {
    fn check(&self, scenarios: &[String], earlier: &[Arm], spec: &Spec) -> Result<(), String> {
        let Some(metric) = spec.metric(&self.metric) else {
            let (unknown, known) = (text::clip(&self.metric, NAME), names(spec));
            return Err(format!("its metric `{unknown}` is none that claims may be about ({known})"));
        };
        let name = metric.name();
        let for_the_panel_only = matches!(metric, Metric::Worth(_));
        let (Relation::AtLeast(size) | Relation::Within(size)) = self.relation;
        let [least, largest] = SIZES;
        if !(least..=largest).contains(&size) {
            return Err(format!(
                "the size of its relation is {size:e}; it must be above zero, from {least:e} to {largest}"
            ));
        }
        if !(0.0..=1.0).contains(&self.confidence) {
            return Err(format!("its confidence is {}; it must lie in 0..1", self.confidence));
        }
        if let Some([low, high]) = self.interval
            && !(-largest <= low && low < high && high <= largest)
        {
            return Err(format!(
                "its interval goes from {low:e} to {high:e}; its low end must lie below its high end, both within {largest} of zero"
            ));
        }
        if let (Relation::AtLeast(size), Some(most)) = (self.relation, self.at_most)
            && !(most > size && most <= largest)
        {
            return Err(format!("its effect is claimed to be at least {size} and at most {most:e}"));
        }
        if self.at_most.is_some() && matches!(self.relation, Relation::Within(_)) {
            return Err("`at_most` belongs to `at-least`".into());
        }
        if for_the_panel_only && self.each {
            return Err(format!("{name} exists for the whole panel only; it cannot be claimed of each scenario"));
        }
        if self.against.is_empty() {
            return Err("its prediction compares with nothing".into());
        }
        if self.against.len() > SIDES {
            return Err(format!("its prediction compares with {} sides; it takes at most {SIDES}", self.against.len()));
        }
        if (1..self.against.len()).any(|at| self.against[..at].contains(&self.against[at])) {
            return Err("its prediction compares with the same side twice".into());
        }
        if self.scope.len() > scenarios.len()
            || (1..self.scope.len()).any(|at| self.scope[..at].contains(&self.scope[at]))
        {
            return Err("its scope names a scenario twice".into());
        }
        if let Some(name) = self.scope.iter().find(|name| !scenarios.contains(name)) {
            return Err(format!("its scope names `{name}`, which is no scenario of the experiment"));
        }
        if for_the_panel_only && !self.scope.is_empty() {
            return Err(format!("{name} exists for the whole panel only; leave `scope` empty"));
        }
        for side in &self.against {
            if let Side::Arm(name) = side
                && !earlier.iter().any(|arm| arm.name == *name)
            {
                return Err(format!("it compares with arm `{name}`, which is not an earlier arm"));
            }
        }
        Ok(())
    }
}

/// The largest difference that a main arm may call none, in the metric's unit: a tenth of what the reference pays, or ten
/// points.
const EQUAL: f64 = 0.1;

impl Bundle {
    /// Says what a planner's bundle lacks beyond that, if anything: an arm that its change asks for, or a main claim about
    /// more than a constant that can fail.
    pub fn check_arms(&self, spec: &Spec) -> Result<(), String> {
        sizing::check(self)?;
        consistency::check(self, spec)?;
        let main = &self.arms[0].prediction;
        let worth = &spec.aim.worth_name().name;
        match main.relation {
            Relation::AtLeast(_) if main.metric != *worth => Err(format!(
                "the main arm claims more {}, which follows from a constant; let it claim {worth}",
                main.metric
            )),
            Relation::Within(size) if size > EQUAL => Err(format!(
                "the main arm claims a difference within {size}, which hardly any two policies exceed; {EQUAL} is the most"
            )),
            _ => Ok(()),
        }
    }
}

/// What claims may be about, in words.
fn names(spec: &Spec) -> String {
    spec.claimable().map(|metric| metric.name().to_owned()).collect::<Vec<_>>().join(", ")
}
