//! No text makes the screen panic or hang, and none that passes it has a word that no candidate may have.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proc_macro2::{TokenStream, TokenTree};
use sandbox::Kit;

const KIT: Kit = Kit {
    name: "admitter",
    files: &[],
    state: "",
    install: "",
    private: &["wire", "install_maths", "MathsTable", "MathsFn", "SOURCE"],
};

fn has_forbidden_word(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_forbidden_word(group.stream()),
        TokenTree::Ident(word) => word == "unsafe" || word == "extern" || word == "macro_rules",
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fuzz_target!(|source: &str| {
    if sandbox::screen(source, &KIT).is_ok() && syn::parse_file(source).is_ok() {
        let tokens: TokenStream = source.parse().expect("what parses has tokens");
        assert!(!has_forbidden_word(tokens));
    }
});
