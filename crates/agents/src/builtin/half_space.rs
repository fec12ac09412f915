//! Half spaces: the low or the high side of one dimension, or one of its choices, which a principle may forbid.

use science::short::rounded;
use science::space::{Constraint, Dimension, Point, Space, Value, Within};

/// Steps of prior mass in which half spaces grow.
const STEPS: u32 = 20;
/// Prior mass that is left between a good policy and what is forbidden, and the most that is forbidden beyond a bad one alone.
const BERTH: f64 = 0.1;

/// One side of a dimension.
pub(super) struct Half<'a> {
    dimension: &'a Dimension,
    /// Whether it is the low side.
    below: bool,
    /// What forbids it.
    pub(super) constraint: Constraint,
}

/// The low and the high side of each dimension but the scale, in steps; and each choice.
pub(super) fn halves<'a>(space: &'a Space, scale: Option<&'a str>) -> impl Iterator<Item = Half<'a>> {
    let dimensions = space.dimensions.iter().filter(move |dimension| Some(dimension.name.as_str()) != scale);
    dimensions.flat_map(move |dimension| {
        let numeric = dimension.range.into_iter().flat_map(move |range| {
            let sides = (1..STEPS).flat_map(|step| [(step, true), (step, false)]);
            sides.filter_map(move |(step, below)| Half::at(dimension, range, f64::from(step) / f64::from(STEPS), below))
        });
        // A choice with dimensions of its own is more than was tried of it.
        let plain = move |choice: &&String| !space.dimensions.iter().any(|d| d.exists_under(&dimension.name, choice));
        let choices = dimension.values.iter().filter(plain).map(move |choice| {
            let within = Within::OneOf(vec![choice.clone()]);
            let constraint = Constraint { excludes: [(dimension.name.clone(), within)].into() };
            Half { dimension, below: true, constraint }
        });
        numeric.chain(choices)
    })
}

impl<'a> Half<'a> {
    /// What lies below or above a share of a dimension's prior, by an edge that a person would write.
    fn at(dimension: &'a Dimension, [low, high]: [f64; 2], mass: f64, below: bool) -> Option<Self> {
        let Value::Number(edge) = dimension.at_mass(mass) else { return None };
        let edge = rounded(edge, 2);
        let ends = if below { [low, edge] } else { [edge, high] };
        let constraint = Constraint { excludes: [(dimension.name.clone(), Within::Range(ends))].into() };
        (ends[0] < ends[1]).then_some(Half { dimension, below, constraint })
    }

    /// Whether a policy that lost lies inside, and the one that it lost against does not.
    pub(super) fn divides(&self, loser: &Point, winner: &Point) -> bool {
        self.constraint.excludes(loser) && !self.constraint.excludes(winner)
    }

    /// Whether a policy losing against another shows so much: this side divides them, and reaches no further than half way from
    /// what lost to what won, or not far beyond what lost where the winner has no such dimension.
    ///
    /// To forbid doing without something takes an ablation: policies that differ in other things than this one and their
    /// `scale` do not show that it was this one.
    pub(super) fn is_shown(&self, loser: &Point, winner: &Point, scale: Option<&str>) -> bool {
        if !self.divides(loser, winner) {
            return false;
        }
        let reaches = match (self.edge(), self.mass_at(loser)) {
            (Some(edge), Some(lost)) => {
                let (edge, won) = (self.dimension.mass_below(edge), self.mass_at(winner));
                if self.below {
                    edge <= won.map_or(lost + BERTH, |won| f64::midpoint(lost, won))
                } else {
                    edge >= won.map_or(lost - BERTH, |won| f64::midpoint(lost, won))
                }
            }
            _ => true,
        };
        let aside = |name: &String| *name == self.dimension.name || Some(name.as_str()) == scale;
        let is_ablation = || loser.iter().all(|(name, value)| aside(name) || winner.get(name) == Some(value));
        reaches && (!self.forbids_to_do_without() || is_ablation())
    }

    /// Whether it excludes a choice, or a weighting of zero: that something is needed.
    fn forbids_to_do_without(&self) -> bool {
        let without: Point = [(self.dimension.name.clone(), Value::Number(0.0))].into();
        // What exists only under some choice is no weighting, and has no such zero.
        let weighting = self.dimension.parent.is_empty() && self.constraint.excludes(&without);
        self.dimension.range.is_none() || weighting
    }

    /// Whether a point lies inside, or not far enough outside.
    pub(super) fn is_near(&self, point: &Point) -> bool {
        match (self.edge(), self.mass_at(point)) {
            (Some(edge), Some(at)) => {
                let edge = self.dimension.mass_below(edge);
                if self.below { at <= edge + BERTH } else { at >= edge - BERTH }
            }
            _ => self.constraint.excludes(point),
        }
    }

    /// Whether it is the same side of the same dimension that a constraint is about.
    pub(super) fn widens(&self, before: &Constraint) -> bool {
        match (before.excludes.get(&self.dimension.name), self.within()) {
            // Either begins where the dimension does; where they end may differ.
            (Some(Within::Range(before)), Within::Range(own)) => {
                let outer = usize::from(!self.below);
                before[outer] == own[outer]
            }
            (before, own) => before == Some(own),
        }
    }

    /// The part of the dimension.
    fn within(&self) -> &Within {
        &self.constraint.excludes[&self.dimension.name]
    }

    /// Where it ends inside of the dimension; none for a choice.
    fn edge(&self) -> Option<f64> {
        match self.within() {
            Within::Range([low, high]) => Some(if self.below { *high } else { *low }),
            Within::OneOf(_) => None,
        }
    }

    /// The share of the prior below a point; none where it has no number in this dimension.
    fn mass_at(&self, point: &Point) -> Option<f64> {
        match point.get(&self.dimension.name) {
            Some(Value::Number(value)) => Some(self.dimension.mass_below(*value)),
            Some(Value::Choice(_)) | None => None,
        }
    }

    /// The half space in words.
    pub(super) fn words(&self) -> String {
        let [low, high] = match self.within() {
            Within::Range(ends) => *ends,
            Within::OneOf(choices) => return format!("A {} curve", choices.join(" or ")),
        };
        let side =
            if self.below { format!("below {}", rounded(high, 3)) } else { format!("above {}", rounded(low, 3)) };
        match self.dimension.name.as_str() {
            "prompt" => format!("A weighting by prompt length with an exponent {side}"),
            "mix" => format!("A weight {side} for the droppable share of arrivals"),
            "capacity" => format!("A weighting by KV capacity with an exponent {side}"),
            "exponent" => format!("A power curve of exponent {side}"),
            "onset" => format!("A ramp that begins {side} of its middle"),
            other => format!("{other} {side}"),
        }
    }

    /// Why it should be so.
    pub(super) fn mechanism(&self) -> String {
        let story = match (self.dimension.name.as_str(), self.below) {
            ("prompt", true) => {
                "short prompts are many and cheap: refusing them first gives up much work for little relief"
            }
            ("prompt", false) => {
                "a long prompt is much work: refusing it first counts for many short ones, and workloads differ in length, \
                 so that those with long prompts pay for the others"
            }
            ("mix", true) => {
                "where few requests are droppable, critical ones make the pressure themselves, and refusing the others costs \
                 much of them for little: a policy that hardly looks at the mix sheds there in vain"
            }
            ("mix", false) => {
                "a policy that looks at little but the mix sheds nothing where few requests are droppable, and those \
                 workloads are given up"
            }
            ("capacity", true) => {
                "a share of a larger KV cache is a larger batch, in which every request decodes more slowly: a policy that \
                 takes equal utilisation for equal pressure sheds too late there"
            }
            ("capacity", false) => {
                "latency grows more slowly than the batch that a KV cache has room for: a policy that counts capacity in full \
                 gives up clusters with small caches"
            }
            ("exponent" | "onset", true) => "what is refused below the critical saturation buys little latency",
            ("exponent" | "onset", false) => "shedding that sets in all at once lets queues form first",
            _ => return format!("tried at equal improvement, policies of this kind lost ({})", self.constraint),
        };
        story.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use science::space::Measure;

    fn dimension(name: &str, range: Option<[f64; 2]>, values: &[&str], under: &[&str]) -> Dimension {
        let under: Vec<String> = under.iter().map(|value| (*value).to_owned()).collect();
        Dimension {
            name: name.into(),
            meaning: String::new(),
            range,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            measure: Measure::Uniform,
            parent: if under.is_empty() { [].into() } else { [("family".to_owned(), under)].into() },
        }
    }

    fn space() -> Space {
        let family = dimension("family", None, &["step", "power"], &[]);
        let (half, mix) = (dimension("half", Some([0.0, 1.0]), &[], &[]), dimension("mix", Some([0.0, 2.0]), &[], &[]));
        Space { dimensions: vec![family, half, mix, dimension("exponent", Some([0.0, 10.0]), &[], &["power"])] }
    }

    fn point(family: &str, numbers: &[(&str, f64)]) -> Point {
        let numbers = numbers.iter().map(|(name, value)| ((*name).to_owned(), Value::Number(*value)));
        numbers.chain([("family".to_owned(), Value::Choice(family.into()))]).collect()
    }

    /// What a finding shows of this space, but for its scale.
    fn shown(loser: Point, winner: Point) -> Vec<String> {
        let space = space();
        halves(&space, Some("half"))
            .filter(|half| half.is_shown(&loser, &winner, Some("half")))
            .map(|half| half.constraint.to_string())
            .collect()
    }

    #[test]
    fn a_finding_shows_no_more_than_half_the_way_from_what_lost_to_what_won() {
        let shown = shown(point("step", &[("half", 0.3), ("mix", 0.4)]), point("step", &[("half", 0.4), ("mix", 1.2)]));
        assert_eq!(shown.first().unwrap(), "not: mix in 0.000..0.400");
        assert_eq!(shown.last().unwrap(), "not: mix in 0.000..0.800");
        assert!(shown.iter().all(|constraint| constraint.starts_with("not: mix")), "{shown:?}");
    }

    #[test]
    fn where_the_winner_has_no_such_dimension_little_more_is_shown_than_what_lost() {
        let shown = shown(point("power", &[("exponent", 5.0), ("mix", 1.0)]), point("step", &[("mix", 1.0)]));
        assert!(shown.contains(&"not: exponent in 0.000..6.000".into()), "{shown:?}");
        assert!(shown.contains(&"not: exponent in 4.000..10.000".into()), "{shown:?}");
        assert!(!shown.iter().any(|c| c == "not: exponent in 0.000..6.500" || c.contains("family")), "{shown:?}");
    }

    #[test]
    fn a_choice_without_dimensions_of_its_own_is_shown_as_a_whole() {
        let shown = shown(point("step", &[("mix", 1.0)]), point("power", &[("exponent", 5.0), ("mix", 1.0)]));
        assert_eq!(shown, ["not: family = step"]);
    }

    #[test]
    fn doing_without_something_is_forbidden_by_an_ablation_only() {
        let mut of = [("half", 0.3), ("mix", 0.0)];
        let plain = point("power", &of);
        of[1].1 = 1.2;
        assert!(!shown(plain.clone(), point("power", &of)).is_empty());
        assert_eq!(shown(plain, point("step", &of)), ["not: family = power"; 0], "it may have been the curve");
    }

    #[test]
    fn what_is_forbidden_keeps_its_distance_from_what_is_good() {
        let space = space();
        let half = Half::at(&space.dimensions[2], [0.0, 2.0], 0.5, true).unwrap();
        assert!(half.is_near(&point("step", &[("mix", 1.1)])), "a tenth of the prior is 0.2");
        assert!(!half.is_near(&point("step", &[("mix", 1.3)])));
    }
}
