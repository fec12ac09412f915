//! Problems that tests of several modules are about.

use science::spec::{Aggregate, Aim, Described, Direction, Figure, Series, Spec, Unit};

fn named(name: &str, unit: Unit) -> Described {
    Described { name: name.into(), unit, meaning: String::new() }
}

/// Letters that are to arrive with the least fuel.
pub(crate) fn saving() -> Spec {
    let series = |name: &str, unit| Series {
        name: name.into(),
        unit,
        better: Direction::Less,
        claims: false,
        meaning: String::new(),
    };
    let figure = |name: &str, of| Figure { name: name.into(), of, by_scenario: false };
    Spec {
        problem: "post".into(),
        metrics: vec![],
        prices: vec![],
        plainly: vec![],
        groups: vec![],
        series: vec![series("late", Unit::Count), series("way_back", Unit::Fraction)],
        figures: vec![
            figure("late_sum", Aggregate::Sum("late".into())),
            figure("late_mean", Aggregate::Mean("late".into())),
            figure("way_back_ratio", Aggregate::OverReference("way_back".into())),
        ],
        aim: Aim::Saving {
            gain: named("haste", Unit::Log),
            cost: named("fuel", Unit::Fraction),
            ratio: "fuel_ratio".into(),
            worth: named("net_thrift", Unit::Fraction),
            comparable: 0.02,
        },
        hindsight: None,
        features: vec![],
        inputs: vec![],
        violation: ["lost".into(), "sealed letters".into()],
        opt_in: vec![],
        invariance: Some("the order of the bags".into()),
        extremes: vec![],
    }
}

/// Letters that are to arrive soonest.
pub(crate) fn gain() -> Spec {
    Spec { aim: Aim::Gain { gain: named("haste", Unit::Log), worth: named("lead", Unit::Log) }, ..saving() }
}
