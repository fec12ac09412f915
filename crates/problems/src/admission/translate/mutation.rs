//! The policy of a package and its mutants as one Go program, which replays the vectors to each of them.

use translate::{Mutant, mutants};

/// The program: files by path, and the mutants in the order of its answers; its first answer is the original's.
#[derive(Clone, Debug)]
pub struct Mutation {
    /// Paths and texts.
    pub files: Vec<(String, String)>,
    /// The file that was changed, and how.
    pub mutants: Vec<(String, Mutant)>,
}

/// What came of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A vector tells it from the original.
    Killed,
    /// It does not compile.
    Unviable,
    /// No decision on the vectors' range of inputs tells it from the original.
    Alike,
    /// This sequence does, and no vector.
    Apart(String),
}

/// The files whose constants and operators are the candidate's.
const CHANGED: [&str; 2] = ["policy.go", "contract.go"];

impl Mutation {
    /// The program of a package's files, without the mutants at these positions; none if the files are not those of a package.
    pub fn new(files: &[(String, String)], without: &[usize], seconds: u32) -> Option<Mutation> {
        let of = |wanted: &str| files.iter().find(|(path, _)| path == wanted).map(|(_, text)| text.as_str());
        let (plugin, contract) = (of("plugin.go")?, of("contract.go")?);
        let name = plugin.lines().find_map(|line| line.strip_prefix("package "))?.trim();
        let parameters = parameters(plugin)?;
        let decide = include_str!("harness/decide.go.txt")
            .replace("PARAMETERS", &parameters)
            .replace("PACKAGE", name)
            .replace("REQUEST\n", &request(contract))
            .replace("INSTANCES\n", &instances(contract));
        let mut changed = Vec::new();
        for file in CHANGED {
            changed.extend(mutants(of(file)?).into_iter().map(|mutant| (file.to_owned(), mutant)));
        }
        let own = ["policy.go", "contract.go", "numeric.go", "maths.go"];
        let own: Vec<(&str, &str)> = own.iter().filter_map(|file| Some((*file, of(file)?))).collect();
        let mut out = vec![
            ("go.mod".to_owned(), "module mutation\n\ngo 1.22\n".to_owned()),
            ("steps/steps.go".to_owned(), include_str!("harness/steps.go.txt").to_owned()),
        ];
        let (mut imports, mut policies) = (String::new(), String::new());
        for at in 0..=changed.len() {
            if without.contains(&at) {
                continue;
            }
            let mutant = at.checked_sub(1).map(|at| &changed[at]);
            for (file, text) in &own {
                let text =
                    mutant.filter(|(changed, _)| changed == file).map_or(*text, |(_, mutant)| mutant.text.as_str());
                out.push((format!("m{at}/{file}"), text.to_owned()));
            }
            out.push((format!("m{at}/decide.go"), decide.clone()));
            imports.push_str(&format!("\tm{at} \"mutation/m{at}\"\n"));
            policies.push_str(&format!("\tm{at}.New,\n"));
        }
        let main = include_str!("harness/main.go.txt")
            .replace("IMPORTS\n", &imports)
            .replace("POLICIES\n", &policies)
            .replace("SECONDS", &seconds.to_string());
        out.push(("main.go".to_owned(), main));
        Some(Mutation { files: out, mutants: changed })
    }

    /// What the program's lines say of the mutants; none where they are not its lines.
    pub fn fates(&self, printed: &str, without: &[usize]) -> Option<Vec<Fate>> {
        let mut lines = printed.lines();
        if lines.next() != Some("original") {
            return None;
        }
        let fate = |at: usize| {
            if without.contains(&at) {
                return Some(Fate::Unviable);
            }
            match lines.next()? {
                "killed" => Some(Fate::Killed),
                "alike" => Some(Fate::Alike),
                line => line.strip_prefix("apart ").map(|sequence| Fate::Apart(sequence.to_owned())),
            }
        };
        (1..=self.mutants.len()).map(fate).collect()
    }

    /// The positions of mutants that the compiler names in what it printed.
    pub fn unviable(&self, printed: &str) -> Vec<usize> {
        printed
            .lines()
            .filter_map(|line| line.strip_prefix("# mutation/m")?.trim().parse().ok())
            .filter(|at| *at > 0)
            .collect()
    }
}

/// The struct of the parameters, and how it is filled by name.
fn parameters(plugin: &str) -> Option<String> {
    let body = plugin.split("type Parameters struct {\n").nth(1)?.split("\n}").next()?;
    let mut fields = String::new();
    let mut set = String::new();
    for line in body.lines().map(str::trim) {
        let mut words = line.split_whitespace();
        let (Some(field), Some("float64"), Some(tag)) = (words.next(), words.next(), words.next()) else { continue };
        let json = tag.strip_prefix("`json:\"")?.strip_suffix("\"`")?;
        let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name(field) || !is_name(json) {
            return None;
        }
        fields.push_str(&format!("\t{field} float64\n"));
        set.push_str(&format!("\tp.{field} = given[\"{json}\"]\n"));
    }
    Some(format!(
        "// Parameters of the policy.\ntype Parameters struct {{\n{fields}}}\n\nfunc parameters(given map[string]float64) Parameters {{\n\tp := Parameters{{}}\n{set}\treturn p\n}}"
    ))
}

/// How the fields that the contract's structs have here are filled.
fn filled(contract: &str, owner: &str, known: &[(&str, &str)]) -> Vec<String> {
    let head = format!("type {owner} struct {{\n");
    let Some(body) = contract.split(&head).nth(1).and_then(|rest| rest.split("\n}").next()) else { return vec![] };
    let has = |field: &str| body.lines().any(|line| line.trim_start().starts_with(&format!("{field} ")));
    known.iter().filter(|(field, _)| has(field)).map(|(field, value)| format!("{field}: {value},\n")).collect()
}

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
