//! The llm-d router: a UsageLimitPolicy of its flow control.

use super::{FLOW_CONTROL, log};
use crate::shipping::package::fields;
use crate::shipping::patch::{Edit, Insertion};
use crate::shipping::router::{
    self, GO_MOD, LATENCY_SLO, PARAMETERS, PARAMETERS_TEST, PLUGIN, RECORD, RESERVED, RUNNER, SERVERS,
};
use crate::shipping::signals::Signals;
use crate::shipping::{Around, Live, Parameter, Target, Template};
use serde_json::{Map, Value};
use translate::Translation;

/// The router.
pub static ROUTER: Target = Target {
    name: "llm-d-router",
    of: &FLOW_CONTROL,
    place: PLACE,
    api: &[
        GO_MOD,
        PLUGIN,
        (
            "pkg/epp/framework/interface/flowcontrol/plugins.go",
            include_str!("router/api/pkg__epp__framework__interface__flowcontrol__plugins.go.txt"),
        ),
        (
            "pkg/epp/framework/plugins/flowcontrol/usagelimits/priorityholdback/priority_holdback.go",
            include_str!("router/api/priorityholdback__priority_holdback.go.txt"),
        ),
        (
            "pkg/epp/framework/plugins/flowcontrol/usagelimits/softreflectiveceiling/policy.go",
            include_str!("router/api/softreflectiveceiling__policy.go.txt"),
        ),
        LATENCY_SLO,
        (RUNNER, include_str!("router/api/cmd__epp__runner__runner.go.txt")),
    ],
    templates: &[
        Template::always("plugin.go", include_str!("router/plugin.go.hbs")),
        Template::always("parameters.go", PARAMETERS),
        Template::always("shadow.go", include_str!("router/shadow.go.hbs")),
        Template::always("record.go", RECORD),
        Template::always("plugin_test.go", include_str!("router/plugin_test.go.hbs")),
        Template::always("parameters_test.go", PARAMETERS_TEST),
        Template::always("README.md", include_str!("router/README.md.hbs")),
        Template::always("deploy/NAME-epp-config.yaml", include_str!("router/config.yaml.hbs")),
        Template::always("deploy/inference-objectives.yaml", include_str!("router/objectives.yaml")),
    ],
    scaffold: "plugin.go",
    reserved: &[
        RESERVED,
        "Plugin Factory New band counts otherBands newCounts callsLine flushAfter isAnswer context math sync fwkfc vectors step \
        testParameters limited",
    ],
    parameters: &[
        Parameter::always("Mode", "mode", "ModeShadow"),
        Parameter::always("Log", "log", "\"\""),
        Parameter::always("LogMiB", "logMiB", "1024"),
    ],
    table: include_str!("router/signals.toml"),
    around,
    patch_file: "deploy/runner.patch",
    registered,
    builds: &["./cmd/epp/runner"],
    command: "./cmd/epp",
    live: Some(Live {
        program: &[("main.go", include_str!("router/live.go.txt")), ("servers.go", SERVERS)],
        replayed: log::replayed,
    }),
};

const PLACE: &str = "pkg/epp/framework/plugins/flowcontrol/usagelimits";

fn around(translation: &Translation, signals: &Signals) -> Around {
    let mut context = Map::new();
    let mut put = |key: &str, value: Value| context.insert(key.to_owned(), value);
    put("reading", fields("Reading", translation, signals).into());
    // What only plugins that estimate outputs have.
    put("prediction", false.into());
    Around { context, files: vec![] }
}

/// An import in its alphabetical place, and a registration behind the usage limits'. Lines of others stand behind both: git takes lines
/// that end a hunk for the end of the file.
fn registered(package: &str, _: &str) -> Vec<Edit> {
    let path = |package: &str| router::import(&format!("{PLACE}/{package}"));
    let next = router::import("pkg/epp/framework/plugins/requestcontrol/admitter/latencyslo");
    let import = router::imported(vec![path("priorityholdback"), path("softreflectiveceiling"), next], path(package));
    let context = [
        "\tfwkplugin.Register(priorityholdback.PolicyType, fwkplugin.StabilityAlpha, priorityholdback.PolicyFactory)",
        "\tfwkplugin.Register(softreflectiveceiling.PolicyType, fwkplugin.StabilityAlpha, softreflectiveceiling.Factory)",
        "",
        "\t// Register Request level data producer plugins as defaults for their respective data keys.",
    ];
    let lines = vec![router::registration(package)];
    let registration = Insertion { context: context.map(str::to_owned).to_vec(), at: 2, lines };
    vec![Edit { file: RUNNER.to_owned(), insertions: vec![import, registration] }]
}
