//! Lines that a plugin wrote, among those of others: a JSON object with the key `elenchus`, wherever in a line it begins and however it
//! is laid out. What stands before and behind it, as a logger may put there, is not read.

use serde_json::Value;

/// The key of a line of ours, and the version of the format that is read.
pub const KEY: &str = "elenchus";
/// The version that plugins write.
pub const FORMAT: u64 = 1;
/// Braces of a line at which the object is looked for.
const TRIED: usize = 16;

/// The object of a line; none if it is a line of others, or what is wrong with it.
pub fn ours(line: &str) -> Option<Result<Value, String>> {
    let key = line.find("\"elenchus\"")?;
    let mut problem = "no object begins before its key".to_owned();
    for begin in line[..key].match_indices('{').map(|(at, _)| at).take(TRIED) {
        match serde_json::Deserializer::from_str(&line[begin..]).into_iter::<Value>().next() {
            Some(Ok(object)) if object.get(KEY).is_some() => return Some(versioned(object)),
            Some(Err(error)) => problem = error.to_string(),
            _ => {}
        }
    }
    Some(Err(problem))
}

fn versioned(object: Value) -> Result<Value, String> {
    match object[KEY].as_u64() {
        Some(FORMAT) => Ok(object),
        Some(version) => Err(format!("version {version} of the format; this program reads {FORMAT}")),
        None => Err("no version of the format".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_of_ours_is_read_however_it_is_laid_out_and_whatever_stands_around_it() {
        for line in [
            r#"{"elenchus":1,"event":"x"}"#,
            r#"  { "event" : "x" , "elenchus" : 1 }  "#,
            r#"I1130 12:00:00 {"event":"x","elenchus":1} and more"#,
            r#"{"log":{"elenchus":1,"event":"x"},"stream":"stderr"}"#,
            r#"{not json} {"elenchus":1,"event":"x"}"#,
        ] {
            let object = ours(line).expect(line).expect(line);
            assert_eq!(object["event"], "x", "{line}");
        }
    }

    #[test]
    fn lines_of_others_are_none_and_broken_ones_of_ours_say_what_is_wrong() {
        for line in ["", "hello", r#"{"msg":"{\"elenchus\":1}"}"#, r#"{"elenchus_":1}"#] {
            assert!(ours(line).is_none(), "{line}");
        }
        for (line, said) in [
            (r#"{"elenchus":1,"event":"deci"#, "EOF"),
            (r#"{"elenchus":2}"#, "version 2"),
            (r#"{"elenchus":"1"}"#, "no version"),
            (r#""elenchus":1}"#, "no object"),
        ] {
            let problem = ours(line).expect(line).expect_err(line);
            assert!(problem.contains(said), "{line}: {problem}");
        }
        // However many braces there are.
        assert!(ours(&format!("{}\"elenchus\":1", "{".repeat(1_000_000))).is_some_and(|own| own.is_err()));
    }
}
