//! The llm-d router: a UsageLimitPolicy of its flow control.

use super::{FLOW_CONTROL, log};
use crate::shipping::package::fields;
use crate::shipping::patch::{Edit, Insertion};
use crate::shipping::router::{self, GO_MOD, PARAMETERS, PARAMETERS_TEST, PLUGIN, RECORD, RESERVED, RUNNER, SERVERS};
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

/// An import among the usage limits', in its alphabetical place, and a registration behind them.
fn registered(package: &str, _: &str) -> Vec<Edit> {
    let path = |package: &str| router::import(&format!("{PLACE}/{package}"));
    let import = router::imported(vec![path("priorityholdback"), path("softreflectiveceiling")], path(package));
    let context = [
        "\tfwkplugin.Register(priorityholdback.PolicyType, fwkplugin.StabilityAlpha, priorityholdback.PolicyFactory)",
        "\tfwkplugin.Register(softreflectiveceiling.PolicyType, fwkplugin.StabilityAlpha, softreflectiveceiling.Factory)",
    ];
    let lines = vec![router::registration(package)];
    let registration = Insertion { context: context.map(str::to_owned).to_vec(), at: 2, lines };
    vec![Edit { file: RUNNER.to_owned(), insertions: vec![import, registration] }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipping::patch;

    #[test]
    fn the_patch_of_a_policy_applies_where_more_stands_around_its_lines() {
        let runner = ROUTER.api.iter().find(|(path, _)| *path == router::RUNNER).expect("the file").1;
        let longer = runner.replacen("import (\n", &format!("import (\n{}", "\t_ \"fmt\"\n".repeat(40)), 1);
        for name in ["aaa", "quota", "zzz"] {
            let changes = patch::changes(&ROUTER.patch(name, name).expect("a patch")).expect("a diff");
            let text = changes[0].applied(Some(&longer)).expect("its lines are there");
            let line = format!("\tfwkplugin.Register({name}.Type, fwkplugin.StabilityAlpha, {name}.Factory)\n");
            assert!(text.contains(&line), "{text}");
            let imports: Vec<&str> = text.lines().filter(|line| line.contains("usagelimits/")).collect();
            assert!(imports.len() == 3 && imports.is_sorted(), "{imports:?}");
        }
    }
}
