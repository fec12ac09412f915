//! What prompts say of flow control.

use agents::llm::Passages;

/// The parts of the prompts that only flow control can say.
pub(super) fn passages() -> Passages {
    Passages {
        contract: "limiter".into(),
        hook: "Limiter".into(),
        system: include_str!("passages/system.hbs").into(),
        scoring: include_str!("passages/scoring.hbs").into(),
        probing: include_str!("passages/probing.hbs").into(),
        rules: include_str!("passages/rules.hbs").into(),
        questions: include_str!("passages/questions.hbs").into(),
        bundle: include_str!("passages/bundle.hbs").into(),
        lesson: include_str!("passages/lesson.hbs").into(),
        violation: include_str!("passages/violation.hbs").into(),
        // Nothing is known on which an answer must not depend.
        invariance: "".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::spec;
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// The JSON of a passage, with nothing excluded.
    fn json(passage: &str) -> Value {
        serde_json::from_str(&passage.replace("{{example}}", "null")).unwrap()
    }

    #[test]
    fn the_example_of_a_bundle_speaks_of_what_flow_control_has() {
        let (spec, bundle) = (spec::spec(), json(&passages().bundle));
        for arm in bundle["arms"].as_array().unwrap() {
            assert!(spec.metric(arm["metric"].as_str().unwrap()).is_some(), "{arm}");
            let known: BTreeSet<&str> = spec.inputs.iter().map(|input| input.name.as_str()).collect();
            let uses = arm["uses"].as_array().unwrap().iter().map(|input| input.as_str().unwrap());
            assert!(uses.collect::<BTreeSet<_>>().is_subset(&known), "{arm}");
        }
        assert_eq!(bundle["arms"][0]["metric"], spec.aim.worth_name().name.as_str());
    }

    #[test]
    fn the_example_of_a_lesson_is_one_that_is_new() {
        let lesson = json(&passages().lesson);
        assert_eq!((&lesson["action"], &lesson["evidence"][0]), (&"insert".into(), &"F4.main".into()));
    }

    #[test]
    fn templates_with_these_passages_can_be_read() {
        let own = passages().texts().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        assert_eq!(agents::llm::Templates::with(&own).map(|_| ()), Ok(()));
    }
}
