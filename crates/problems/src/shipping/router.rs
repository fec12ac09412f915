//! The llm-d router, as far as plugins of all problems have it in common.

use super::patch::Insertion;

/// The import path of the module.
pub const MODULE: &str = "github.com/llm-d/llm-d-router";

/// Where plugins are registered.
pub const RUNNER: &str = "cmd/epp/runner/runner.go";

/// The line that imports a package of the module.
pub fn import(path: &str) -> String {
    format!("\t\"{MODULE}/{path}\"")
}

/// An import among others, in its alphabetical place.
pub fn imported(context: Vec<String>, own: String) -> Insertion {
    let at = context.iter().filter(|other| **other < own).count();
    Insertion { context, at, lines: vec![own] }
}

/// The line that registers a plugin.
pub fn registration(package: &str) -> String {
    format!("\tfwkplugin.Register({package}.Type, fwkplugin.StabilityAlpha, {package}.Factory)")
}

/// The re-declaration of the module, of plugins, of endpoints: path and text.
pub const GO_MOD: (&str, &str) = ("go.mod", include_str!("router/api/go.mod.txt"));
/// What every plugin is.
pub const PLUGIN: (&str, &str) = (
    "pkg/epp/framework/interface/plugin/plugin.go",
    include_str!("router/api/pkg__epp__framework__interface__plugin__plugin.go.txt"),
);

/// An admitter beside which both kinds of plugins are imported.
pub const LATENCY_SLO: (&str, &str) = (
    "pkg/epp/framework/plugins/requestcontrol/admitter/latencyslo/latencyslo.go",
    include_str!("router/api/pkg__epp__framework__plugins__requestcontrol__admitter__latencyslo__latencyslo.go.txt"),
);

/// `parameters.go`: modes, parameters, defaults, ranges.
pub const PARAMETERS: &str = include_str!("router/parameters.go.hbs");
/// `parameters_test.go`: what a configuration may say.
pub const PARAMETERS_TEST: &str = include_str!("router/parameters_test.go.hbs");
/// `record.go`: tallies that are bounded, and the log.
pub const RECORD: &str = include_str!("router/record.go.hbs");
/// `servers.go` of a program that lets a package decide: mock servers that are scraped.
pub const SERVERS: &str = include_str!("router/servers.go.txt");

/// Parts of templates, by name.
pub const PARTIALS: [(&str, &str); 1] = [("measured", include_str!("router/measured.hbs"))];

/// Names of the files above, and of what they import.
pub const RESERVED: &str = "Type ModeShadow ModeEnforce Parameters DefaultParameters mostCounted tallyOf journal journalFormat startLine \
    openJournal newPlugin decode json fmt io os time testing bytes fwkplugin";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TARGETS;
    use crate::shipping::patch::applied_by_git;

    #[test]
    fn the_patch_of_a_package_is_one_that_git_applies() {
        for target in TARGETS.into_iter().filter(|target| target.patch_file == "deploy/runner.patch") {
            let runner = target.api.iter().find(|(path, _)| *path == RUNNER).expect("the file").1;
            // As in the router, where there is more before, between and behind the lines.
            let more = "\t_ \"fmt\"\n".repeat(40);
            let longer = runner.replacen("import (\n", &format!("import (\n{more}"), 1);
            let longer = longer.replacen("\t// Beta\n", "\t// Beta\n\t// and more\n", 9) + &"// More.\n".repeat(40);
            for name in ["aaa", "mine", "quota", "zzz"] {
                let tree = applied_by_git(&[(RUNNER, &longer)], &target.patch(name, name).expect("a patch"));
                let text = std::fs::read_to_string(tree.path().join(RUNNER)).expect("a text");
                assert!(text.contains(&format!("{}\n", registration(name))), "{text}");
                let imports: Vec<&str> = text.lines().filter(|line| line.contains(&format!("\"{MODULE}/"))).collect();
                let own = imports.iter().position(|line| line.ends_with(&format!("/{name}\""))).expect("its import");
                let place: Vec<&&str> = imports.iter().filter(|line| line.contains(target.place)).collect();
                assert!(place.len() == 3 && place.is_sorted() && own > 0, "{imports:?}");
            }
        }
    }
}
