//! Constants inside of library terms, like the `K` of `S/(K + S)`: candidates for several of their values, from which they are fitted.

use ansatz_compiler::model::discovery::{Candidate, Constant, Discover, LibraryTerm};

use super::observations::Observations;

/// A constant begins at these multiples of the median size of the amount that it is compared with.
const GRID: [f64; 4] = [0.1, 0.4, 1.5, 6.0];

/// The experiment with a candidate for each of these values where a term has constants like a state; `measured` says which
/// column each state has. States without a column count as 1.
pub fn on_grid(discover: &Discover, measured: &[Option<usize>], data: &Observations) -> Discover {
    let size = |constant: &Constant| {
        let column = constant.like.and_then(|state| measured[state.0 as usize]);
        column.map_or(1.0, |column| median_size(data, column))
    };
    let mut out = discover.clone();
    out.library.clear();
    let mut begins = Vec::new();
    for term in &discover.library {
        begins.push(out.library.len());
        let is_open = term.constants.iter().any(|c| c.like.is_some());
        let multiples = if is_open { &GRID[..] } else { &[1.0] };
        out.library.extend(multiples.iter().map(|multiple| {
            let mut term: LibraryTerm = term.clone();
            for constant in term.constants.iter_mut().filter(|c| c.like.is_some()) {
                constant.value = multiple * size(constant);
            }
            term
        }));
    }
    begins.push(out.library.len());
    let on_all = |candidate: &Candidate| {
        let term = candidate.term as usize;
        let candidate = candidate.clone();
        (begins[term]..begins[term + 1]).map(move |term| Candidate {
            term: term as u32,
            ..candidate.clone()
        })
    };
    out.candidates = discover.candidates.iter().flat_map(on_all).collect();
    out
}

/// Median of the absolute values of a column; 1 if they vanish.
fn median_size(data: &Observations, column: usize) -> f64 {
    let mut sizes: Vec<f64> = data.values_of(column).map(f64::abs).collect();
    sizes.sort_by(f64::total_cmp);
    let median = sizes.get(sizes.len() / 2).copied();
    median.filter(|size| *size > 0.0).unwrap_or(1.0)
}
