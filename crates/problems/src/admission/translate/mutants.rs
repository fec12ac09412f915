//! What the program of the mutants has to know of a decision on admission.

use crate::shipping::Harness;
use crate::shipping::mutation::filled;

/// Steps, and how a policy is asked about one.
pub(super) const HARNESS: Harness = Harness {
    steps: include_str!("harness/steps.go.txt"),
    ask: include_str!("harness/ask.go.txt"),
    filled: |contract| vec![("REQUEST\n", request(contract)), ("INSTANCES\n", instances(contract))],
};

fn request(contract: &str) -> String {
    let known = [
        ("priority", "step.Priority"),
        ("promptTokens", "step.Prompt"),
        ("client", "clientNumber(step.Client)"),
        ("maxOutputTokens", "step.Limit"),
        ("predictedOutputTokens", "step.Predicted"),
        ("nowUs", "step.NowUs"),
    ];
    filled(contract, "Request", &known).concat()
}

fn instances(contract: &str) -> String {
    if !contract.contains("\tinstances []Instance") {
        return String::new();
    }
    let known = [
        ("waiting", "uint32(own[0])"),
        ("running", "uint32(own[1])"),
        ("inFlight", "uint32(own[2])"),
        ("kvUtilization", "own[3]"),
        ("metricsAgeUs", "uint64(own[4])"),
        ("kvCapacityTokens", "uint64(own[5])"),
    ];
    let fields = filled(contract, "Instance", &known).concat();
    format!(
        "for _, own := range step.Instances {{\n_ = own\ncluster.instances = append(cluster.instances, Instance{{\n{fields}}})\n}}\n"
    )
}
