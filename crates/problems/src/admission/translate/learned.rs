//! What the simulator's router learns of its clients, for a plugin that has to learn the same.

use crate::shipping::vectors::Random;
use serde_json::{Value, json};
use simulator::learned::Learned;

/// As `testdata/learned.json`: for each memory responses of clients in the order in which they were complete, and the estimate
/// for the client after each; now and then only what is expected of one.
pub(super) fn vectors() -> String {
    let mut random = Random::seeded(0x1EA2);
    let sequences: Vec<String> =
        [1.0, 1.5, 10.0, 50.0, 1e6].into_iter().map(|memory| sequence(memory, &mut random).to_string()).collect();
    format!("[\n{}\n]\n", sequences.join(",\n"))
}

fn sequence(memory: f64, random: &mut Random) -> Value {
    const STEPS: u64 = 200;
    let mut learned = Learned::new(memory);
    let steps: Vec<Value> = (0..STEPS)
        .map(|now| {
            let client = random.below(7) as u32;
            let output = (random.below(4) > 0).then(|| 1 + (random.unit().powi(3) * 8000.0) as u32);
            if let Some(output) = output {
                learned.foresee(now, 0);
                learned.learn(now, |_| (client, output));
            }
            json!({ "client": format!("client-{client}"), "output": output, "estimate": learned.estimate(client) })
        })
        .collect();
    json!({ "memory": memory, "steps": steps })
}
