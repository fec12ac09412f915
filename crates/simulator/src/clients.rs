//! The clients of a trace: their numbers, and the order of their names.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The number of each client by its name: from 1 on in the order of appearance. 0 is all that have no name.
#[derive(Debug, Default)]
pub(crate) struct Clients(BTreeMap<String, u32>);

/// Where those without a name stand in the order of names.
const NAMELESS: &str = "default";

impl Clients {
    pub(crate) fn number(&mut self, name: &str) -> u32 {
        let next = self.0.len() as u32 + 1;
        match self.0.get(name) {
            Some(&number) => number,
            None => *self.0.entry(name.to_owned()).or_insert(next),
        }
    }

    /// For each number the place of the name, in the order of bytes; `None` if no client has a name.
    pub(crate) fn ranks(&self) -> Option<Arc<[u32]>> {
        let mut names: Vec<&str> = self.0.keys().map(String::as_str).chain([NAMELESS]).collect();
        names.sort_unstable();
        names.dedup();
        let place = |name: &str| names.partition_point(|&other| other < name) as u32;
        let mut ranks = vec![place(NAMELESS); self.0.len() + 1];
        for (name, &number) in &self.0 {
            ranks[number as usize] = place(name);
        }
        (!self.0.is_empty()).then(|| ranks.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_as_they_come_and_ordered_by_their_bytes() {
        let mut clients = Clients::default();
        assert_eq!(clients.ranks(), None);
        let numbers = ["t2", "b", "t10", "t2", "Z"].map(|name| clients.number(name));
        assert_eq!(numbers, [1, 2, 3, 1, 4]);
        // Z, b, default, t10, t2
        assert_eq!(clients.ranks().as_deref(), Some(&[2, 4, 1, 3, 0][..]));
        clients.number("default");
        assert_eq!(clients.ranks().as_deref(), Some(&[2, 4, 1, 3, 0, 2][..]));
    }
}
