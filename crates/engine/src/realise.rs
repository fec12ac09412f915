//! Any point of the design space as a policy that runs, without an agent and without compiling again.

use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::policy::{self, Policy, Tunable};
use crate::scale::{SCALE, Scalable};
use sandbox::{Artifact, Sandbox};
use science::scale::Guess;
use science::space::{Dimension, Point, Value};

/// The experiment's `space` source, compiled: one policy that acts as every point.
#[derive(Clone, Debug)]
pub struct Points {
    artifact: Artifact,
    /// What the policy takes, in its order, each with its dimension; the scale has none.
    tunables: Vec<(Tunable, Option<Dimension>)>,
}

impl Points {
    /// Compiles the experiment's `space` source; none if it names none. A dimension without a tunable of its name and
    /// range, or a tunable without a dimension that is not the scale, is an error: a point would not be what it says.
    pub fn of(loaded: &LoadedExperiment, sandbox: &Sandbox) -> Result<Option<Points>, EngineError> {
        let Some(name) = &loaded.experiment.space_source else { return Ok(None) };
        let wrong = |problem: String| loaded.wrong("space", format!("`{name}`: {problem}"));
        let Policy::Candidate { artifact, .. } = Policy::named(loaded, "space", name, sandbox)? else {
            return Err(wrong("it is no file of candidate source".into()));
        };
        let tunables = policy::described(&artifact, sandbox)?.map_err(|outcome| wrong(outcome.to_string()))?;
        let dimensions = &loaded.experiment.dimensions;
        let missing = dimensions.iter().find(|d| !tunables.iter().any(|tunable| tunable.name == d.name));
        if let Some(dimension) = missing {
            return Err(wrong(format!("the dimension `{}` has no tunable of its name", dimension.name)));
        }
        if dimensions.iter().any(|dimension| dimension.name == SCALE) {
            let problem = "`scale` is set to equal gain for each point: it is no dimension";
            return Err(loaded.wrong("dimension", problem.to_owned()));
        }
        let paired = tunables.into_iter().map(|tunable| {
            if tunable.name == SCALE {
                return Ok((tunable, None));
            }
            let Some(dimension) = dimensions.iter().find(|dimension| dimension.name == tunable.name) else {
                return Err(wrong(format!("its tunable `{}` is no dimension of the experiment", tunable.name)));
            };
            let [low, high] = dimension.range.unwrap_or([0.0, dimension.values.len() as f64 - 1.0]);
            if !(tunable.low <= low && high <= tunable.high) {
                let (name, least, most) = (&tunable.name, tunable.low, tunable.high);
                return Err(wrong(format!(
                    "its tunable `{name}` runs from {least} to {most} only, the dimension from {low} to {high}"
                )));
            }
            Ok((tunable, Some(dimension.clone())))
        });
        Ok(Some(Points { artifact, tunables: paired.collect::<Result<_, _>>()? }))
    }

    /// The point that its own defaults are.
    pub(crate) fn start(&self) -> Point {
        let dimensions =
            || self.tunables.iter().filter_map(|(own, dimension)| Some((dimension.as_ref()?, own.default)));
        let value = |(dimension, default): (&Dimension, f64)| {
            let choice = dimension.values.get(default as usize).map(|choice| Value::Choice(choice.clone()));
            (dimension.name.clone(), choice.unwrap_or(Value::Number(default)))
        };
        let all: Point = dimensions().map(value).collect();
        let there = |name: &String| dimensions().any(|(d, _)| d.name == *name && d.exists_at(&all));
        all.iter().filter(|(name, _)| there(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The policy at a point with this value for its scale; a dimension that does not exist there keeps the source's default.
    pub fn policy(&self, point: &Point, scale: Option<f64>) -> Policy {
        let own = |(tunable, _): &(Tunable, Option<Dimension>)| tunable.name == SCALE;
        let mut parameters = self.parameters(point);
        if let (Some(at), Some(scale)) = (self.tunables.iter().position(own), scale) {
            parameters[at] = scale;
        }
        Policy::Candidate { artifact: self.artifact.clone(), parameters }
    }

    /// The policy at a point with a scale that is to be set, beginning from the guess.
    pub(crate) fn scalable(&self, point: &Point, guess: Option<Guess>) -> Scalable {
        let tunables: Vec<Tunable> = self.tunables.iter().map(|(tunable, _)| tunable.clone()).collect();
        Scalable::new(self.artifact.clone(), &tunables, self.parameters(point), guess)
    }

    /// What the source is to be started with to act as a point.
    fn parameters(&self, point: &Point) -> Vec<f64> {
        let value = |(tunable, dimension): &(Tunable, Option<Dimension>)| {
            let own = dimension.as_ref().and_then(|dimension| Some((dimension, point.get(&dimension.name)?)));
            match own {
                Some((_, Value::Number(value))) => *value,
                Some((dimension, Value::Choice(choice))) => {
                    dimension.values.iter().position(|value| value == choice).map_or(tunable.default, |at| at as f64)
                }
                None => tunable.default,
            }
        };
        self.tunables.iter().map(value).collect()
    }
}
