//! The functions of the crate `libm` in Go: the same polynomials, the same roundings.

use std::collections::BTreeSet;

/// Each function, those that it uses, and its text: from FreeBSD's msun, by way of musl and the crate `libm`.
pub const MATHS: [(&str, &[&str], &str); 6] = [
    ("exp", &["scalbn"], include_str!("../maths/exp.go.txt")),
    ("log", &[], include_str!("../maths/log.go.txt")),
    ("tanh", &["expm1"], include_str!("../maths/tanh.go.txt")),
    ("expm1", &[], include_str!("../maths/expm1.go.txt")),
    ("pow", &["scalbn"], include_str!("../maths/pow.go.txt")),
    ("scalbn", &[], include_str!("../maths/scalbn.go.txt")),
];

/// The texts of those that stand in these words, with those that they use.
pub(crate) fn texts(words: &BTreeSet<String>) -> Vec<&'static str> {
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    for (name, uses, _) in MATHS {
        if words.contains(name) || wanted.contains(name) {
            wanted.insert(name);
            wanted.extend(uses);
        }
    }
    let found: Vec<&'static str> =
        MATHS.iter().filter(|(name, ..)| wanted.contains(name)).map(|(.., text)| *text).collect();
    if found.is_empty() { found } else { [NOTICE].into_iter().chain(found).collect() }
}

/// What the licence of the functions asks for.
const NOTICE: &str = "\
// The functions below are those of FreeBSD's msun as the Rust crate libm 0.2 has
// them, so that they give the same bits as the policy did where it was found.
// Every product is rounded by a conversion: Go may fuse it with a sum otherwise.
//
// Copyright (C) 1993, 2004 by Sun Microsystems, Inc. All rights reserved.
//
// Permission to use, copy, modify, and distribute this software is freely
// granted, provided that this notice is preserved.
";
