//! The CSV files that `elenchus simulate` writes.

use simulator::flow::Waiting;
use simulator::timeline::{self, Sample};
use simulator::{ClusterConfig, Run, Traffic};
use std::path::Path;

/// One row for each request, in the order of the workload's rows; a cell is empty for what never happened.
pub(super) fn write_requests(file: &Path, run: &Run) -> Result<(), csv::Error> {
    let mut rows = csv::Writer::from_path(file)?;
    let mut header = vec!["request", "admitted", "instance", "ttft_us", "e2e_us"];
    if run.passages.is_some() {
        header.extend(["outcome", "dispatch_us", "queue_wait_us"]);
    }
    rows.write_record(header)?;
    for (request, record) in run.requests.iter().enumerate() {
        let cell = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
        let mut row = vec![
            request.to_string(),
            cell(record.admitted.map(u64::from)),
            cell(record.instance.map(u64::from)),
            cell(record.ttft_us),
            cell(record.e2e_us),
        ];
        if let Some(passages) = &run.passages {
            let passage = &passages.requests[request];
            row.extend([record.outcome.as_str().to_owned(), cell(passage.dispatch_us), cell(passage.wait_us())]);
        }
        rows.write_record(row)?;
    }
    Ok(rows.flush()?)
}

/// One row for each instance and time.
pub(super) fn write_timeline(
    file: &Path,
    cluster: &ClusterConfig,
    traffic: &Traffic,
    run: &Run,
) -> Result<(), csv::Error> {
    let mut rows = csv::Writer::from_path(file)?;
    let queue = run.passages.is_some().then(|| Waiting::new(cluster, traffic, run));
    let mut header: Vec<String> =
        ["time_us", "instance", "waiting", "running", "in_flight", "kv_utilization", "saturation"]
            .map(str::to_owned)
            .to_vec();
    if let Some(queue) = &queue {
        header.push("gateway_waiting".to_owned());
        header.extend(queue.priorities().map(|priority| format!("gateway_waiting_{priority}")));
    }
    rows.write_record(header)?;
    timeline::replay(cluster, &traffic.arrivals, run, |sample: Sample| {
        let mut row = vec![
            sample.time_us.to_string(),
            sample.instance.to_string(),
            sample.waiting.to_string(),
            sample.running.to_string(),
            sample.in_flight.to_string(),
            format!("{:.6}", sample.kv_utilization),
            format!("{:.6}", sample.saturation()),
        ];
        if let Some(queue) = &queue {
            row.push(queue.at(sample.time_us).sum::<u64>().to_string());
            row.extend(queue.at(sample.time_us).map(|waiting| waiting.to_string()));
        }
        rows.write_record(row)
    })?;
    Ok(rows.flush()?)
}
