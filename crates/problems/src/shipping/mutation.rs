//! The policy of a package with all its mutants as one Go program, which replays the vectors to each of them.
//!
//! It is compiled once: a function has the body of each of its mutants beside its own, and a variable says which one runs. A
//! constant becomes a variable that is set when a mutant is chosen.

mod part;

use super::Harness;
use part::{Part, body, burning, parts, value};
use std::collections::BTreeMap;
use translate::{Mutant, mutants};

/// The program: files by path, and the mutants, by position + 1 in its answers; 0 is the original.
#[derive(Clone, Debug)]
pub struct Mutation {
    /// Paths and texts.
    pub files: Vec<(String, String)>,
    /// The file that was changed, and how.
    pub mutants: Vec<(String, Mutant)>,
    /// For each file of the policy the mutant that a line belongs to; 0 for none.
    lines: BTreeMap<String, Vec<usize>>,
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
/// How the struct of the parameters begins.
const PARAMETERS: &str = "type Parameters struct {\n";
/// What else a policy consists of.
const BESIDE: [&str; 2] = ["numeric.go", "maths.go"];

impl Mutation {
    /// The program of a package's files, without the mutants at these positions; none if the files are not those of a package.
    /// What agrees with the original is searched for differences in so many rounds.
    pub fn new(files: &[(String, String)], harness: &Harness, without: &[usize], rounds: usize) -> Option<Mutation> {
        let of = |wanted: &str| files.iter().find(|(path, _)| path == wanted).map(|(_, text)| text.as_str());
        let scaffold = files.iter().find(|(_, text)| text.contains(PARAMETERS)).map(|(_, text)| text.as_str())?;
        let texts: Vec<&str> = CHANGED.iter().map(|file| of(file)).collect::<Option<_>>()?;
        let name = texts[0].lines().find_map(|line| line.strip_prefix("package "))?.trim();
        let mut own = Mutation { files: vec![], mutants: vec![], lines: BTreeMap::new() };
        let (mut resets, mut values) = (String::new(), String::new());
        // The length of an array, or a part of another constant: Go wants a constant there.
        let fixed = |name: &str| {
            let word = |line: &str| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
            let constant = |line: &&str| line.starts_with("const ") && !line.starts_with(&format!("const {name} "));
            texts.iter().any(|text| text.contains(&format!("[{name}]")) || text.lines().filter(constant).any(word))
        };
        for (file, text) in CHANGED.iter().zip(&texts) {
            let mut written = Written::default();
            for part in parts(text) {
                own.part(file, &part, without, &mut written, (&mut resets, &mut values), &fixed);
            }
            let renamed = written.text.replacen(&format!("package {name}\n"), "package policy\n", 1);
            own.files.push((format!("policy/{file}"), renamed));
            own.lines.insert(format!("policy/{file}"), written.lines);
        }
        for file in BESIDE {
            if let Some(text) = of(file) {
                let renamed = text.replacen(&format!("package {name}\n"), "package policy\n", 1);
                own.files.push((format!("policy/{file}"), renamed));
            }
        }
        let decide = include_str!("harness/decide.go.txt")
            .replace("PARAMETERS", &parameters(scaffold)?)
            .replace("RESETS\n", &resets)
            .replace("VALUES\n", &values);
        let asked = (harness.filled)(texts[1]);
        let ask = asked.iter().fold(harness.ask.to_owned(), |text, (word, with)| text.replace(word, with));
        let viable: Vec<String> =
            (0..=own.mutants.len()).filter(|at| !without.contains(at)).map(|at| at.to_string()).collect();
        let main = include_str!("harness/main.go.txt")
            .replace("MUTANTS", &viable.join(", "))
            .replace("ROUNDS", &rounds.to_string());
        own.files.extend([
            ("go.mod".to_owned(), "module mutation\n\ngo 1.22\n".to_owned()),
            ("steps/sequence.go".to_owned(), include_str!("harness/sequence.go.txt").to_owned()),
            ("steps/steps.go".to_owned(), harness.steps.to_owned()),
            ("policy/decide.go".to_owned(), decide),
            ("policy/ask.go".to_owned(), ask),
            ("main.go".to_owned(), main),
        ]);
        Some(own)
    }

    /// Writes a declaration, with its mutants.
    fn part(
        &mut self,
        file: &str,
        part: &Part<'_>,
        without: &[usize],
        written: &mut Written,
        (resets, values): (&mut String, &mut String),
        fixed: &dyn Fn(&str) -> bool,
    ) {
        let made: Vec<Mutant> = match part {
            // Types of parameters are none of its constants.
            Part::Function { text, .. } => mutants(text).into_iter().filter(|own| own.line > 1).collect(),
            Part::Value { name, text } if !fixed(name) => mutants(text),
            Part::Value { .. } | Part::Other(_) => vec![],
        };
        let mut placed = Vec::new();
        for mutant in made {
            let line = mutant.line + written.source;
            self.mutants.push((file.to_owned(), Mutant { line, ..mutant.clone() }));
            if !without.contains(&self.mutants.len()) {
                placed.push((self.mutants.len(), mutant.text));
            }
        }
        match part {
            Part::Value { name, text } if !placed.is_empty() => {
                written.put(&format!("var {name} = {}\n", value(text)), 0);
                resets.push_str(&format!("{name} = {}\n", value(text)));
                for (at, mutant) in &placed {
                    values.push_str(&format!("case {at}:\n{name} = {}\n", value(mutant)));
                }
            }
            Part::Function { head, result, text } if !placed.is_empty() => {
                written.put(head, 0);
                written.put("switch harnessMutant {\n", 0);
                for (at, mutant) in &placed {
                    let call = if result.is_empty() { "" } else { "return " };
                    written.put(&format!("case {at}:\n{call}func() {result} {{\n"), *at);
                    written.put(&burning(body(mutant)), *at);
                    written.put("}()\n", *at);
                    if result.is_empty() {
                        written.put("return\n", *at);
                    }
                }
                written.put("}\n", 0);
                written.put(&burning(body(text)), 0);
                written.put("}\n", 0);
            }
            Part::Function { text, .. } => written.put(&burning(text), 0),
            Part::Value { text, .. } | Part::Other(text) => written.put(text, 0),
        }
        written.source += part.text().lines().count();
    }

    /// What the program's lines say of the mutants; none where they are not its lines.
    pub fn fates(&self, printed: &str, without: &[usize]) -> Option<Vec<Fate>> {
        let mut said: BTreeMap<usize, Fate> = without.iter().map(|at| (*at, Fate::Unviable)).collect();
        let mut original = false;
        for line in printed.lines() {
            let (at, word) = line.split_once(' ')?;
            let at: usize = at.parse().ok()?;
            let fate = match word {
                "original" if at == 0 => {
                    original = true;
                    continue;
                }
                "killed" => Fate::Killed,
                "alike" => Fate::Alike,
                _ => Fate::Apart(word.strip_prefix("apart ")?.to_owned()),
            };
            said.insert(at, fate);
        }
        // An original that is killed does not decide as its vectors.
        if !original || said.contains_key(&0) {
            return None;
        }
        (1..=self.mutants.len()).map(|at| said.get(&at).cloned()).collect()
    }

    /// The positions of mutants that the compiler names in what it printed.
    pub fn unviable(&self, printed: &str) -> Vec<usize> {
        let mut found: Vec<usize> = printed
            .lines()
            .filter_map(|line| {
                let (file, rest) = line.trim_start_matches("./").split_once(':')?;
                let line: usize = rest.split(':').next()?.parse().ok()?;
                let values = (file == "policy/decide.go").then(|| self.value_at(line)).flatten();
                values.or_else(|| self.lines.get(file)?.get(line.checked_sub(1)?).copied())
            })
            .filter(|at| *at > 0)
            .collect();
        found.dedup();
        found
    }

    /// The mutant that sets a variable in a line of `decide.go`.
    fn value_at(&self, line: usize) -> Option<usize> {
        let (_, text) = self.files.iter().find(|(path, _)| path == "policy/decide.go")?;
        let above: Vec<&str> = text.lines().take(line).collect();
        above.iter().rev().find_map(|line| line.strip_prefix("case ")?.strip_suffix(':')?.parse().ok())
    }
}

/// A text as it is written, with the mutant of each line.
#[derive(Default)]
struct Written {
    text: String,
    lines: Vec<usize>,
    /// Lines of the source that were read.
    source: usize,
}

impl Written {
    fn put(&mut self, text: &str, mutant: usize) {
        self.text.push_str(text);
        self.lines.extend(text.lines().map(|_| mutant));
    }
}

/// The struct of the parameters, and how it is filled by name.
fn parameters(scaffold: &str) -> Option<String> {
    let body = scaffold.split(PARAMETERS).nth(1)?.split("\n}").next()?;
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
        "// Parameters of the policy.\ntype Parameters struct {{\n{fields}}}\n\nfunc harnessParameters(given map[string]float64) Parameters {{\n\tp := Parameters{{}}\n{set}\treturn p\n}}"
    ))
}

/// How the fields that the contract's structs have here are filled.
pub(crate) fn filled(contract: &str, owner: &str, known: &[(&str, &str)]) -> Vec<String> {
    let head = format!("type {owner} struct {{\n");
    let Some(body) = contract.split(&head).nth(1).and_then(|rest| rest.split("\n}").next()) else { return vec![] };
    let has = |field: &str| body.lines().any(|line| line.trim_start().starts_with(&format!("{field} ")));
    known.iter().filter(|(field, _)| has(field)).map(|(field, value)| format!("{field}: {value},\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_the_bodies_of_all_mutants_and_knows_whose_line_is_whose() {
        let policy = "/*\n*/\n\npackage mine\n\n// Limit is one.\nconst limit float64 = 2.5\n\nconst slots int = 4\n\n// Policy is it.\ntype Policy struct {\n\tring [slots]float64\n}\n\nfunc (p *Policy) admit(request Request, cluster Cluster, draw *Draw) Decision {\n\tfor i := range p.ring {\n\t\tp.ring[i] += limit\n\t}\n\treturn DecisionReject\n}\n";
        let files = [
            ("plugin.go", "package mine\n\ntype Parameters struct {\n\tMode string `json:\"mode\"`\n\tK float64 `json:\"k\"`\n}\n"),
            ("policy.go", policy),
            ("contract.go", "package mine\n\n// Request is shown.\ntype Request struct {\n\tpriority int32\n}\n\ntype Cluster struct{}\n"),
        ]
        .map(|(path, text)| (path.to_owned(), text.to_owned()));
        let harness = Harness { steps: "", ask: "", filled: |_| vec![] };
        let mutation = Mutation::new(&files, &harness, &[], 10).expect("a program");
        let changes: Vec<(usize, &str, &str)> =
            mutation.mutants.iter().map(|(_, own)| (own.line, own.was.as_str(), own.is.as_str())).collect();
        assert_eq!(changes, [(7, "2.5", "2.525"), (7, "2.5", "3.5"), (18, "+=", "-=")]);
        let of = |wanted: &str| &mutation.files.iter().find(|(path, _)| path == wanted).expect(wanted).1;
        let written = of("policy/policy.go");
        assert!(written.contains("var limit = float64(2.5)\n"), "{written}");
        assert!(
            written.contains(
                "case 3:\nreturn func() Decision {\n\tfor i := range p.ring { harnessBurn();\n\t\tp.ring[i] -= limit\n"
            ),
            "{written}"
        );
        assert!(of("policy/decide.go").contains("case 2:\nlimit = float64(3.5)\n"), "{}", of("policy/decide.go"));
        let line = 1 + written.lines().position(|line| line.contains("-= limit")).expect("a mutant");
        assert_eq!(mutation.unviable(&format!("# mutation/policy\npolicy/policy.go:{line}:3: wrong\n")), [3]);
        assert_eq!(
            mutation.fates("0 original\n2 alike\n3 killed\n1 apart {}\n", &[]),
            Some(vec![Fate::Apart("{}".into()), Fate::Alike, Fate::Killed])
        );
        assert_eq!(mutation.fates("0 killed\n", &[1, 2, 3]), None);
    }
}
