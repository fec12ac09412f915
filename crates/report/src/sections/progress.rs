//! How the best came about, and what others find with as much.

use super::{comparison, finals};
use crate::document::{Block, Fold};
use crate::facts::Facts;
use crate::picture;

/// None before anything is scored.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let mut blocks: Vec<Block> = picture::progress::pictures(facts).into_iter().map(Block::Picture).collect();
    let fold = |summary: &str, blocks| Block::Fold(Fold { place: None, summary: summary.into(), blocks });
    blocks.extend(finals::blocks(facts).map(|blocks| fold("The finals", blocks)));
    blocks.extend(facts.record.comparison.map(|found| {
        fold("Searches with as many evaluations", comparison::comparison(std::slice::from_ref(found), facts.terms()))
    }));
    blocks
}
