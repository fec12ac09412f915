//! What the randomness of a run is made of: a secret, and a one-way function of it for each request.
//!
//! A policy sees the draws of the request that it decides about, and when requests arrive and how long they are. From none of
//! it can it work out anything else: each request has a key of its own, which is the output of a keyed hash.

use admitter::{Draw, wire};

/// The draws of a run, request by request.
#[derive(Clone, Debug)]
pub struct Draws {
    /// What the hash is keyed with.
    key: [u8; 32],
    /// Which block of keys is at hand.
    block: u64,
    keys: [u64; KEYS],
}

/// Requests come one after the other, so their keys are made by the block: as many as one run of the hash gives.
const KEYS: usize = 8;

impl Draws {
    /// What a policy draws in a run with this secret.
    pub fn new(secret: u64) -> Draws {
        Draws::with("elenchus 2026 draws of a policy", &[secret])
    }

    /// What the arrivals of a client of a generated workload are drawn from. Not related to the draws of policies, be the
    /// seed the same.
    pub(crate) fn of_arrivals(seed: u64, client: u64) -> Draws {
        Draws::with("elenchus 2026 arrivals of a client", &[seed, client])
    }

    /// The same for the traffic before the measured window.
    pub(crate) fn of_past(seed: u64, client: u64) -> Draws {
        Draws::with("elenchus 2026 past of a client", &[seed, client])
    }

    /// What limits that differ from request to request are drawn from.
    pub(crate) fn of_limits(seed: u64) -> Draws {
        Draws::with("elenchus 2026 limits of requests", &[seed])
    }

    /// What a predictor's errors are drawn from.
    pub(crate) fn of_predictions(seed: u64) -> Draws {
        Draws::with("elenchus 2026 predictions", &[seed])
    }

    /// The number that policies are shown for a client, by its place: no two have the same, and it tells nothing of the seed.
    pub(crate) fn client_number(seed: u64, place: u32) -> u32 {
        let offset = Draws::with("elenchus 2026 numbers of clients", &[seed]).of(0).uniform();
        place.wrapping_mul(0x9E37_79B1).wrapping_add((offset * f64::from(u32::MAX)) as u32)
    }

    fn with(purpose: &str, secret: &[u64]) -> Draws {
        let secret: Vec<u8> = secret.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut draws = Draws { key: blake3::derive_key(purpose, &secret), block: 0, keys: [0; KEYS] };
        draws.turn_to(0);
        draws
    }

    /// The draws for request number `n`.
    pub fn of(&mut self, n: u64) -> Draw {
        let (block, place) = (n / KEYS as u64, (n % KEYS as u64) as usize);
        if block != self.block {
            self.turn_to(block);
        }
        wire::draw(self.keys[place])
    }

    fn turn_to(&mut self, block: u64) {
        let mut bytes = [0; KEYS * 8];
        blake3::Hasher::new_keyed(&self.key).update(&block.to_le_bytes()).finalize_xof().fill(&mut bytes);
        let (words, _) = bytes.as_chunks();
        self.keys = std::array::from_fn(|at| u64::from_le_bytes(words[at]));
        self.block = block;
    }
}

/// The n-th draws of a seed for the simulator's own choices, which no policy is shown: cheap, and not one-way.
pub(crate) fn scattered(seed: u64, n: u64) -> Draw {
    wire::draw(mix(mix(seed).wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15))))
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn first(draws: &mut Draws, n: u64) -> u64 {
        draws.of(n).uniform().to_bits()
    }

    #[test]
    fn the_draws_of_a_request_do_not_depend_on_which_were_asked_before() {
        let mut in_order = Draws::new(7);
        let all: Vec<u64> = (0..100).map(|n| first(&mut in_order, n)).collect();
        let mut backwards = Draws::new(7);
        for n in (0..100).rev() {
            assert_eq!(first(&mut backwards, n), all[n as usize], "request {n}");
        }
    }

    #[test]
    fn no_two_requests_secrets_clients_or_purposes_share_draws() {
        let runs = (0..50).flat_map(|seed| {
            [
                Draws::new(seed),
                Draws::of_arrivals(seed, 0),
                Draws::of_arrivals(seed, 1),
                Draws::of_arrivals(0, seed + 2),
                Draws::of_past(seed, 0),
                Draws::of_limits(seed),
                Draws::of_predictions(seed),
            ]
        });
        let firsts: Vec<u64> = runs.flat_map(|mut draws| (0..40).map(move |n| first(&mut draws, n))).collect();
        assert_eq!(firsts.iter().collect::<BTreeSet<_>>().len(), firsts.len());
    }

    #[test]
    fn draws_fill_the_unit_interval_evenly() {
        let mut draws = Draws::new(1);
        let mean = (0..100_000).map(|n| draws.of(n).uniform()).sum::<f64>() / 1e5;
        assert!((mean - 0.5).abs() < 0.004, "{mean}");
    }

    /// SplitMix64's finaliser backwards: from the first draw's key to the seed that it came from.
    fn unmix(mut z: u64) -> u64 {
        z = (z ^ (z >> 31) ^ (z >> 62)).wrapping_mul(0x3196_42B2_D24D_8EC3);
        z = (z ^ (z >> 27) ^ (z >> 54)).wrapping_mul(0x96DE_1B17_3F11_9089);
        z ^ (z >> 30) ^ (z >> 60)
    }

    /// What an inverter finds that takes the key of request `n` for a mixed sum of seed and number.
    fn inverted(draw: &Draw, n: u64) -> u64 {
        let mut key = [0; 8];
        let mut at = 0;
        let request = admitter::Request {
            priority: 0,
            prompt_tokens: 1,
            client: 0,
            max_output_tokens: None,
            predicted_output_tokens: None,
            now_us: 0,
        };
        wire::ask(&request, &[], draw, |piece| {
            at += piece.len();
            if at == wire::HEADER_BYTES {
                key.copy_from_slice(piece);
            }
        });
        unmix(unmix(u64::from_le_bytes(key)).wrapping_sub(n.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    #[test]
    fn whoever_inverts_a_key_finds_neither_the_secret_nor_the_next_key() {
        assert_eq!(inverted(&scattered(1234, 5), 5), 1234, "the control: draws as they were, which are not one-way");
        let mut draws = Draws::new(1234);
        let found: BTreeSet<u64> = (0..100).map(|n| inverted(&draws.of(n), n)).collect();
        assert!(
            found.len() == 100 && !found.contains(&1234),
            "each request inverts to another seed, none is the secret"
        );
    }
}
