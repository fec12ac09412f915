//! What only a problem can say in the prompts.

use std::borrow::Cow;

/// The parts of the prompts that only a problem can say; all else is made of its spec, the experiment and the record.
///
/// All but the first two are templates under the names of their fields. They may use what prompts are filled with, as in
/// `{{setting.reference}}`, and a user may replace each of them as any other template.
#[derive(Clone, Debug)]
pub struct Passages {
    /// The name of the contract crate, as in `use NAME::prelude::*;`.
    pub contract: Cow<'static, str>,
    /// The trait of the contract that a candidate's `Policy` implements.
    pub hook: Cow<'static, str>,
    /// What a policy is part of and what it decides; what baseline and reference do; what misleads.
    pub system: Cow<'static, str>,
    /// What gain, cost and figures mean in practice, beyond their meanings in the spec: entries of a list.
    pub scoring: Cow<'static, str>,
    /// How candidates are probed, and what the numbers that this yields mean.
    pub probing: Cow<'static, str>,
    /// Rules of the code beyond those of Rust without a standard library: entries of a list.
    pub rules: Cow<'static, str>,
    /// Questions that planning may ask: entries of a list.
    pub questions: Cow<'static, str>,
    /// An example of a bundle as a planner's reply has it: a JSON object.
    pub bundle: Cow<'static, str>,
    /// An example of a lesson as an extractor's reply has it: a JSON object that cites `F4.main` and excludes `{{example}}`.
    pub lesson: Cow<'static, str>,
    /// How a policy comes to do what it must never do.
    pub violation: Cow<'static, str>,
    /// How its answers come to depend on what they must not depend on; empty where nothing is known.
    pub invariance: Cow<'static, str>,
}

/// The names of those that are templates.
pub(super) const NAMES: [&str; 9] =
    ["system", "scoring", "probing", "rules", "questions", "bundle", "lesson", "violation", "invariance"];

impl Passages {
    /// The texts of those that are templates, by name.
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Passages {
            contract: _,
            hook: _,
            system,
            scoring,
            probing,
            rules,
            questions,
            bundle,
            lesson,
            violation,
            invariance,
        } = self;
        let texts = [system, scoring, probing, rules, questions, bundle, lesson, violation, invariance];
        NAMES.into_iter().zip(texts.map(AsRef::as_ref))
    }
}
