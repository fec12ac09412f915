//! Values that nothing uses.

use super::parsed;
use crate::source::{step, tokens, with_line};
use proc_macro2::TokenTree;
use std::collections::BTreeMap;
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The places of values that are bound to a name and never used, those included that only such values use. None if the source
/// is not Rust.
pub(super) fn places(source: &str) -> Option<Vec<Range<usize>>> {
    let mut bindings = Bindings::default();
    bindings.visit_file(&parsed(source)?);
    let mut words = Words::of(source)?;
    let mut of_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, binding) in bindings.0.iter().enumerate().filter(|(_, binding)| !binding.name.starts_with('_')) {
        of_name.entry(binding.name.clone()).or_default().push(at);
    }
    let once = |(name, at): (&String, &Vec<usize>)| (words.times(name) == 1).then(|| at.clone());
    let mut open: Vec<usize> = of_name.iter().filter_map(once).flatten().collect();
    let mut unused = Vec::new();
    while let Some(at) = open.pop() {
        let binding = &bindings.0[at];
        if words.is_there(binding.at) {
            for name in words.remove(&binding.place) {
                open.extend(of_name.get(&name).into_iter().flatten());
            }
            unused.push(with_line(source, &binding.place));
        }
    }
    unused.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    unused.dedup_by(|inner, outer| {
        inner.start < outer.end && {
            outer.end = outer.end.max(inner.end);
            true
        }
    });
    Some(unused)
}

/// The names of a source in the order of its text, the arguments of macros included.
struct Words {
    /// Where each begins, what it is, and whether it is still there.
    all: Vec<(usize, String, bool)>,
    times: BTreeMap<String, usize>,
}

impl Words {
    fn of(source: &str) -> Option<Words> {
        let (mut all, mut times) = (Vec::new(), BTreeMap::new());
        for token in tokens(source)? {
            if let TokenTree::Ident(name) = token {
                *times.entry(name.to_string()).or_default() += 1;
                all.push((name.span().byte_range().start, name.to_string(), true));
            }
        }
        Some(Words { all, times })
    }

    /// How often a name stands in the source.
    fn times(&self, name: &str) -> usize {
        self.times.get(name).copied().unwrap_or_default()
    }

    fn is_there(&self, at: usize) -> bool {
        self.all.binary_search_by_key(&at, |word| word.0).is_ok_and(|found| self.all[found].2)
    }

    /// Takes away what stands at a place, and says which names stand only once from then on.
    fn remove(&mut self, place: &Range<usize>) -> Vec<String> {
        let first = self.all.partition_point(|word| word.0 < place.start);
        let mut once = Vec::new();
        for (_, name, there) in self.all[first..].iter_mut().take_while(|word| word.0 < place.end) {
            step();
            let left = self.times.get_mut(name).expect("it was counted");
            if std::mem::replace(there, false) {
                *left -= 1;
                once.extend((*left == 1).then(|| name.clone()));
            }
        }
        once
    }
}

/// Values bound to a name.
#[derive(Default)]
struct Bindings(Vec<Binding>);

struct Binding {
    name: String,
    /// Where the name stands.
    at: usize,
    /// The statement or item that binds it.
    place: Range<usize>,
}

impl Bindings {
    fn push(&mut self, name: &syn::Ident, place: Range<usize>) {
        self.0.push(Binding { name: name.to_string(), at: name.span().byte_range().start, place });
    }
}

impl<'a> Visit<'a> for Bindings {
    fn visit_expr(&mut self, expression: &'a syn::Expr) {
        step();
        visit::visit_expr(self, expression);
    }

    fn visit_local(&mut self, local: &'a syn::Local) {
        if let syn::Pat::Ident(name) = &local.pat {
            self.push(&name.ident, local.span().byte_range());
        }
        visit::visit_local(self, local);
    }

    fn visit_item_const(&mut self, item: &'a syn::ItemConst) {
        self.push(&item.ident, item.span().byte_range());
    }
}
