//! One-interval residuals of fields: what the data do in an interval and the model does not, with the pushed library.

use super::flow::Pushed;
use super::observations::Interval;
use super::question::{CandidateFlow, FieldQuestion};
use super::spectrum::coordinates_below;
use crate::discover::gram::Gram;
use crate::discover::residual::N_FOLDS;

/// Runs the model over intervals; gives one Gram matrix of the candidates for each fold. `scales` are how much
/// each field counts; modes beyond `band` are not looked at. Intervals that the model cannot cross are left out.
pub fn one_interval_grams(
    question: &FieldQuestion<'_>,
    pushing: &mut CandidateFlow,
    intervals: &[Interval],
    scales: &[f64],
    band: f64,
) -> Vec<Gram> {
    let mut folds = vec![Gram::new(pushing.n_pairs); N_FOLDS];
    let mut pushed = Pushed::default();
    let n = pushing.flow.n_coordinates();
    let selected = coordinates_below(&pushing.flow.frequencies(), scales.len(), band);
    let mut target = vec![0.0; selected.len()];
    let mut columns = vec![target.clone(); pushing.n_pairs];
    for (i, &interval) in intervals.iter().enumerate() {
        let times = &question.data.runs[interval.run].times;
        let times = [times[interval.from], times[interval.to]];
        let [a, b] = [interval.from, interval.to].map(|frame| {
            let nodes = question.data.frame(interval.run, frame);
            pushing.flow.coordinates(nodes)
        });
        pushing.flow.run(times, &a, &mut pushed);
        if !pushed.is_finite() {
            continue;
        }
        let per_field = n / scales.len();
        let weight = |i: usize| 1.0 / ((times[1] - times[0]) * scales[i / per_field]);
        for (target, &i) in target.iter_mut().zip(&selected) {
            *target = (b[i] - pushed.state()[i]) * weight(i);
        }
        for (k, column) in columns.iter_mut().enumerate() {
            let tangent = pushed.tangent(k);
            for (value, &i) in column.iter_mut().zip(&selected) {
                *value = tangent[i] * weight(i);
            }
        }
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        folds[i * N_FOLDS / intervals.len()].add(&columns, &target);
    }
    folds.iter().map(|g| g.combined(&pushing.sums)).collect()
}
