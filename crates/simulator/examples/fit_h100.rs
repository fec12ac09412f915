//! Fits the costs of `latency = "h100-measured"` to the published measurements of a single GPU, and prints them with
//! their residuals: `cargo run --release -p simulator --example fit_h100`.
//!
//! Deterministic, and blind to everything but that table: what the costs say about clusters is computed elsewhere, with
//! the costs as they stand in `latency/measured.rs`.
#![expect(clippy::print_stdout, reason = "a program, not a library")]

#[path = "../tests/common/single_gpu.rs"]
mod single_gpu;

use simulator::cluster::{LatencyKind, Measured};
use single_gpu::{Row, compare, loss};

/// Logarithms of the free costs, so that none falls below zero.
type Point = [f64; 5];

fn main() {
    let (point, evaluations) =
        minimise(logarithms(&Measured::START), |point| loss(&compare(LatencyKind::Measured(costs(point)))));
    let fitted = rounded(&costs(&point));
    println!("Fitted in {evaluations} evaluations, to four digits:\n\n{fitted:#?}\n");
    print("Residuals of the fit", &compare(LatencyKind::Measured(fitted)));
    if fitted != Measured::H100 {
        print("Residuals of the costs in the code, which are others", &compare(LatencyKind::Measured(Measured::H100)));
    }
}

fn print(title: &str, rows: &[Row]) {
    println!("{title}: root mean square of ln(simulated / measured) {:.4}\n", loss(rows).sqrt());
    println!("| offered req/s | quantity | measured | simulated | error | fitted |");
    println!("|---:|---|---:|---:|---:|---|");
    for row in rows {
        let fitted = if row.fitted { "yes" } else { "no" };
        let (measured, simulated, error) = (row.measured, row.simulated, 100.0 * (row.simulated / row.measured - 1.0));
        println!("| {} | {} | {measured} | {simulated:.2} | {error:+.1} % | {fitted} |", row.rate, row.quantity);
    }
    println!();
}

fn logarithms(costs: &Measured) -> Point {
    [costs.constant, costs.prefill_token, costs.decode, costs.decode_squared, costs.client].map(libm::log)
}

fn costs(point: &Point) -> Measured {
    let [constant, prefill_token, decode, decode_squared, client] = point.map(libm::exp);
    Measured { constant, prefill_token, decode, decode_squared, client, ..Measured::START }
}

fn rounded(costs: &Measured) -> Measured {
    let round = |value: f64| format!("{value:.3e}").parse().expect("a number");
    Measured {
        constant: round(costs.constant),
        prefill_token: round(costs.prefill_token),
        decode: round(costs.decode),
        decode_squared: round(costs.decode_squared),
        client: round(costs.client),
        ..*costs
    }
}

/// The simplex search of Nelder and Mead, with their coefficients; stops when the corners agree to one part in a
/// thousand, or after 400 evaluations.
fn minimise(start: Point, mut value: impl FnMut(&Point) -> f64) -> (Point, usize) {
    let mut evaluations = 0;
    let mut evaluate = |point: Point| {
        evaluations += 1;
        (value(&point), point)
    };
    let mut corners: Vec<(f64, Point)> = vec![evaluate(start)];
    for axis in 0..start.len() {
        let mut point = start;
        point[axis] += 0.25;
        corners.push(evaluate(point));
    }
    for _ in 0..400 {
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        let worst = corners.len() - 1;
        if corners[worst].0 - corners[0].0 < 1e-3 * corners[0].0 {
            break;
        }
        let mut centre = Point::default();
        for (_, corner) in &corners[..worst] {
            for (sum, x) in centre.iter_mut().zip(corner) {
                *sum += x / worst as f64;
            }
        }
        // From the worst corner through the centre of the others: 1 mirrors it, -0.5 draws it nearer.
        let along = |from: &Point, by: f64| std::array::from_fn(|axis| centre[axis] + by * (centre[axis] - from[axis]));
        let mirrored = evaluate(along(&corners[worst].1, 1.0));
        let better = if mirrored.0 < corners[0].0 {
            let stretched = evaluate(along(&corners[worst].1, 2.0));
            if stretched.0 < mirrored.0 { stretched } else { mirrored }
        } else if mirrored.0 < corners[worst - 1].0 {
            mirrored
        } else {
            evaluate(along(&corners[worst].1, if mirrored.0 < corners[worst].0 { 0.5 } else { -0.5 }))
        };
        if better.0 < corners[worst].0 {
            corners[worst] = better;
            continue;
        }
        let best = corners[0].1;
        for corner in &mut corners[1..] {
            *corner = evaluate(std::array::from_fn(|axis| 0.5 * (best[axis] + corner.1[axis])));
        }
    }
    corners.sort_by(|a, b| a.0.total_cmp(&b.0));
    (corners[0].1, evaluations)
}
