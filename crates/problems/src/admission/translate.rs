//! An admission policy as a plugin of llm-d-router: what stands around the translated code, and the decisions that prove it.
//!
//! [`package`] writes the files. [`signals`] says where production has each field of the contract; [`vectors`] asks the compiled
//! candidate itself, in its jail, what it decides. The translator knows none of this (`crates/translate`), and whether Go agrees is
//! for the gates of the command to find out.

pub mod mutation;
pub mod package;
pub mod signals;
pub mod vectors;

pub use package::{Package, Request, package, translated};
pub use vectors::{Vectors, vectors};

/// The router's API as far as a plugin uses it, for the gate that needs no router: path and text.
pub const ROUTER: [(&str, &str); 9] = [
    ("go.mod", include_str!("translate/router/go.mod.txt")),
    ("pkg/common/error/error.go", include_str!("translate/router/pkg__common__error__error.go.txt")),
    (
        "pkg/epp/framework/interface/datalayer/datalayer.go",
        include_str!("translate/router/pkg__epp__framework__interface__datalayer__datalayer.go.txt"),
    ),
    (
        "pkg/epp/framework/interface/plugin/plugin.go",
        include_str!("translate/router/pkg__epp__framework__interface__plugin__plugin.go.txt"),
    ),
    (
        "pkg/epp/framework/interface/requestcontrol/requestcontrol.go",
        include_str!("translate/router/pkg__epp__framework__interface__requestcontrol__requestcontrol.go.txt"),
    ),
    (
        "pkg/epp/framework/interface/requesthandling/requesthandling.go",
        include_str!("translate/router/pkg__epp__framework__interface__requesthandling__requesthandling.go.txt"),
    ),
    (
        "pkg/epp/framework/interface/scheduling/scheduling.go",
        include_str!("translate/router/pkg__epp__framework__interface__scheduling__scheduling.go.txt"),
    ),
    (
        "pkg/epp/framework/plugins/datalayer/attribute/concurrency/concurrency.go",
        include_str!(
            "translate/router/pkg__epp__framework__plugins__datalayer__attribute__concurrency__concurrency.go.txt"
        ),
    ),
    (
        "pkg/epp/framework/plugins/requestcontrol/dataproducer/tokenizer/tokenizer.go",
        include_str!(
            "translate/router/pkg__epp__framework__plugins__requestcontrol__dataproducer__tokenizer__tokenizer.go.txt"
        ),
    ),
];

/// Where a package lies in the router's tree.
pub const PLACE: &str = "pkg/epp/framework/plugins/requestcontrol/admitter";
