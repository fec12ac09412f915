//! `elenchus diff`

use crate::environment::Environment;

#[test]
fn two_candidates_of_a_campaign_are_paired_on_the_panel_that_both_ran_on() {
    let environment = Environment::ended(2);
    let show = environment.json(&["show", "--format", "json"]);
    let lineage = show["lineage"].as_array().expect("a lineage");
    let scored: Vec<&str> = lineage
        .iter()
        .filter(|node| node["outcome"] == "scored")
        .filter_map(|node| node["candidate"].as_str())
        .collect();
    let (first, second) = (scored[0], scored[scored.len() - 1]);
    assert_ne!(first, second);
    let diff = environment.json(&["diff", first, &second[..8], "--format", "json"]);
    assert!(diff["unpaired"].is_null() && diff["left"]["candidate"] == first, "{diff:#}");
    let worth = &diff["effects"][0];
    assert!(worth["metric"] == "saving" && worth["estimate"].is_number(), "{diff:#}");
    let scenarios = show["spec"].as_object().map_or(0, |_| diff["workloads"].as_array().map_or(0, Vec::len));
    assert!(scenarios > 0 && diff["source"].as_str().is_some_and(|source| source.contains("+ ")), "{diff:#}");
    let text = environment.ok(&["diff", first, second]);
    for title in ["Specification", "Source", "Behaviour", "Effects", "second beyond first", "the second gains more in"]
    {
        assert!(text.contains(title), "{title}: {text}");
    }
    // Against itself nothing differs; a campaign stands for its champion.
    let campaign = show["campaign"].as_str().expect("an id");
    let champion = show["champion"]["candidate"].as_str().expect("a champion");
    let same = environment.json(&["diff", &campaign[..8], champion, "--format", "json"]);
    assert!(
        same["acts_alike"] == true && same["source"] == "" && same["specification"] == serde_json::json!([]),
        "{same:#}"
    );
    assert!(same["effects"].as_array().is_some_and(|all| all.iter().all(|one| one["estimate"] == 0.0)), "{same:#}");
    // Two campaigns are held beside each other themselves, before their champions are.
    let twice = environment.json(&["diff", &campaign[..8], &campaign[..8], "--format", "json"]);
    let rows = twice["campaigns"].as_array().expect("rows");
    let said =
        |what: &str| rows.iter().find(|row| row["what"] == what).map(|row| [row["left"].clone(), row["right"].clone()]);
    assert!(said("answer").is_some_and(|[left, right]| left == right), "{twice:#}");
    assert!(said("claims").is_some() && said("state").is_some_and(|[left, _]| left == "completed"), "{twice:#}");
    assert_eq!(same.get("campaigns"), None);
    let text = environment.ok(&["diff", &campaign[..8], &campaign[..8]]);
    assert!(text.starts_with("Campaigns\n") && text.contains("They are written alike."), "{text}");
    let said = environment.fails(2, &["diff", champion, "zzzz"]);
    assert!(said.contains("no campaign and no single candidate begins with `zzzz`"), "{said}");
}
