//! Parts of a drawn workload as they stand in a scenario file.

use super::{Arrivals, Before, Window};
use simulator::sampler::{ArrivalProcess, Length};
use simulator::workload::Client;

/// The measured window: the keys of its table before its clients.
pub(crate) fn window(window: &Window, arrivals: &Arrivals, epoch_us: u64) -> String {
    let quiet = window.rate / arrivals.mean();
    let steps = arrivals.surge.map_or_else(String::new, |surge| {
        let seconds = window.requests as f64 / window.rate;
        let (from, to) = (surge.from * seconds, surge.to * seconds);
        format!("rate_steps = [{{ from_s = {from}, factor = {} }}, {{ from_s = {to}, factor = 1 }}]\n", surge.factor)
    });
    let (requests, after_s) = (window.requests, window.after_s);
    format!("rate = {quiet}\nrequests = {requests}\nafter_s = {after_s}\nepoch_us = {epoch_us}\n{steps}")
}

/// The table of what came before, if anything did.
pub(crate) fn before(past: Option<&Before>) -> String {
    past.map_or_else(String::new, |past| {
        let clients: String = past.clients.iter().map(|one| client("past", one)).collect();
        let (seconds, rate, requests) = (past.seconds, past.rate, past.requests);
        format!("\n[past]\nseconds = {seconds}\nrate = {rate}\nrequests = {requests}\n{clients}")
    })
}

/// One client of a table.
pub(crate) fn client(table: &str, client: &Client) -> String {
    let prefix = client.prefix_share.map(|[low, high]| format!("prefix_share = [{low}, {high}]\n"));
    let limit = client.max_output_tokens.map(|limit| format!("max_output_tokens = {limit}\n"));
    format!(
        "\n[[{table}.clients]]\nslo_class = \"{}\"\nfraction = {}\narrival = {}\ninput = {}\noutput = {}\n{}{}",
        client.slo_class,
        client.fraction,
        process(client.arrival),
        length(&client.input),
        length(&client.output),
        limit.unwrap_or_default(),
        prefix.unwrap_or_default(),
    )
}

fn length(length: &Length) -> String {
    let cut = |min: Option<u32>, max: Option<u32>| {
        let bound = |name: &str, bound: Option<u32>| bound.map_or_else(String::new, |b| format!(", {name} = {b}"));
        format!("{}{}", bound("min", min), bound("max", max))
    };
    match *length {
        Length::Normal { mean, sd, min, max } => {
            format!("{{ distribution = \"normal\", mean = {mean}, sd = {sd}{} }}", cut(min, max))
        }
        Length::LogNormal { mu, sigma, min, max } => {
            format!("{{ distribution = \"log-normal\", mu = {mu}, sigma = {sigma}{} }}", cut(min, max))
        }
        Length::Pareto { alpha, xm, min, max } => {
            format!("{{ distribution = \"pareto\", alpha = {alpha}, xm = {xm}{} }}", cut(min, max))
        }
        Length::Constant { .. }
        | Length::Exponential { .. }
        | Length::ParetoLogNormal { .. }
        | Length::Empirical { .. } => {
            unreachable!("no population draws these")
        }
    }
}

fn process(process: ArrivalProcess) -> String {
    match process {
        ArrivalProcess::Poisson {} => "{ process = \"poisson\" }".into(),
        ArrivalProcess::Constant {} => "{ process = \"constant\" }".into(),
        ArrivalProcess::Gamma { cv } => format!("{{ process = \"gamma\", cv = {cv} }}"),
        ArrivalProcess::Weibull { cv } => format!("{{ process = \"weibull\", cv = {cv} }}"),
    }
}
