//! Any point of the design space as a policy that runs, without an agent and without compiling again.

use crate::error::EngineError;
use crate::experiment::LoadedExperiment;
use crate::policy::{self, Policy};
use sandbox::{Artifact, Sandbox};
use science::space::{Dimension, Point, Value};

/// The experiment's `space` source, compiled: one policy that acts as every point.
#[derive(Clone, Debug)]
pub struct Points {
    artifact: Artifact,
    /// For each tunable, in the order in which the policy takes them, its dimension and its default.
    tunables: Vec<(Dimension, f64)>,
}

impl Points {
    /// Compiles the experiment's `space` source; none if it names none. A dimension without a tunable of its name and
    /// range, or a tunable without a dimension, is an error: a point would not be what it says.
    pub fn of(loaded: &LoadedExperiment, sandbox: &Sandbox) -> Result<Option<Points>, EngineError> {
        let Some(name) = &loaded.experiment.space_source else { return Ok(None) };
        let wrong = |problem: String| loaded.wrong("space", format!("`{name}`: {problem}"));
        let Policy::Candidate { artifact, .. } = Policy::named(loaded, "space", name, sandbox)? else {
            return Err(wrong("it is no file of candidate source".into()));
        };
        let session = sandbox.start(&artifact, &[])?.map_err(|outcome| wrong(outcome.to_string()))?;
        let tunables = policy::tunables(&session.describe());
        let dimensions = &loaded.experiment.dimensions;
        let missing = dimensions.iter().find(|d| !tunables.iter().any(|tunable| tunable.name == d.name));
        if let Some(dimension) = missing {
            return Err(wrong(format!("the dimension `{}` has no tunable of its name", dimension.name)));
        }
        let paired = tunables.into_iter().map(|tunable| {
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
            Ok((dimension.clone(), tunable.default))
        });
        Ok(Some(Points { artifact, tunables: paired.collect::<Result<_, _>>()? }))
    }

    /// The point that its own defaults are.
    pub(crate) fn start(&self) -> Point {
        let value = |(dimension, default): &(Dimension, f64)| {
            let choice = dimension.values.get(*default as usize).map(|choice| Value::Choice(choice.clone()));
            (dimension.name.clone(), choice.unwrap_or(Value::Number(*default)))
        };
        let all: Point = self.tunables.iter().map(value).collect();
        let there = |name: &String| self.tunables.iter().any(|(d, _)| d.name == *name && d.exists_at(&all));
        all.iter().filter(|(name, _)| there(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// The policy at a point; a dimension that does not exist there keeps the source's default.
    pub fn policy(&self, point: &Point) -> Policy {
        Policy::Candidate { artifact: self.artifact.clone(), parameters: self.parameters(point) }
    }

    /// The compiled source, which is the same at every point.
    pub(crate) fn artifact(&self) -> &Artifact {
        &self.artifact
    }

    /// What the source is to be started with to act as a point.
    pub(crate) fn parameters(&self, point: &Point) -> Vec<f64> {
        let value = |(dimension, default): &(Dimension, f64)| match point.get(&dimension.name) {
            Some(Value::Number(value)) => *value,
            Some(Value::Choice(choice)) => {
                dimension.values.iter().position(|value| value == choice).map_or(*default, |at| at as f64)
            }
            None => *default,
        };
        self.tunables.iter().map(value).collect()
    }
}
