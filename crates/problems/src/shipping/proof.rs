//! What the decisions of a package show of its translation, and what they do not: for its provenance and its README.

use super::Vectors;
use super::mutation::Fate;
use super::vectors::SPREAD;
use serde_json::{Value, json};
use std::fmt;
use translate::Mutant;

/// What was compared.
#[derive(Clone, Debug)]
pub struct Proof<'a> {
    /// The decisions.
    pub made: &'a Vectors,
    /// How many rounds made them.
    pub effort: usize,
    /// What became of the mutants, or why nobody knows.
    pub mutants: Result<Mutants, String>,
}

/// The mutants of a policy, each with what came of it.
#[derive(Clone, Debug, Default)]
pub struct Mutants(pub Vec<Judged>);

/// A mutant and what came of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The file that was changed.
    pub file: String,
    /// How.
    pub mutant: Mutant,
    /// What came of it.
    pub fate: Fate,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mutant { line, column, was, is, .. } = &self.mutant;
        write!(f, "{}:{line}:{column} `{was}` -> `{is}`", self.file)
    }
}

impl fmt::Display for Mutants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [killed, unviable, alike] = [Fate::Killed, Fate::Unviable, Fate::Alike].map(|fate| self.count(&fate));
        write!(f, "{} made, {killed} killed, {unviable} do not compile, {alike} alike", self.0.len())
    }
}

impl Mutants {
    /// Those of a fate.
    pub fn of(&self, wanted: impl Fn(&Fate) -> bool) -> impl Iterator<Item = &Judged> {
        self.0.iter().filter(move |own| wanted(&own.fate))
    }

    /// How many are of a fate.
    pub fn count(&self, wanted: &Fate) -> usize {
        self.of(|fate| fate == wanted).count()
    }

    /// Those that no decision tells from the original.
    pub fn alike(&self) -> impl Iterator<Item = &Judged> {
        self.of(|fate| *fate == Fate::Alike)
    }

    fn json(&self) -> Value {
        let alike = |own: &Judged| json!({ "file": own.file, "line": own.mutant.line, "column": own.mutant.column, "was": own.mutant.was, "is": own.mutant.is });
        json!({
            "made": self.0.len(),
            "killed": self.count(&Fate::Killed),
            "do_not_compile": self.count(&Fate::Unviable),
            "alike": self.alike().map(alike).collect::<Vec<Value>>(),
        })
    }
}

impl Proof<'_> {
    /// For `provenance.json`.
    pub fn json(&self) -> Value {
        let (own, others) = self.made.longest();
        json!({
            "effort": self.effort,
            "decisions": self.made.decisions(),
            "sequences": self.made.sequences.len(),
            "boundaries": self.made.boundaries,
            "longest": { "default_parameters": own, "other_parameters": others },
            "mutants": match &self.mutants {
                Ok(mutants) => mutants.json(),
                Err(why) => json!({ "could_not_run": why }),
            },
        })
    }

    /// A section of the README.
    pub fn section(&self) -> String {
        let (own, others) = self.made.longest();
        let (decisions, sequences) = (self.made.decisions(), self.made.sequences.len());
        let mut said = format!(
            "\n## What was compared\n\n`testdata/decisions.json` holds {decisions} decisions of the compiled candidate in {sequences} sequences, each of a new \
             policy, and among them both sides of {} boundaries between neighbouring values of an input. `provenance.json` has these figures \
             under `proof`.\n\n",
            self.made.boundaries
        );
        said.push_str(&match &self.mutants {
            Ok(mutants) => format!(
                "The translation repeats all of them. Its mutants, each with one number or operator changed: {mutants}. Of those that are alike no \
                 decision that was tried tells them from the policy; they need eyes, or do not matter.\n"
            ),
            Err(why) => format!("The translation was not run, nor were its mutants: {why}\n"),
        });
        let alike: Vec<&Judged> = self.mutants.iter().flat_map(Mutants::alike).collect();
        if !alike.is_empty() {
            said.push_str("\n| alike | was | is |\n|---|---|---|\n");
        }
        for Judged { file, mutant, .. } in alike {
            // A bar would end the cell.
            let cell = |text: &str| format!("`{}`", text.replace('|', "\\|"));
            said.push_str(&format!(
                "| `{file}:{}:{}` | {} | {} |\n",
                mutant.line,
                mutant.column,
                cell(&mutant.was),
                cell(&mutant.is)
            ));
        }
        said.push_str(&format!(
            "\nWhat these decisions do not show:\n\n- What the policy does after more than {own} decisions with its default parameters, or {others} with \
             others: memory that reaches further back.\n- {}\n- Whether the target tells it what it was told here: see what it looks at.\n",
            self.made.unshown
        ));
        if self.effort < SPREAD {
            said.push_str(&format!(
                "- Each choice that a parameter is: that takes an effort of {SPREAD}, and this is {}.\n",
                self.effort
            ));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readme_and_a_provenance_name_the_mutants_that_nothing_tells_apart() {
        let judged = |line, was: &str, is: &str, fate| Judged {
            file: "policy.go".into(),
            mutant: Mutant { line, column: 3, was: was.into(), is: is.into(), text: String::new() },
            fate,
        };
        let mutants = Mutants(vec![
            judged(7, "||", "&&", Fate::Alike),
            judged(8, "+", "-", Fate::Killed),
            judged(9, "!", "", Fate::Unviable),
        ]);
        let made = Vectors { unshown: "More than 16 bands.", ..Vectors::default() };
        let proof = Proof { made: &made, effort: 4, mutants: Ok(mutants) };
        let said = proof.section();
        for line in [
            "3 made, 1 killed, 1 do not compile, 1 alike.",
            "| `policy.go:7:3` | `\\|\\|` | `&&` |\n",
            "- More than 16 bands.\n",
        ] {
            assert!(said.contains(line), "{said}");
        }
        assert_eq!(
            proof.json()["mutants"]["alike"][0],
            json!({ "file": "policy.go", "line": 7, "column": 3, "was": "||", "is": "&&" })
        );
        let proof = Proof { mutants: Err("no `go` on the path".into()), ..proof };
        assert!(proof.section().contains("was not run, nor were its mutants: no `go` on the path"));
        assert_eq!(proof.json()["mutants"], json!({ "could_not_run": "no `go` on the path" }));
    }
}
