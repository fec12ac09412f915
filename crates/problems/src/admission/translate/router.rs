//! The llm-d router: an Admitter.

use super::context::around;
use super::{ADMISSION, PREDICTION, log};
use crate::shipping::patch::{Edit, Insertion};
use crate::shipping::router::{
    self, GO_MOD, LATENCY_SLO, PARAMETERS, PARAMETERS_TEST, PLUGIN, RECORD, RESERVED, RUNNER, SERVERS,
};
use crate::shipping::{Live, Parameter, Target, Template};

/// The router.
pub static ROUTER: Target = Target {
    name: "llm-d-router",
    of: &ADMISSION,
    place: PLACE,
    api: &[
        GO_MOD,
        PLUGIN,
        ("pkg/common/error/error.go", include_str!("router/api/pkg__common__error__error.go.txt")),
        (
            "pkg/epp/framework/interface/datalayer/datalayer.go",
            include_str!("router/api/pkg__epp__framework__interface__datalayer__datalayer.go.txt"),
        ),
        (
            "pkg/epp/framework/interface/requestcontrol/requestcontrol.go",
            include_str!("router/api/pkg__epp__framework__interface__requestcontrol__requestcontrol.go.txt"),
        ),
        (
            "pkg/epp/framework/interface/requesthandling/requesthandling.go",
            include_str!("router/api/pkg__epp__framework__interface__requesthandling__requesthandling.go.txt"),
        ),
        (
            "pkg/epp/framework/interface/scheduling/scheduling.go",
            include_str!("router/api/pkg__epp__framework__interface__scheduling__scheduling.go.txt"),
        ),
        (
            "pkg/epp/framework/plugins/datalayer/attribute/concurrency/concurrency.go",
            include_str!(
                "router/api/pkg__epp__framework__plugins__datalayer__attribute__concurrency__concurrency.go.txt"
            ),
        ),
        (
            "pkg/epp/framework/plugins/requestcontrol/dataproducer/tokenizer/tokenizer.go",
            include_str!(
                "router/api/pkg__epp__framework__plugins__requestcontrol__dataproducer__tokenizer__tokenizer.go.txt"
            ),
        ),
        (
            "pkg/epp/framework/plugins/requestcontrol/dataproducer/approximateprefix/approximateprefix.go",
            include_str!(
                "router/api/pkg__epp__framework__plugins__requestcontrol__dataproducer__approximateprefix__approximateprefix.go.txt"
            ),
        ),
        LATENCY_SLO,
        (
            "pkg/epp/framework/plugins/requestcontrol/admitter/probabilisticadmitter/probabilisticadmitter.go",
            include_str!(
                "router/api/pkg__epp__framework__plugins__requestcontrol__admitter__probabilisticadmitter__probabilisticadmitter.go.txt"
            ),
        ),
        (RUNNER, include_str!("router/api/cmd__epp__runner__runner.go.txt")),
    ],
    templates: &[
        Template::always("plugin.go", include_str!("router/plugin.go.hbs")),
        Template::always("parameters.go", PARAMETERS),
        Template::always("signals.go", include_str!("router/signals.go.hbs")),
        Template::always("shadow.go", include_str!("router/shadow.go.hbs")),
        Template::always("record.go", RECORD),
        Template { path: "learned.go", text: include_str!("router/learned.go.hbs"), only: Some(PREDICTION) },
        Template::always("plugin_test.go", include_str!("router/plugin_test.go.hbs")),
        Template::always("parameters_test.go", PARAMETERS_TEST),
        Template::always("README.md", include_str!("router/README.md.hbs")),
        Template::always("deploy/NAME-epp-config.yaml", include_str!("router/config.yaml.hbs")),
        Template::always("deploy/inference-objectives.yaml", include_str!("router/objectives.yaml")),
    ],
    scaffold: "plugin.go",
    reserved: &[
        RESERVED,
        "Plugin Factory New Draw decision signals instanceSignals count clientNumber promptTokens outputLimit headerTokens soundEstimate \
        inFlight tally counts otherClients otherPriorities newCounts lengthBucket decisionLine responseLine PredictorLearned \
        PredictorHeader mostClients learned mean newLearned context fnv rand strconv sync errors list math errcommon fwkdl fwkrc fwkrh \
        fwksched attrconcurrency tokenproducer vectors step tokens testParameters",
    ],
    parameters: &[
        Parameter::always("Mode", "mode", "ModeShadow"),
        Parameter::always("Log", "log", "\"\""),
        Parameter::always("LogMiB", "logMiB", "1024"),
        Parameter { field: "Predictor", name: "predictor", value: "PredictorLearned", only: Some(PREDICTION) },
        Parameter { field: "PredictorMemory", name: "predictorMemory", value: "50", only: Some(PREDICTION) },
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

const PLACE: &str = "pkg/epp/framework/plugins/requestcontrol/admitter";

/// An import among the admitters', in its alphabetical place, and a registration behind them.
fn registered(package: &str, _: &str) -> Vec<Edit> {
    let path = |package: &str| router::import(&format!("{PLACE}/{package}"));
    // What has a name of its own comes behind those without.
    let producer = router::import("pkg/epp/framework/plugins/requestcontrol/dataproducer/approximateprefix");
    let producer = format!("\treqdataprodprefix {}", producer.trim_start());
    let import = router::imported(vec![path("latencyslo"), path("probabilisticadmitter"), producer], path(package));
    let context = [
        "\tfwkplugin.Register(latencyslo.LatencyAdmissionPluginType, fwkplugin.StabilityBeta, latencyslo.LatencyAdmissionFactory)",
        "\tfwkplugin.Register(probabilisticadmitter.Type, fwkplugin.StabilityBeta, probabilisticadmitter.Factory)",
        "",
        "\t// Latency scoring and filtering plugins",
    ];
    let lines = vec!["\t// Alpha".to_owned(), router::registration(package)];
    let registration = Insertion { context: context.map(str::to_owned).to_vec(), at: 2, lines };
    vec![Edit { file: RUNNER.to_owned(), insertions: vec![import, registration] }]
}
