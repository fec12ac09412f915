//! The CSV files that `elenchus simulate` writes.

use simulator::timeline::{self, Sample};
use simulator::{Arrival, ClusterConfig, Run};
use std::path::Path;

/// One row for each request, in the order of the workload's rows; a cell is empty for what never happened.
pub(super) fn write_requests(file: &Path, run: &Run) -> Result<(), csv::Error> {
    let mut rows = csv::Writer::from_path(file)?;
    rows.write_record(["request", "admitted", "instance", "ttft_us", "e2e_us"])?;
    for (request, record) in run.requests.iter().enumerate() {
        let cell = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
        rows.write_record([
            request.to_string(),
            cell(record.admitted.map(u64::from)),
            cell(record.instance.map(u64::from)),
            cell(record.ttft_us),
            cell(record.e2e_us),
        ])?;
    }
    Ok(rows.flush()?)
}

/// One row for each instance and time.
pub(super) fn write_timeline(
    file: &Path,
    cluster: &ClusterConfig,
    arrivals: &[Arrival],
    run: &Run,
) -> Result<(), csv::Error> {
    let mut rows = csv::Writer::from_path(file)?;
    rows.write_record(["time_us", "instance", "waiting", "running", "in_flight", "kv_utilization", "saturation"])?;
    timeline::replay(cluster, arrivals, run, |sample: Sample| {
        rows.write_record([
            sample.time_us.to_string(),
            sample.instance.to_string(),
            sample.waiting.to_string(),
            sample.running.to_string(),
            sample.in_flight.to_string(),
            format!("{:.6}", sample.kv_utilization),
            format!("{:.6}", sample.saturation()),
        ])
    })?;
    Ok(rows.flush()?)
}
