//! The matrix of a linear map of arrays whose values depend on nearby nodes: nodes that are far apart are probed together.
//!
//! # References
//! - [CPR74] A. R. Curtis, M. J. D. Powell, J. K. Reid, *On the estimation of sparse Jacobian matrices*, IMA J. Appl. Math. 13 (1974) 117–119,
//!   doi:10.1093/imamat/13.1.117.

use super::layout::Shape;

/// An entry: column, row, value.
pub(super) type Entry = (u32, u32, f64);

/// The columns of an axis that are probed together.
struct Colours {
    /// By node.
    of: Vec<usize>,
    n: usize,
    reach: usize,
    periodic: bool,
}

impl Colours {
    /// Nodes of one colour are more than twice the reach apart.
    fn new(n: usize, reach: usize, periodic: bool) -> Colours {
        let period = (2 * reach + 1).min(n);
        // Around the end of a periodic axis nodes that do not fill a period have colours of their own.
        let own = if periodic { n % period } else { 0 };
        let colour = |i: usize| match (i + own).checked_sub(n) {
            Some(rest) => period + rest,
            None => i % period,
        };
        Colours {
            of: (0..n).map(colour).collect(),
            n: period + own,
            reach,
            periodic,
        }
    }

    /// The node of a colour that is within reach.
    fn near(&self, i: usize, colour: usize) -> Option<usize> {
        let (n, reach) = (self.of.len(), self.reach);
        let mut places = i + n - reach.min(n)..=i + n + reach;
        let is_inside = |place: usize| self.periodic || (n..2 * n).contains(&place);
        let node = places.find(|&place| is_inside(place) && self.of[place % n] == colour);
        node.map(|place| place % n)
    }
}

/// Entries of the linear part of `map`, which writes what it gives for an array. Fixed nodes are no columns.
pub(super) fn probe(
    shape: Shape,
    reach: [usize; 3],
    is_fixed: &[bool],
    base: &[f64],
    mut map: impl FnMut(&[f64], &mut [f64]),
) -> Vec<Entry> {
    let [nx, ny, _] = shape.n;
    let axis = |a: usize| Colours::new(shape.n[a], reach[a], shape.periodic[a]);
    let [x, y, z] = [axis(0), axis(1), axis(2)];
    let [mut at_base, mut at_probe] = [vec![0.0; base.len()], vec![0.0; base.len()]];
    map(base, &mut at_base);
    let mut probe = base.to_vec();
    let mut entries = Vec::new();
    for colour in 0..x.n * y.n * z.n {
        let colours = [colour % x.n, colour / x.n % y.n, colour / (x.n * y.n)];
        let node = |[i, j, k]: [usize; 3]| i + nx * (j + ny * k);
        let mut is_probed = false;
        for at in 0..base.len() {
            let [i, j, k] = [at % nx, at / nx % ny, at / (nx * ny)];
            let is_one = [x.of[i], y.of[j], z.of[k]] == colours && !is_fixed[at];
            probe[at] = base[at] + if is_one { 1.0 } else { 0.0 };
            is_probed |= is_one;
        }
        if !is_probed {
            continue;
        }
        map(&probe, &mut at_probe);
        for row in 0..base.len() {
            let value = at_probe[row] - at_base[row];
            if value == 0.0 {
                continue;
            }
            let [i, j, k] = [row % nx, row / nx % ny, row / (nx * ny)];
            let near = [
                x.near(i, colours[0]),
                y.near(j, colours[1]),
                z.near(k, colours[2]),
            ];
            if let [Some(i), Some(j), Some(k)] = near {
                entries.push((node([i, j, k]) as u32, row as u32, value));
            }
        }
    }
    entries
}
