//! Which modes of a program matter.

use crate::system::space::program::{ArrayId, ArrayKind, Cut, SpaceProgram, Step};

/// The largest cut behind which all modes are 0 before anything but a cut uses them; inputs in modes have those of `inputs`.
pub(super) fn keep(program: &SpaceProgram, inputs: &Cut) -> Cut {
    let is_modes = |array: &&ArrayId| program.kind(**array) == ArrayKind::Modes;
    let mut cuts = Vec::new();
    if program.inputs.iter().any(|array| is_modes(&array)) {
        cuts.push(inputs);
    }
    let steps = || program.setup.iter().chain(&program.steps);
    for transformed in steps().filter_map(of_transform) {
        if program.outputs.contains(&transformed) {
            return Cut::All;
        }
        for step in steps() {
            match step {
                Step::Diagonal { terms, keep, .. } => {
                    if terms.iter().any(|(array, _)| *array == transformed) {
                        cuts.push(keep);
                    }
                }
                Step::Inverse { from, .. } if *from == transformed => return Cut::All,
                Step::Inverse { .. }
                | Step::Forward { .. }
                | Step::Pointwise { .. }
                | Step::Along { .. }
                | Step::Flux(_)
                | Step::Reduce { .. }
                | Step::Solve(_) => {}
            }
        }
    }
    let mut widest = None;
    for cut in cuts {
        let Cut::Fraction(fraction) = cut else {
            return Cut::All;
        };
        let is_wider = |known: &Cut| match known {
            Cut::Fraction(known) => known.to_f64() < fraction.to_f64(),
            Cut::All | Cut::Filter { .. } => false,
        };
        if widest.as_ref().is_none_or(is_wider) {
            widest = Some(cut.clone());
        }
    }
    widest.unwrap_or(Cut::All)
}

/// The modes that a step makes of nodes.
fn of_transform(step: &Step) -> Option<ArrayId> {
    match step {
        Step::Forward { to, .. } => Some(*to),
        Step::Pointwise { .. }
        | Step::Inverse { .. }
        | Step::Diagonal { .. }
        | Step::Along { .. }
        | Step::Flux(_)
        | Step::Reduce { .. }
        | Step::Solve(_) => None,
    }
}
