//! The documented shape of the JSON report, held against reports.

use crate::campaign::{self, record};
use report::Record;
use science::id::CandidateId;
use science::origins::Origins;
use science::state::State;
use serde_json::Value;

/// Everything in a value that its schema does not say, or says otherwise.
fn wrong(schema: &Value, value: &Value, at: &str, root: &Value) -> Vec<String> {
    let schema = match schema["$ref"].as_str() {
        Some(name) => root.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{name} is not defined")),
        None => schema,
    };
    if let Some(choices) = schema["anyOf"].as_array() {
        return if value.is_null() { vec![] } else { wrong(&choices[0], value, at, root) };
    }
    if let Some(words) = schema["enum"].as_array() {
        return if words.contains(value) { vec![] } else { vec![format!("{at}: {value} is not among {words:?}")] };
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let is = |kind: &&str| match *kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => value.is_null(),
    };
    if !kinds.is_empty() && !kinds.iter().any(is) {
        return vec![format!("{at}: {value} is none of {kinds:?}")];
    }
    match value {
        Value::Array(items) if !schema["items"].is_null() => {
            items.iter().flat_map(|item| wrong(&schema["items"], item, &format!("{at}[]"), root)).collect()
        }
        Value::Object(fields) if schema["type"].is_string() || schema["type"].is_array() => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let missing = required.filter(|key| !fields.contains_key(*key)).map(|key| format!("{at}.{key} is missing"));
            let held = fields.iter().flat_map(|(key, value)| {
                let at = format!("{at}.{key}");
                match (&schema["properties"][key], &schema["additionalProperties"]) {
                    (Value::Null, Value::Bool(false)) => vec![format!("{at} is not documented")],
                    (Value::Null, other) => wrong(other, value, &at, root),
                    (property, _) => wrong(property, value, &at, root),
                }
            });
            missing.chain(held).collect()
        }
        _ => vec![],
    }
}

fn held(record: &Record<'_>) -> Vec<String> {
    let schema = report::json::schema();
    wrong(&schema, &report::json::report(record), "report", &schema)
}

#[test]
fn every_key_of_a_report_is_documented_and_every_documented_one_is_there() {
    let state = campaign::fold(&campaign::events());
    let mut origins = Origins::default();
    origins.candidates.insert(CandidateId::from(campaign::FIRST.to_owned()), vec![3, 4]);
    let record = Record { origins: &origins, ..record(&state) };
    assert_eq!(held(&record), Vec::<String>::new());
    let report = report::json::report(&record);
    assert_eq!(report["schema"], report::json::SCHEMA);
    assert_eq!(report["champion"]["events"], serde_json::json!([3, 4]));
    // What is not known yet is missing or null.
    assert_eq!(held(&crate::campaign::record(&State::default())), Vec::<String>::new());
}

#[test]
fn a_key_that_nobody_documented_is_found() {
    let schema = report::json::schema();
    let mut report = report::json::report(&record(&State::default()));
    report["surprise"] = 1.into();
    report["campaign"] = 2.into();
    let wrong = wrong(&schema, &report, "report", &schema);
    assert!(wrong.len() == 2 && wrong.iter().any(|what| what == "report.surprise is not documented"), "{wrong:?}");
}
