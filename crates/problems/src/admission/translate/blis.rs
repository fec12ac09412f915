//! BLIS, the simulator of the original study: an admission policy.

use super::ADMISSION;
use super::context::around;
use crate::shipping::patch::{Edit, Insertion};
use crate::shipping::{Parameter, Target, Template};

/// BLIS.
pub static BLIS: Target = Target {
    name: "blis",
    of: &ADMISSION,
    place: "sim/policy",
    api: &[
        ("go.mod", include_str!("blis/api/go.mod.txt")),
        ("sim/sim.go", include_str!("blis/api/sim__sim.go.txt")),
        ("sim/latency/latency.go", include_str!("blis/api/sim__latency__latency.go.txt")),
        ("sim/trace/trace.go", include_str!("blis/api/sim__trace__trace.go.txt")),
        (CLUSTER, include_str!("blis/api/sim__cluster__cluster.go.txt")),
    ],
    templates: &[
        Template::always("admission.go", include_str!("blis/admission.go.hbs")),
        Template::always("admission_test.go", include_str!("blis/admission_test.go.hbs")),
        Template::always("README.md", include_str!("blis/README.md.hbs")),
    ],
    scaffold: "admission.go",
    reserved: &[
        "Type Parameters DefaultParameters Admission New Draw mix count clientNumber fmt fnv math sim json os testing vectors step tokens",
    ],
    parameters: &[Parameter::always("Seed", "seed", "42")],
    table: include_str!("blis/signals.toml"),
    around,
    patch_file: "deploy/cluster.patch",
    registered,
    builds: &["./sim/cluster"],
    command: ".",
    live: None,
};

const CLUSTER: &str = "sim/cluster/cluster.go";

/// A case where the cluster chooses its policy, and a file that makes the name known.
fn registered(package: &str, name: &str) -> Vec<Edit> {
    let own = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<String>>();
    let module = "github.com/inference-sim/inference-sim/sim";
    let import = Insertion {
        context: vec![format!("\t\"{module}/latency\""), format!("\t\"{module}/trace\"")],
        at: 1,
        lines: vec![format!("\t\"{module}/policy/{package}\"")],
    };
    let case = Insertion {
        context: own(&[
            "\t\tadmissionPolicy = sim.NewTierShedAdmission(config.TierShedThreshold, config.TierShedMinPriority, priorityMap)",
            "\tcase \"gaie-legacy\":",
            "\t\tqdThreshold := config.GAIEQDThreshold",
        ]),
        at: 1,
        lines: vec![
            format!("\tcase {package}.Type:"),
            format!(
                "\t\tadmissionPolicy = {package}.New({package}.DefaultParameters().WithSeed(config.Seed), priorityMap)"
            ),
        ],
    };
    let known = Insertion {
        context: vec![],
        at: 0,
        lines: vec![
            "package sim".to_owned(),
            String::new(),
            "func init() {".to_owned(),
            format!("\tvalidAdmissionPolicies[\"{name}\"] = true"),
            "}".to_owned(),
        ],
    };
    vec![
        Edit { file: CLUSTER.to_owned(), insertions: vec![import, case] },
        Edit { file: format!("sim/admission_{package}.go"), insertions: vec![known] },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shipping::patch::applied_by_git;

    #[test]
    fn the_patch_of_a_policy_is_one_that_git_applies() {
        let tree = applied_by_git(BLIS.api, &BLIS.patch("mine", "mi-ne").expect("a patch"));
        let read = |path: &str| std::fs::read_to_string(tree.path().join(path)).expect(path);
        assert!(read(CLUSTER).contains("\tcase mine.Type:\n\t\tadmissionPolicy = mine.New("));
        assert!(read("sim/admission_mine.go").contains("validAdmissionPolicies[\"mi-ne\"] = true"));
    }
}
