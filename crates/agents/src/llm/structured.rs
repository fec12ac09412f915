//! Replies that are JSON: read into a type with the place of what is wrong, and the schema of that type.

use super::{Reply, parse, text};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, Error, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Characters of a wrong word that are quoted.
const QUOTED: usize = 60;

/// The object in a reply. The error is written for the model that has to mend it: place, what was found, what is allowed.
pub(super) fn read<T: DeserializeOwned>(reply: &Reply) -> Result<T, String> {
    super::unanswered(reply)?;
    let mut object = parse::object(&reply.text).map_err(|problem| match reply.finish_reason.as_deref() {
        Some("length") => format!("{problem} (the reply was cut off at the model's limit; write less)"),
        _ => problem,
    })?;
    object = called(object);
    drop_nulls(&mut object);
    serde_path_to_error::deserialize(object).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." { "the reply".into() } else { format!("`{path}`") };
        format!("{place}: {}", error.into_inner())
    })
}

/// What a reply that is written down as the call of a tool calls it with; any other reply as it is.
fn called(mut reply: Value) -> Value {
    let Some(object) = reply.as_object_mut().filter(|object| object.len() == 2 && object.contains_key("name")) else {
        return reply;
    };
    match ["arguments", "parameters"].into_iter().find_map(|key| object.remove(key)) {
        Some(Value::String(text)) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        Some(arguments) => arguments,
        None => reply,
    }
}

/// The schema of a reply as strict endpoints want it: every field required, no others, and what may be absent null.
pub(super) fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    close(&mut schema);
    schema
}

/// What is null is absent: strict endpoints must write down every field.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, member| !member.is_null());
            object.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Keywords that strict mode knows. Bounds are not among them: they are checked when a reply is read.
const KEYWORDS: [&str; 7] = ["type", "description", "properties", "required", "items", "enum", "anyOf"];

fn close(schema: &mut Value) {
    let Value::Object(keywords) = schema else { return };
    keywords.retain(|keyword, _| KEYWORDS.contains(&keyword.as_str()));
    if let Some(Value::String(description)) = keywords.get_mut("description") {
        // A doc comment is wrapped for people.
        *description = description.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    if let Some(items) = keywords.get_mut("items") {
        close(items);
    }
    if let Some(Value::Array(choices)) = keywords.get_mut("anyOf") {
        choices.iter_mut().for_each(close);
    }
    let required = keywords.remove("required");
    let required =
        |name: &String| required.as_ref().and_then(Value::as_array).is_some_and(|all| all.contains(&json!(name)));
    let Some(Value::Object(properties)) = keywords.get_mut("properties") else { return };
    for (name, property) in properties.iter_mut() {
        close(property);
        if !required(name) {
            *property = nullable(property.take());
        }
    }
    let names: Vec<String> = properties.keys().cloned().collect();
    keywords.insert("required".into(), json!(names));
    keywords.insert("additionalProperties".into(), json!(false));
}

/// A closed object with these properties.
pub(super) fn object(properties: Map<String, Value>) -> Value {
    let required: Vec<&String> = properties.keys().collect();
    json!({"type": "object", "required": required, "additionalProperties": false, "properties": properties})
}

/// The same, or null.
pub(super) fn nullable(mut schema: Value) -> Value {
    let Some(Value::String(one)) = schema.get("type") else { return schema };
    schema["type"] = json!([one, "null"]);
    if let Some(Value::Array(choices)) = schema.get_mut("enum") {
        choices.push(Value::Null);
    }
    schema
}

/// Text of 1 to `MOST` characters, all of which can be seen: what a model writes comes back in later prompts.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Text<const MOST: usize>(pub(super) String);

impl<const MOST: usize> TryFrom<String> for Text<MOST> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text::clean(&text).trim() {
            "" => Err("is empty".into()),
            text if text.chars().count() > MOST => {
                Err(format!("has {} characters; at most {MOST} are taken", text.chars().count()))
            }
            text => Ok(Text(text.to_owned())),
        }
    }
}

impl<const MOST: usize> JsonSchema for Text<MOST> {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

/// The schema of one of several words.
pub(super) fn one_of<T: Serialize>(words: &[T]) -> Schema {
    schemars::json_schema!({"type": "string", "enum": words.iter().map(|word| json!(word)).collect::<Vec<_>>()})
}

/// A word of an enumeration: `At_Least` and `at least` are `at-least`. For `deserialize_with`.
pub(super) fn word<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let plain = String::deserialize(deserializer)?.trim().to_lowercase().replace(['_', ' '], "-");
    T::deserialize(IntoDeserializer::<D::Error>::into_deserializer(text::line(&plain, QUOTED)))
}

/// The one of these names that is meant: `Wait-Time` and `wait time` are `wait_time`. The error lists them all.
pub(super) fn named(text: &str, names: &[&str]) -> Result<String, String> {
    let plain = text.trim().trim_matches('`').to_lowercase().replace(['-', ' '], "_");
    match names.iter().find(|name| name.to_lowercase() == plain) {
        Some(name) => Ok((*name).to_owned()),
        None => Err(format!("unknown name `{}`, expected one of `{}`", text::line(text, QUOTED), names.join("`, `"))),
    }
}

/// Entries of a list, at most: no list of a reply has a use for more.
const ENTRIES: usize = 1000;

/// A list of texts; one alone counts as a list. For `deserialize_with`.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = |value: Value| match value {
        Value::String(text) => Ok(text),
        other => Err(wrong(&other)),
    };
    match Value::deserialize(deserializer)? {
        Value::Array(values) if values.len() > ENTRIES => {
            Err(D::Error::custom(format!("has {} entries; at most {ENTRIES} are taken", values.len())))
        }
        Value::Array(values) => values.into_iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    }
}

/// Yes or no; null is no. For `deserialize_with`.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<bool>::deserialize(deserializer)?.unwrap_or_default())
}

fn wrong<E: Error>(found: &Value) -> E {
    E::custom(format!("`{}` is wrong; it must be a list of strings", text::line(&found.to_string(), QUOTED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_that_is_written_down_as_a_call_is_what_it_calls_with() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Named {
            name: String,
        }
        let read = |text: &str| read::<Named>(&Reply { text: text.into(), ..Reply::default() }).map(|named| named.name);
        for text in [
            "{\"name\": \"a\"}",
            "<tool_call>\n{\"name\": \"reply\", \"arguments\": {\"name\": \"a\"}}\n</tool_call>",
            "{\"name\": \"reply\", \"parameters\": {\"name\": \"a\"}}",
            "{\"name\": \"reply\", \"arguments\": \"{\\\"name\\\": \\\"a\\\"}\"}",
        ] {
            assert_eq!(read(text).as_deref(), Ok("a"), "{text}");
        }
    }
}
