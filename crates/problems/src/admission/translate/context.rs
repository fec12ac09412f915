//! What the templates of both targets are filled with.

use super::{PREDICTION, learned};
use crate::shipping::Around;
use crate::shipping::package::fields;
use crate::shipping::signals::Signals;
use serde_json::{Map, Value};
use translate::Translation;

/// What stands around a translation.
pub(super) fn around(translation: &Translation, signals: &Signals) -> Around {
    let reads = |field: &str| translation.reads.contains(field);
    let (prompt, in_flight) = (reads("Request.prompt_tokens"), reads("Instance.in_flight"));
    let (prediction, instance) = (reads(PREDICTION), fields("Instance", translation, signals));
    let source: Map<String, Value> = signals
        .signal
        .iter()
        .filter_map(|own| Some((own.field.split_once('.')?.1.to_owned(), own.expression()?.into())))
        .collect();
    let mut context = Map::new();
    let mut put = |key: &str, value: Value| context.insert(key.to_owned(), value);
    put("request", fields("Request", translation, signals).into());
    put("endpoint_fields", (!instance.is_empty()).into());
    put("instance", instance.into());
    put("instances", reads("Cluster.instances").into());
    put("uniform", translation.calls.contains("Draw::uniform").into());
    put("prediction", prediction.into());
    put("prompt", prompt.into());
    put("in_flight", in_flight.into());
    put("client", reads("Request.client").into());
    put("counts", signals.signal.iter().any(|own| reads(&own.field) && own.go.contains("count(")).into());
    put("required", (prompt || in_flight).into());
    put("optional", (!(prompt && in_flight)).into());
    put("source", source.into());
    let files = prediction.then(|| ("testdata/learned.json".to_owned(), learned::vectors()));
    Around { context, files: files.into_iter().collect() }
}
