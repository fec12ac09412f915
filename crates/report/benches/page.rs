//! How long it takes to write a report of 50 iterations with 500 candidates and of 100 with 1,000, and how long it is.
//!
//!     cargo bench -p report

// It takes in what tests are made of, and not all of it.
#![allow(dead_code)]

#[path = "../tests/report/big.rs"]
mod big;
#[path = "../tests/report/campaign.rs"]
mod campaign;
#[path = "../../../tests/fixtures/verdict_seeds.rs"]
mod verdict_seeds;

use divan::Bencher;
use divan::counter::BytesCount;
use report::Record;

fn main() {
    divan::main();
}

const FORMATS: [&str; 4] = ["html", "markdown", "terminal", "json"];

#[divan::bench(args = FORMATS)]
fn fifty_iterations_of_ten_candidates(bencher: Bencher<'_, '_>, format: &str) {
    write(bencher, format, 50);
}

#[divan::bench(args = FORMATS)]
fn a_hundred_iterations_of_ten_candidates(bencher: Bencher<'_, '_>, format: &str) {
    write(bencher, format, 100);
}

#[expect(clippy::print_stdout, reason = "a benchmark prints what it finds")]
fn write(bencher: Bencher<'_, '_>, format: &str, iterations: usize) {
    let state = big::campaign(iterations, 10);
    let sources = big::sources(&state);
    let record = Record { sources: &sources, ..campaign::record(&state) };
    let written = || match format {
        "html" => report::html::report(&record),
        "markdown" => report::markdown::report(&record, Some("report")).text,
        "terminal" => report::terminal::report(&record, report::terminal::Length::Page, 100, false),
        _ => report::json::report(&record).to_string(),
    };
    let bytes = written().len();
    println!("{format} of {} candidates: {} kB", 10 * iterations, bytes / 1000);
    bencher.counter(BytesCount::new(bytes)).bench(written);
}
