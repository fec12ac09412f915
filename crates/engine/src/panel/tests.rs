use super::*;
use science::nonce::Nonce;
use science::objective::Yardsticks;
use simulator::admitters::Builtin;
use std::path::Path;

fn search() -> Panel {
    let study = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments/admission");
    Panel::search(&LoadedExperiment::read(&study).unwrap(), Nonce::of(5), 4).unwrap()
}

fn trials(panel: &Panel, policy: &str) -> Vec<Trial> {
    let run = |cell: &PanelCell| cell.trial(&cell.simulate(Builtin::parse(policy).unwrap(), Draws::Shared)).unwrap();
    crate::cores::on_all_cores(&panel.cells, |cell| Ok(run(cell))).unwrap()
}

/// Yardsticks that are all this measurement.
fn yardsticks(reference: &Measurement, panel: &Panel) -> Yardsticks {
    let [reference_again, refuse_everything, louder, softer] = [(); 4].map(|()| reference.clone());
    let (reference, drawn) = (reference.clone(), panel.drawn);
    Yardsticks {
        reference,
        reference_again,
        refuse_everything,
        louder,
        softer,
        lambda: 5.0,
        overloaded: vec![],
        drawn,
        one_trace: false,
    }
}

#[test]
fn a_run_on_a_third_of_a_panel_is_cell_by_cell_what_a_third_of_a_run_on_all_of_it_is() {
    let panel = search();
    let (third, part) = panel.third().unwrap();
    assert_eq!((part.rows.len(), part.trials_each(), part.drawn), (8 + 32, 8 * 2 + 32, 32));
    assert!(part.names.iter().all(|name| panel.names.contains(name)));
    let [baseline, quintic] = ["gaie-legacy", "probabilistic"].map(|policy| trials(&panel, policy));
    let own = ["gaie-legacy", "probabilistic"].map(|policy| trials(&part, policy));
    assert_eq!(own, [third.cells(&baseline), third.cells(&quintic)]);
    let (whole, own) = (panel.measure(&quintic, &baseline), part.measure(&own[1], &own[0]));
    assert_eq!(own, whole.on(&third));
    assert_eq!(yardsticks(&whole, &panel).third(), Some((third, yardsticks(&own, &part))));
}

#[test]
fn a_panel_of_the_study_alone_has_no_third() {
    let scenario = search();
    let cell = &scenario.cells[0];
    assert!(Panel::single(&cell.cluster, Arc::clone(&cell.arrivals), 1).third().is_none());
}
