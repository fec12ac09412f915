//! Traces: what arrives when. Plain CSV with a header row, and BLIS's TraceV2.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use csv::{ErrorKind, StringRecord};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::clients::Clients;
use crate::hints::Hints;
use crate::slo::Class;
use crate::traffic::Traffic;
use files::{FileError, clip};

/// The most requests of one workload.
pub const MAX_REQUESTS: u64 = 10_000_000;
/// The most tokens of one prompt or output.
pub const MAX_TOKENS: u32 = 10_000_000;
/// The latest time in a workload, in µs: some 285 years.
pub const MAX_TIME_US: u64 = 1 << 53;

/// One request as it arrives at the router, with what only the future knows: its output length.
#[derive(Clone, PartialEq)]
pub struct Arrival {
    /// When, in µs since the start of the run.
    pub arrival_us: u64,
    /// Its service class.
    pub class: Class,
    /// Length of the whole prompt in tokens, at least 1.
    pub input_tokens: u32,
    /// Length of the answer in tokens.
    pub output_tokens: u32,
    /// When the client gives up, in µs since the start of the run.
    pub deadline_us: Option<u64>,
    /// The start of the prompt that it shares with others.
    pub prefix: Option<Prefix>,
    /// What the router knows of it besides.
    pub hints: Hints,
}

impl fmt::Debug for Arrival {
    // By hand: workloads are known by this text, and one without hints is the one that it was before there were any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Arrival");
        text.field("arrival_us", &self.arrival_us)
            .field("class", &self.class)
            .field("input_tokens", &self.input_tokens)
            .field("output_tokens", &self.output_tokens)
            .field("deadline_us", &self.deadline_us)
            .field("prefix", &self.prefix);
        if self.hints != Hints::default() {
            text.field("hints", &self.hints);
        }
        text.finish()
    }
}

/// The part of a prompt that requests of a group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// Number of the group, counted from 0 in the order of appearance.
    pub group: u32,
    /// Its length in tokens, at most that of the prompt.
    pub tokens: u32,
}

/// The columns of the row that says so: what `elenchus schema trace` prints.
impl JsonSchema for Arrival {
    fn schema_name() -> Cow<'static, str> {
        "Trace".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let column = |kind: &str, description: &str| json_schema!({"type": kind, "description": description});
        json_schema!({
            "type": "object",
            "description": "A trace: a CSV file whose first row names the columns and whose other rows, 1 to 10000000 of them in the \
                order of arrival, are requests. Columns that are not listed here are not read. A TraceV2 file of BLIS, which has \
                the columns `request_id` and `arrival_time_us`, is taken as it is.",
            "properties": {
                "arrival_us": column("integer", "When the request arrives; µs since the start of the run, 0 to 2^53."),
                "slo_class": column("string", "Its service class: one that is built in or stands in the scenario's \
                    `[priorities]`; empty for priority 3."),
                "input_tokens": column("integer", "Length of the whole prompt; tokens, 1 to 10000000."),
                "output_tokens": column("integer", "Length of the answer; tokens, 0 to 10000000. No policy is told."),
                "deadline_us": column("integer", "When the client gives up; µs since the start of the run, not before the \
                    arrival; empty or 0 for never."),
                "prefix_group": column("string", "Requests of one group begin with the same tokens; any text, empty for no \
                    group. It needs `prefix_length`."),
                "prefix_length": column("integer", "How much of the prompt the group has in common; tokens, 0 to \
                    `input_tokens`. It needs `prefix_group`."),
                "client": column("string", "Whose it is; any text, and those without one are one client's. \
                    In a TraceV2 file, `tenant_id`. Policies are shown a number for it."),
                "max_output_tokens": column("integer", "The limit of the output that the client set; tokens, 0 to 10000000, \
                    empty for none."),
                "predicted_output_tokens": column("number", "An estimate of the output; tokens, above 0 and at most 10000000, \
                    empty for none."),
            },
            "required": ["arrival_us", "slo_class", "input_tokens", "output_tokens"],
        })
    }
}

/// Reads the requests of a trace. The rows must be in the order of arrival. Any class will do.
pub fn read(text: &str, file: &Path) -> Result<Vec<Arrival>, FileError> {
    read_rows(text, file, &|_| Ok(())).map(|(arrivals, _)| arrivals)
}

/// Reads a trace, with the order of its clients' names. `known_class` knows the classes; for any other it says what is wrong.
pub fn read_traffic(
    text: &str,
    file: &Path,
    known_class: &dyn Fn(&str) -> Result<(), String>,
) -> Result<Traffic, FileError> {
    let (arrivals, clients) = read_rows(text, file, known_class)?;
    Ok(Traffic { ranks: clients.ranks(), ..arrivals.into() })
}

fn read_rows(
    text: &str,
    file: &Path,
    known_class: &dyn Fn(&str) -> Result<(), String>,
) -> Result<(Vec<Arrival>, Clients), FileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| csv_error(error, file))?.clone();
    let columns = Columns::find(&header, file)?;
    let mut rows = Rows {
        columns,
        header,
        file,
        known_class,
        classes: BTreeMap::new(),
        groups: BTreeMap::new(),
        clients: Clients::default(),
    };
    let mut arrivals: Vec<Arrival> = Vec::new();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| csv_error(error, file))? {
        let line = record.position().map_or(0, |position| position.line() as usize);
        let arrival = rows.read(&record, line)?;
        if let Some(last) = arrivals.last()
            && arrival.arrival_us < last.arrival_us
        {
            let problem = format!(
                "row {} arrives at {} µs, before the row above it ({} µs); rows must be sorted by arrival",
                arrivals.len(),
                arrival.arrival_us,
                last.arrival_us
            );
            return Err(rows.error(line, rows.arrival_column(&record), &problem));
        }
        if arrivals.len() as u64 == MAX_REQUESTS {
            return Err(FileError::at_line(file, line, format!("more than {MAX_REQUESTS} requests")));
        }
        arrivals.push(arrival);
    }
    if arrivals.is_empty() {
        return Err(FileError::new(file, "the trace has no requests"));
    }
    Ok((arrivals, rows.clients))
}

/// The columns of TraceV2 in their order, without the optional ones.
#[rustfmt::skip]
const TRACE_V2: [&str; 27] = [
    "request_id", "client_id", "tenant_id", "slo_class", "session_id", "round_index", "prefix_group",
    "prefix_length", "streaming", "input_tokens", "output_tokens", "text_tokens", "image_tokens",
    "audio_tokens", "video_tokens", "reason_ratio", "model", "deadline_us", "server_input_tokens",
    "arrival_time_us", "send_time_us", "first_chunk_time_us", "last_chunk_time_us", "num_chunks", "status",
    "error_message", "finish_reason",
];
const TRACE_V2_OPTIONAL: [&str; 5] = ["vllm_priority", "slo_target_us", "x_request_id", "adapter", "think_time_us"];

/// Where the columns are that are read.
struct Columns {
    arrival: usize,
    class: usize,
    input: usize,
    output: usize,
    deadline: Option<usize>,
    prefix: Option<(usize, usize)>,
    client: Option<usize>,
    limit: Option<usize>,
    prediction: Option<usize>,
    /// `send_time_us` and `server_input_tokens`.
    trace_v2: Option<(usize, usize)>,
}

impl Columns {
    fn find(header: &StringRecord, file: &Path) -> Result<Self, FileError> {
        let column = |name: &str| header.iter().position(|cell| cell == name);
        let need = |name: &str| {
            column(name).ok_or_else(|| FileError::at_line(file, 1, format!("the header row has no column `{name}`")))
        };
        for (index, name) in header.iter().enumerate() {
            if column(name) != Some(index) && !name.is_empty() {
                return Err(FileError::at_line(file, 1, format!("the header row has two columns `{name}`")));
            }
        }
        let is_trace_v2 = column("request_id").is_some() && column("arrival_time_us").is_some();
        if is_trace_v2 && !header.iter().filter(|name| !TRACE_V2_OPTIONAL.contains(name)).eq(TRACE_V2) {
            return Err(FileError::at_line(file, 1, "a TraceV2 header with missing, unknown or misplaced columns"));
        }
        let prefix = match (column("prefix_group"), column("prefix_length")) {
            (Some(group), Some(length)) => Some((group, length)),
            (None, None) => None,
            _ => return Err(FileError::at_line(file, 1, "prefix_group and prefix_length need each other")),
        };
        Ok(Columns {
            arrival: need(if is_trace_v2 { "arrival_time_us" } else { "arrival_us" })?,
            class: need("slo_class")?,
            input: need("input_tokens")?,
            output: need("output_tokens")?,
            deadline: column("deadline_us"),
            prefix,
            client: column(if is_trace_v2 { "tenant_id" } else { "client" }),
            limit: column("max_output_tokens"),
            prediction: column("predicted_output_tokens"),
            trace_v2: column("send_time_us").zip(column("server_input_tokens")).filter(|_| is_trace_v2),
        })
    }
}

/// Reads rows, and remembers the names that it has met.
struct Rows<'a> {
    columns: Columns,
    header: StringRecord,
    file: &'a Path,
    known_class: &'a dyn Fn(&str) -> Result<(), String>,
    classes: BTreeMap<String, Class>,
    /// Number and prefix length of each group; TraceV2 goes by the length in the group's first row.
    groups: BTreeMap<String, Prefix>,
    clients: Clients,
}

impl Rows<'_> {
    fn read(&mut self, record: &StringRecord, line: usize) -> Result<Arrival, FileError> {
        let columns = &self.columns;
        let arrival_us = self.number(record, self.arrival_column(record), line, MAX_TIME_US)?;
        let mut input = self.number(record, columns.input, line, MAX_TOKENS.into())?;
        let output = self.number(record, columns.output, line, MAX_TOKENS.into())?;
        let deadline_us = match columns.deadline {
            Some(column) if !record[column].is_empty() => {
                Some(self.number(record, column, line, u64::MAX)?).filter(|&deadline| deadline > 0)
            }
            _ => None,
        };
        let (input_column, deadline_column) = (columns.input, columns.deadline.unwrap_or_default());
        let server_input = columns.trace_v2.map(|(_, column)| column);
        let mut prefix = self.prefix(record, line)?;
        if let Some(column) = server_input {
            let counted = self.number(record, column, line, MAX_TOKENS.into())?;
            input = match &prefix {
                Some(prefix) => input + u64::from(prefix.tokens),
                None if counted > 0 => counted,
                None => input,
            };
        }
        // A group of its own with nothing in common.
        prefix = prefix.filter(|prefix| prefix.tokens > 0);
        if input == 0 {
            return Err(self.error(line, input_column, "a prompt has at least 1 token"));
        }
        if prefix.is_some_and(|prefix| u64::from(prefix.tokens) > input) {
            let column = self.columns.prefix.map_or(input_column, |(_, length)| length);
            return Err(self.error(line, column, "the shared prefix is longer than the prompt"));
        }
        if deadline_us.is_some_and(|deadline| deadline < arrival_us) {
            return Err(self.error(line, deadline_column, "the deadline lies before the arrival"));
        }
        let class = self.class(record, line)?;
        let hints = self.hints(record, line)?;
        let (input_tokens, output_tokens) = (input as u32, output as u32);
        Ok(Arrival { arrival_us, class, input_tokens, output_tokens, deadline_us, prefix, hints })
    }

    fn hints(&mut self, record: &StringRecord, line: usize) -> Result<Hints, FileError> {
        let filled = |column: Option<usize>| column.filter(|&column| !record[column].is_empty());
        let limit = filled(self.columns.limit)
            .map(|column| self.number(record, column, line, MAX_TOKENS.into()))
            .transpose()?;
        let prediction = filled(self.columns.prediction)
            .map(|column| {
                let tokens =
                    record[column].parse().ok().filter(|&tokens: &f64| tokens > 0.0 && tokens <= MAX_TOKENS.into());
                let problem =
                    || format!("`{}` is not a number above 0 and at most {MAX_TOKENS}", clip(&record[column], 40));
                tokens.ok_or_else(|| self.error(line, column, &problem()))
            })
            .transpose()?;
        let client = filled(self.columns.client).map_or(0, |column| self.clients.number(&record[column]));
        Ok(Hints { client, max_output_tokens: limit.map(|limit| limit as u32), predicted_output_tokens: prediction })
    }

    /// The column that says when a request arrives: in TraceV2 the time of sending, where there is one.
    fn arrival_column(&self, record: &StringRecord) -> usize {
        let sent = self.columns.trace_v2.map(|(sent, _)| sent);
        sent.filter(|&column| record[column].parse() != Ok(0u64)).unwrap_or(self.columns.arrival)
    }

    fn class(&mut self, record: &StringRecord, line: usize) -> Result<Class, FileError> {
        let name = &record[self.columns.class];
        if let Some(class) = self.classes.get(name) {
            return Ok(class.clone());
        }
        (self.known_class)(name).map_err(|problem| self.error(line, self.columns.class, &problem))?;
        let class = Class::new(name);
        self.classes.insert(name.to_owned(), class.clone());
        Ok(class)
    }

    fn prefix(&mut self, record: &StringRecord, line: usize) -> Result<Option<Prefix>, FileError> {
        let Some((group, length)) = self.columns.prefix else { return Ok(None) };
        if record[group].is_empty() {
            return Ok(None);
        }
        let tokens = match &record[length] {
            "" => 0,
            _ => self.number(record, length, line, MAX_TOKENS.into())? as u32,
        };
        let next = Prefix { group: self.groups.len() as u32, tokens };
        let first = *self.groups.entry(record[group].to_owned()).or_insert(next);
        Ok(Some(if self.columns.trace_v2.is_some() { first } else { Prefix { tokens, ..first } }))
    }

    fn number(&self, record: &StringRecord, column: usize, line: usize, at_most: u64) -> Result<u64, FileError> {
        let cell = &record[column];
        match cell.parse::<u64>() {
            Ok(number) if number <= at_most => Ok(number),
            Ok(_) => Err(self.error(line, column, &format!("`{}` is more than {at_most}", clip(cell, 40)))),
            Err(_) => {
                let cell = clip(cell, 40);
                Err(self.error(line, column, &format!("`{cell}` is not a whole number of at least 0")))
            }
        }
    }

    fn error(&self, line: usize, column: usize, problem: &str) -> FileError {
        FileError { key: Some(self.header[column].to_owned()), ..FileError::at_line(self.file, line, problem) }
    }
}

fn csv_error(error: csv::Error, file: &Path) -> FileError {
    let line = error.position().map(|position| position.line() as usize);
    let problem = match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("the row has {len} cells, the header row has {expected_len}")
        }
        _ => error.to_string(),
    };
    FileError { line, ..FileError::new(file, problem) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_column_is_read_and_no_other_one_is_needed() {
        let schema = schemars::schema_for!(Arrival).to_value();
        let columns = schema["properties"].as_object().unwrap();
        let required = schema["required"].as_array().unwrap();
        let cell = |name: &str| if name == "slo_class" || name == "prefix_group" { "critical" } else { "7" };
        let with = |names: &[&str]| {
            let cells: Vec<&str> = names.iter().map(|name| cell(name)).collect();
            read(&format!("{}\n{}\n", names.join(","), cells.join(",")), Path::new("trace.csv"))
        };
        let all: Vec<&str> = columns.keys().map(String::as_str).collect();
        let arrivals = with(&all).unwrap();
        let prefix = Some(Prefix { group: 0, tokens: 7 });
        assert_eq!(
            arrivals,
            [Arrival {
                arrival_us: 7,
                class: Class::new("critical"),
                input_tokens: 7,
                output_tokens: 7,
                deadline_us: Some(7),
                prefix,
                hints: Hints { client: 1, max_output_tokens: Some(7), predicted_output_tokens: Some(7.0) },
            }]
        );
        let required: Vec<&str> = required.iter().map(|name| name.as_str().unwrap()).collect();
        with(&required).unwrap();
        for missing in &required {
            let fewer: Vec<&str> = required.iter().copied().filter(|name| name != missing).collect();
            assert!(with(&fewer).unwrap_err().problem.contains(missing), "{missing}");
        }
    }
}
