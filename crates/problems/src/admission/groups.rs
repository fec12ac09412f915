//! Whom refusals fall on: the droppable requests of a run by client, by length, and by whether the router knows a limit.

use science::spec::Group;
use simulator::Arrival;
use std::collections::BTreeMap;

/// Clients that are told apart, in the order of their mean outputs; further ones count as the last.
const CLIENTS: usize = 8;
/// Parts of equal size that lengths are divided into.
const QUARTERS: [&str; 4] = ["shortest quarter", "second", "third", "longest quarter"];
const LIMITS: [&str; 2] = ["none", "set"];

/// The groups, in the order in which [`served`] counts them.
pub(super) fn all() -> Vec<Group> {
    let group = |name: &str, parts: Vec<String>, guarded: bool| Group { name: name.into(), parts, guarded };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    vec![
        group("client", (1..=CLIENTS).map(|rank| format!("{rank}, by its mean output")).collect(), true),
        group("output length", words(&QUARTERS), false),
        group("prompt length", words(&QUARTERS), false),
        group("limit of the output", words(&LIMITS), false),
    ]
}

/// How many of some droppable requests were served and how many arrived, in each part of each group.
pub(super) fn served(requests: &[(&Arrival, bool)]) -> Vec<[u32; 2]> {
    let mut counts = vec![[0; 2]; CLIENTS + 2 * QUARTERS.len() + LIMITS.len()];
    let ranks = ranks(requests);
    let outputs = quarters(requests.iter().map(|(arrival, _)| arrival.output_tokens).collect());
    let prompts = quarters(requests.iter().map(|(arrival, _)| arrival.input_tokens).collect());
    let quarter = |edges: &[u32; 3], length: u32| edges.iter().filter(|edge| **edge < length).count();
    for (arrival, served) in requests {
        let parts = [
            ranks[&arrival.hints.client],
            CLIENTS + quarter(&outputs, arrival.output_tokens),
            CLIENTS + QUARTERS.len() + quarter(&prompts, arrival.input_tokens),
            CLIENTS + 2 * QUARTERS.len() + usize::from(arrival.hints.max_output_tokens.is_some()),
        ];
        for part in parts {
            counts[part][0] += u32::from(*served);
            counts[part][1] += 1;
        }
    }
    counts
}

/// The place of each client, the one with the shortest outputs first.
fn ranks(requests: &[(&Arrival, bool)]) -> BTreeMap<u32, usize> {
    let mut outputs: BTreeMap<u32, [u64; 2]> = BTreeMap::new();
    for (arrival, _) in requests {
        let own = outputs.entry(arrival.hints.client).or_default();
        *own = [own[0] + u64::from(arrival.output_tokens), own[1] + 1];
    }
    let mean = |[sum, count]: [u64; 2]| sum as f64 / count as f64;
    let mut clients: Vec<(u32, f64)> = outputs.into_iter().map(|(client, own)| (client, mean(own))).collect();
    clients.sort_by(|a, b| a.1.total_cmp(&b.1));
    clients.into_iter().enumerate().map(|(rank, (client, _))| (client, rank.min(CLIENTS - 1))).collect()
}

/// The lengths that a quarter, a half and three quarters do not exceed.
fn quarters(mut lengths: Vec<u32>) -> [u32; 3] {
    let count = lengths.len();
    [1, 2, 3].map(|quarter| {
        let at = (quarter * count / 4).min(count.saturating_sub(1));
        if count == 0 { 0 } else { *lengths.select_nth_unstable(at).1 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use simulator::hints::Hints;
    use simulator::slo::Class;

    fn arrival(client: u32, input_tokens: u32, output_tokens: u32, limit: Option<u32>) -> Arrival {
        Arrival {
            arrival_us: 0,
            class: Class::new("batch"),
            input_tokens,
            output_tokens,
            deadline_us: None,
            prefix: None,
            hints: Hints { client, max_output_tokens: limit, ..Hints::default() },
        }
    }

    #[test]
    fn every_request_is_counted_once_in_each_group() {
        let all: Vec<Arrival> =
            (0..40).map(|n| arrival(n % 3, 100 + n, 900 - 20 * n, (n % 2 == 0).then_some(8))).collect();
        let requests: Vec<(&Arrival, bool)> = all.iter().enumerate().map(|(at, own)| (own, at < 10)).collect();
        let counts = served(&requests);
        let groups = super::all();
        assert_eq!(counts.len(), groups.iter().map(|group| group.parts.len()).sum::<usize>());
        let mut first = 0;
        for group in groups {
            let parts = &counts[first..first + group.parts.len()];
            first += group.parts.len();
            assert_eq!(parts.iter().map(|[served, _]| served).sum::<u32>(), 10, "{}", group.name);
            assert_eq!(parts.iter().map(|[_, asked]| asked).sum::<u32>(), 40, "{}", group.name);
        }
    }

    #[test]
    fn clients_stand_by_their_mean_output_and_lengths_by_quarters() {
        let all = [
            arrival(7, 10, 500, None),
            arrival(3, 20, 100, Some(4)),
            arrival(7, 30, 600, None),
            arrival(3, 40, 300, None),
        ];
        let requests: Vec<(&Arrival, bool)> = all.iter().map(|own| (own, own.hints.client == 3)).collect();
        let counts = served(&requests);
        assert_eq!(counts[..2], [[2, 2], [0, 2]], "the client with the shorter outputs comes first");
        assert_eq!(counts[CLIENTS + 2 * QUARTERS.len()..], [[1, 3], [1, 1]]);
        assert!(served(&[]).iter().all(|part| *part == [0, 0]));
    }

    #[test]
    fn quarters_hold_about_as_many_each() {
        let lengths: Vec<u32> = (1..=100).collect();
        assert_eq!(quarters(lengths), [26, 51, 76]);
        assert_eq!(quarters(vec![5; 9]), [5; 3]);
    }
}
