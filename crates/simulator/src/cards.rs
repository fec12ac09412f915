//! Model and hardware cards: the public numbers from which latency and KV capacity are computed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The architecture of a dense model, with the names of its `config.json`. Numbers are 1 to 16777216.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelCard {
    /// Its name, as in `qwen3-14b`.
    pub name: String,
    /// Layers.
    pub num_hidden_layers: u32,
    /// Width of the residual stream, elements.
    pub hidden_size: u32,
    /// Attention heads; at most `hidden_size`.
    pub num_attention_heads: u32,
    /// Heads of the keys and values.
    pub num_key_value_heads: u32,
    /// Width of a head, elements; by default `hidden_size` / `num_attention_heads`.
    pub head_dim: Option<u32>,
    /// Width of the feed-forward layer, elements.
    pub intermediate_size: u32,
    /// Size of the vocabulary, tokens.
    pub vocab_size: u32,
    /// The longest context, tokens.
    pub max_position_embeddings: u32,
    /// Whether input and output embeddings are one matrix.
    #[serde(default)]
    pub tie_word_embeddings: bool,
    /// Type of the weights.
    pub dtype: Dtype,
}

/// Type of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 2 bytes.
    Bfloat16,
    /// 2 bytes.
    Float16,
    /// 1 byte; trained-physics then computes at the FP8 rate of the hardware.
    Fp8,
}

impl Dtype {
    /// Bytes of one weight.
    pub fn bytes(self) -> u32 {
        match self {
            Dtype::Bfloat16 | Dtype::Float16 => 2,
            Dtype::Fp8 => 1,
        }
    }
}

/// One GPU.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HardwareCard {
    /// Peak rate for 16-bit floats; TFLOP/s, above 0.
    pub peak_tflops_bf16: f64,
    /// Peak rate for 8-bit floats; TFLOP/s, 0 if it has none.
    #[serde(default)]
    pub peak_tflops_fp8: f64,
    /// Memory bandwidth; TB/s, above 0.
    pub hbm_tb_per_s: f64,
    /// Memory; GiB, above 0.
    pub memory_gib: f64,
    /// Share of the peak rate that prefill reaches; a fraction, above 0. Only `roofline` uses it.
    pub mfu_prefill: f64,
    /// Share of the peak rate that decode reaches; a fraction, above 0. Only `roofline` uses it.
    pub mfu_decode: f64,
}

/// The built-in model card with this name; the error lists the names there are.
pub fn model(name: &str) -> Result<ModelCard, String> {
    let found = BUILT_IN.model.values().find(|card| card.name == name);
    found.cloned().ok_or_else(|| unknown("model", name, ModelCard::names()))
}

/// The built-in hardware card with this name; the error lists the names there are.
pub fn hardware(name: &str) -> Result<HardwareCard, String> {
    BUILT_IN.hardware.get(name).cloned().ok_or_else(|| unknown("hardware", name, HardwareCard::names()))
}

fn unknown(kind: &str, name: &str, names: Vec<&str>) -> String {
    format!("no {kind} card is called `{name}`; built in are {}, or give a table", names.join(", "))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cards {
    model: BTreeMap<String, ModelCard>,
    hardware: BTreeMap<String, HardwareCard>,
}

static BUILT_IN: LazyLock<Cards> = LazyLock::new(|| {
    let text = include_str!("../data/cards.toml");
    files::parse_toml(text, Path::new("cards.toml")).expect("the built-in cards are well-formed, as a test shows")
});

impl ModelCard {
    /// What is wrong with the numbers, as (key, problem).
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        let sizes = [
            ("num_hidden_layers", self.num_hidden_layers),
            ("hidden_size", self.hidden_size),
            ("num_attention_heads", self.num_attention_heads),
            ("num_key_value_heads", self.num_key_value_heads),
            ("head_dim", self.head_dim.unwrap_or(1)),
            ("intermediate_size", self.intermediate_size),
            ("vocab_size", self.vocab_size),
            ("max_position_embeddings", self.max_position_embeddings),
        ];
        for (key, size) in sizes {
            if size == 0 || size > 1 << 24 {
                return Err((key, format!("must lie between 1 and {}", 1 << 24)));
            }
        }
        if self.num_attention_heads > self.hidden_size {
            return Err(("num_attention_heads", "must not exceed hidden_size".to_owned()));
        }
        Ok(())
    }
}

impl HardwareCard {
    /// What is wrong with the numbers, as (key, problem).
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        let positive = [
            ("peak_tflops_bf16", self.peak_tflops_bf16),
            ("hbm_tb_per_s", self.hbm_tb_per_s),
            ("memory_gib", self.memory_gib),
            ("mfu_prefill", self.mfu_prefill),
            ("mfu_decode", self.mfu_decode),
        ];
        for (key, value) in positive {
            if !(value > 0.0 && value.is_finite()) {
                return Err((key, "must be a positive number".to_owned()));
            }
        }
        if !(self.peak_tflops_fp8 >= 0.0 && self.peak_tflops_fp8.is_finite()) {
            return Err(("peak_tflops_fp8", "must not be negative".to_owned()));
        }
        Ok(())
    }
}

/// A card in a scenario: the name of a built-in one, or a table.
#[derive(Debug)]
pub(crate) enum CardRef<T> {
    Named(String),
    Table(T),
}

impl<T> CardRef<T> {
    pub(crate) fn resolve(self, built_in: impl FnOnce(&str) -> Result<T, String>) -> Result<T, String> {
        match self {
            CardRef::Named(name) => built_in(&name),
            CardRef::Table(card) => Ok(card),
        }
    }
}

/// A kind of card.
pub(crate) trait Card: JsonSchema {
    /// The names of the built-in ones.
    fn names() -> Vec<&'static str>;
}

impl Card for ModelCard {
    fn names() -> Vec<&'static str> {
        BUILT_IN.model.values().map(|card| card.name.as_str()).collect()
    }
}

impl Card for HardwareCard {
    fn names() -> Vec<&'static str> {
        BUILT_IN.hardware.keys().map(String::as_str).collect()
    }
}

impl<T: Card> JsonSchema for CardRef<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}Ref", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "string", "enum": T::names()}, generator.subschema_for::<T>()]})
    }
}

// By hand, because serde's untagged enums forget which key was wrong.
impl<'de, T: DeserializeOwned> Deserialize<'de> for CardRef<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CardVisitor(PhantomData))
    }
}

struct CardVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for CardVisitor<T> {
    type Value = CardRef<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a card or a table")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(CardRef::Named(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(CardRef::Table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_cards_are_well_formed() {
        for card in BUILT_IN.model.values() {
            card.check().unwrap();
            assert_eq!(model(&card.name).unwrap(), *card);
        }
        for card in BUILT_IN.hardware.values() {
            card.check().unwrap();
        }
    }

    #[test]
    fn an_unknown_card_is_answered_with_the_names_there_are() {
        assert!(model("gpt").unwrap_err().contains("qwen3-14b"));
        assert!(hardware("tpu").unwrap_err().contains("h100"));
    }
}
