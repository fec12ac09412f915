//! The secret of a campaign: what all its seeds derive from.
//!
//! Whoever knows the nonce can compute every arrival, so it is recorded, and shown to nobody who writes candidates. A seed
//! tells nothing of the nonce, nor of any other seed.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// 128 random bits, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nonce(u128);

impl Nonce {
    /// The nonce made of these random bits.
    pub fn of(bits: u128) -> Self {
        Nonce(bits)
    }

    /// The seed for a purpose, for example `nonce.seed(&["arrivals", "search", "3"])`: a keyed one-way hash of all parts.
    pub fn seed(self, purpose: &[&str]) -> u64 {
        let key = blake3::derive_key("elenchus: seeds of a campaign", &self.0.to_be_bytes());
        let mut hasher = blake3::Hasher::new_keyed(&key);
        for part in purpose {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        u64::from_le_bytes(hasher.finalize().as_bytes()[..8].try_into().expect("a hash has 32 bytes"))
    }
}

impl FromStr for Nonce {
    type Err = String;

    /// Reads 1 to 32 hexadecimal digits; leading zeros may be left out.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = digits.then(|| u128::from_str_radix(text, 16).ok()).flatten();
        bits.map(Nonce).ok_or_else(|| "a nonce is 1 to 32 hexadecimal digits".to_owned())
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A secret is not printed by accident.
impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(..)")
    }
}

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_read_as_it_is_written_and_short_ones_are_filled_up() {
        let nonce: Nonce = "2A".parse().unwrap();
        assert_eq!(nonce, Nonce::of(42));
        assert_eq!(nonce.to_string(), "0000000000000000000000000000002a");
        assert_eq!(nonce.to_string().parse(), Ok(nonce));
        assert_eq!(serde_json::from_str::<Nonce>(&serde_json::to_string(&nonce).unwrap()).unwrap(), nonce);
    }

    #[test]
    fn what_is_no_nonce_is_refused() {
        for text in ["", "g", "+1", "0x1", " 1", "123456789012345678901234567890123"] {
            assert!(text.parse::<Nonce>().is_err(), "{text}");
        }
    }

    #[test]
    fn seeds_differ_by_purpose_and_by_nonce_and_purposes_do_not_run_into_each_other() {
        let (one, two) = (Nonce::of(1), Nonce::of(2));
        assert_eq!(one.seed(&["search"]), one.seed(&["search"]));
        assert_ne!(one.seed(&["search"]), two.seed(&["search"]));
        assert_ne!(one.seed(&["ab", "c"]), one.seed(&["a", "bc"]));
        assert_ne!(one.seed(&["ab"]), one.seed(&["ab", ""]));
    }

    #[test]
    fn a_nonce_is_not_printed_by_accident() {
        assert!(!format!("{:?}", Nonce::of(0xABCDEF)).contains("abcdef"));
    }
}
