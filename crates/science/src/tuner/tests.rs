use super::*;

fn range(name: &str, default: f64, low: f64, high: f64) -> Range {
    Range { name: name.into(), default, low, high }
}

/// Tunes `function` with a key; the best value found.
fn tuned(ranges: &[Range], key: u64, function: impl Fn(&[f64]) -> f64) -> f64 {
    let (tuner, mut tried) = (Tuner::new(ranges, key), Vec::new());
    while let Some(parameters) = tuner.next(&tried) {
        let value = function(&parameters);
        tried.push(Tried::new(parameters, value));
    }
    assert_eq!(tried.len(), tuner.budget());
    best(&tried).unwrap().value
}

/// The default and random points, as many as the tuner takes.
fn searched(ranges: &[Range], key: u64, function: impl Fn(&[f64]) -> f64) -> f64 {
    let tuner = Tuner::new(ranges, key);
    let coin = |n: usize, i: usize| keyed::uniform(key ^ 0xC0FFEE, (n * ranges.len() + i) as u64);
    let random = (1..tuner.budget()).map(|n| {
        let point: Vec<f64> = ranges.iter().enumerate().map(|(i, range)| range.value(coin(n, i))).collect();
        function(&point)
    });
    let default: Vec<f64> = ranges.iter().map(|range| range.default).collect();
    random.fold(function(&default), f64::max)
}

fn median(mut values: [f64; 5]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[2]
}

fn beats_random(ranges: &[Range], function: impl Fn(&[f64]) -> f64 + Copy) {
    let ours = median([1, 2, 3, 4, 5].map(|key| tuned(ranges, key, function)));
    let random = median([1, 2, 3, 4, 5].map(|key| searched(ranges, key, function)));
    assert!(ours > random, "{ours} against {random}");
}

/// A narrow curved ridge with a cliff on one side, as the reference's power and scale make one.
fn ridge(point: &[f64]) -> f64 {
    let (power, scale) = (point[0], point[1]);
    let off = scale.ln() - (1.5 + 0.9 * power);
    0.1 - 0.002 * (power - 7.0).powi(2) - 0.05 * off * off - (off - 0.4).max(0.0)
}

#[test]
fn on_a_ridge_of_two_constants_it_beats_random_points_in_the_median_of_five_keys() {
    beats_random(&[range("power", 4.0, 1.0, 12.0), range("k", 1000.0, 1.0, 1e5)], ridge);
}

#[test]
fn with_three_constants_it_beats_random_points_in_the_median_of_five_keys() {
    let ranges = [range("power", 4.0, 1.0, 12.0), range("k", 1000.0, 1.0, 1e5), range("mix", 0.5, 0.0, 2.0)];
    beats_random(&ranges, |point| ridge(point) - 0.1 * (point[2] - 1.3).powi(2));
}

#[test]
fn the_authors_values_come_first_and_every_point_is_within_its_range() {
    let ranges = [range("half", 0.28, 0.1, 0.9), range("prompt", -0.2, -0.7, 0.3)];
    let (tuner, mut tried) = (Tuner::new(&ranges, 9), Vec::new());
    while let Some(parameters) = tuner.next(&tried) {
        for (value, range) in parameters.iter().zip(&ranges) {
            assert!((range.low..=range.high).contains(value), "{value} in {range:?}");
        }
        let value = -(parameters[0] - 0.3).abs() - parameters[1].abs();
        tried.push(Tried::new(parameters, value));
    }
    assert_eq!(tried[0].parameters, [0.28, -0.2]);
}

#[test]
fn the_next_point_follows_from_the_history_alone() {
    let ranges = [range("power", 5.0, 1.0, 12.0), range("k", 300.0, 1.0, 1e5)];
    let history = |count: usize| {
        let (tuner, mut tried) = (Tuner::new(&ranges, 4), Vec::new());
        for _ in 0..count {
            let parameters = tuner.next(&tried).unwrap();
            tried.push(Tried::new(parameters.clone(), ridge(&parameters)));
        }
        tried
    };
    assert_eq!(history(20)[..14], history(14)[..]);
    assert_ne!(Tuner::new(&ranges, 4).next(&history(3)), Tuner::new(&ranges, 5).next(&history(3)));
}

#[test]
fn a_constant_without_room_keeps_its_value_and_a_policy_without_constants_is_not_tuned() {
    let ranges = [range("fixed", 2.0, 2.0, 2.0), range("k", 300.0, 1.0, 1e5)];
    let tuner = Tuner::new(&ranges, 1);
    assert_eq!(tuner.budget(), 20);
    let first = Tried::new(tuner.next(&[]).unwrap(), 0.0);
    assert_eq!(tuner.next(&[first]).unwrap()[0], 2.0);
    assert_eq!(Tuner::new(&ranges[..1], 1).next(&[]), None);
}

#[test]
fn no_point_is_tried_twice_on_a_plain() {
    let ranges = [range("k", 300.0, 1.0, 1e5)];
    let (tuner, mut tried) = (Tuner::new(&ranges, 2), Vec::<Tried>::new());
    while let Some(parameters) = tuner.next(&tried) {
        assert!(tried.iter().all(|tried| tried.parameters != parameters), "{parameters:?}");
        tried.push(Tried::new(parameters, 0.0));
    }
}

#[test]
fn what_is_far_below_the_best_is_drawn_together_and_keeps_its_order() {
    let tried = [-50.0, 0.1, 0.09, -1.0].map(|value| Tried::new(vec![value], value));
    let values = squeezed(&tried);
    assert!(values[0] < values[3] && values[3] < values[2] && values[2] < values[1]);
    assert!(values[0] > -2.0, "{values:?}");
    assert!((values[1] - values[2] - 0.01).abs() < 0.002, "{values:?}");
}
