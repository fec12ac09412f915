//! A JSON Schema as a page for people: Markdown that reads as plain text.
//!
//! Each table has a list of its keys, those that are required first, and is headed as in TOML. Units and ranges are in the words
//! of the descriptions.

use serde_json::Value;

/// Characters of a line.
const WIDTH: usize = 100;

/// The page of a kind of file.
pub(super) fn page(name: &str, schema: &Value) -> String {
    let mut page = Page { root: schema, tables: Vec::new(), text: format!("# {name}\n") };
    page.table("", schema);
    page.text
}

struct Page<'a> {
    root: &'a Value,
    /// Those that were met so far: a table that is met again is referred to.
    tables: Vec<Table<'a>>,
    text: String,
}

#[derive(Clone)]
struct Table<'a> {
    schema: &'a Value,
    /// Where it was met first.
    path: String,
    /// How it begins in TOML.
    heading: String,
}

impl<'a> Page<'a> {
    /// What a table is, its keys, and the tables below it.
    fn table(&mut self, path: &str, schema: &'a Value) {
        for paragraph in description(schema).split("\n\n") {
            self.text.push('\n');
            self.item("", paragraph);
        }
        self.text.push('\n');
        let met = self.tables.len();
        for (tag, variant) in variants(schema) {
            let name = &variant["properties"][tag]["const"];
            self.item("- ", &format!("`{tag} = {name}`: {}", description(variant)));
            self.keys(path, variant, Some(tag));
            // One whose keys are those of a table with a name.
            if variant["$ref"].is_string() {
                self.keys(path, self.resolved(variant), Some(tag));
            }
        }
        self.keys(path, schema, None);
        for at in met..self.tables.len() {
            let Table { schema, path, heading } = self.tables[at].clone();
            self.text.push_str(&format!("\n## {heading}\n"));
            self.table(&path, schema);
        }
    }

    /// The keys of a table, or of one of its variants but the tag that tells it from others.
    fn keys(&mut self, path: &str, schema: &'a Value, tag: Option<&str>) {
        let indent = if tag.is_some() { "  " } else { "" };
        let required: Vec<&str> = strings(&schema["required"]).collect();
        let all = schema["properties"].as_object().into_iter().flat_map(|properties| properties.keys());
        let optional = all.map(String::as_str).filter(|key| !required.contains(key));
        for key in required.iter().copied().chain(optional).filter(|key| Some(*key) != tag) {
            let property = &schema["properties"][key];
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            let kind = self.kind(&path, property);
            let needed = match &property["default"] {
                _ if required.contains(&key) => "required".to_owned(),
                Value::Null | Value::Array(_) | Value::Object(_) => "optional".to_owned(),
                default => format!("default {default}"),
            };
            let target = self.resolved(property);
            let meaning = if description(property).is_empty() { description(target) } else { description(property) };
            self.item(&format!("{indent}- "), &format!("`{key}`: {kind}; {needed}. {meaning}"));
            for word in words(target) {
                self.item(&format!("{indent}  - "), &format!("`{}`: {}", constant(word), description(word)));
            }
        }
    }

    /// What a value looks like.
    fn kind(&mut self, path: &str, schema: &'a Value) -> String {
        let schema = self.resolved(schema);
        if is_table(schema) {
            return format!("table {}", self.met(path, format!("`[{path}]`"), schema));
        }
        let kinds = |page: &mut Self, all: &'a Value| -> Vec<String> {
            all.as_array().into_iter().flatten().map(|one| page.kind(path, one)).collect()
        };
        if schema["anyOf"].is_array() {
            return kinds(self, &schema["anyOf"]).join(", or ");
        }
        if schema["prefixItems"].is_array() {
            return format!("[{}]", kinds(self, &schema["prefixItems"]).join(", "));
        }
        let choices: Vec<&str> = strings(&schema["enum"]).chain(words(schema).map(constant)).collect();
        if !choices.is_empty() {
            return format!("`{}`", choices.join("` | `"));
        }
        match kind(schema) {
            "array" => self.list(path, schema),
            "object" => self.map(path, &schema["additionalProperties"]),
            "integer" => "whole number".into(),
            "boolean" => "true or false".into(),
            "string" => "text".into(),
            other => other.into(),
        }
    }

    fn list(&mut self, path: &str, schema: &'a Value) -> String {
        let items = self.resolved(&schema["items"]);
        if is_table(items) {
            return format!("tables {}", self.met(path, format!("`[[{path}]]`"), items));
        }
        let kind = self.kind(path, items);
        match schema["maxItems"].as_u64() {
            Some(2) => format!("[{kind}, {kind}]"),
            _ => format!("[{kind}, …]"),
        }
    }

    /// A table whose keys are names.
    fn map(&mut self, path: &str, values: &'a Value) -> String {
        let (path, values) = (format!("{path}.NAME"), self.resolved(values));
        match is_table(values) {
            true => format!("tables {}", self.met(&path, format!("`[{path}]`"), values)),
            false => format!("{{ NAME = {}, … }}", self.kind(&path, values)),
        }
    }

    /// The heading under which the keys of a table stand, or will stand.
    fn met(&mut self, path: &str, heading: String, schema: &'a Value) -> String {
        if let Some(known) = self.tables.iter().find(|known| std::ptr::eq(known.schema, schema)) {
            return format!("with the keys of {}", known.heading);
        }
        self.tables.push(Table { schema, path: path.to_owned(), heading: heading.clone() });
        heading
    }

    /// A schema without names and without null, which TOML does not have.
    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"].as_str().and_then(|name| name.strip_prefix('#'));
        let named = name.and_then(|name| self.root.pointer(name));
        let choices = schema["anyOf"].as_array().map_or(&[][..], Vec::as_slice);
        let one = match choices {
            [one, null] if null["type"] == "null" => Some(one),
            _ => None,
        };
        named.or(one).map_or(schema, |schema| self.resolved(schema))
    }

    /// Adds a text in lines of bounded width, the first one after a mark.
    fn item(&mut self, mark: &str, text: &str) {
        let mut line = mark.to_owned();
        for word in text.split_whitespace() {
            if line.len() > mark.len() && line.chars().count() + word.chars().count() > WIDTH {
                self.text.push_str(&format!("{}\n", line.trim_end()));
                line = " ".repeat(mark.len());
            }
            line.push_str(&format!("{word} "));
        }
        self.text.push_str(&format!("{}\n", line.trim_end()));
    }
}

fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn constant(word: &Value) -> &str {
    word["const"].as_str().unwrap_or_default()
}

/// The name of a type; null is none.
fn kind(schema: &Value) -> &str {
    let first = strings(&schema["type"]).find(|name| *name != "null");
    first.or(schema["type"].as_str()).unwrap_or("anything")
}

/// The words that a text may be, each with its description.
fn words(schema: &Value) -> impl Iterator<Item = &Value> {
    schema["oneOf"].as_array().into_iter().flatten().filter(|one| one["const"].is_string())
}

/// The variants of a table, each with the key that tells it from others.
fn variants(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    schema["oneOf"].as_array().into_iter().flatten().filter_map(|variant| {
        let properties = variant["properties"].as_object()?;
        let (tag, _) = properties.iter().find(|(_, property)| property["const"].is_string())?;
        Some((tag.as_str(), variant))
    })
}

fn is_table(schema: &Value) -> bool {
    schema["properties"].is_object() || variants(schema).next().is_some()
}
