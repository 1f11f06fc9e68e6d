//! The leading parts of equations under small, short waves: speeds and diffusivities, hence the largest stable step.
//!
//! A small change `exp(κ·x)` of a field makes every derivative `∂^orders(g)` change by `κ^orders` times the change of `g`, to
//! leading order in κ. The part linear in κ is minus the flux Jacobian, the quadratic part the diffusivity.

use rustc_hash::FxHashMap;

use super::setting::{Role, Setting};
use crate::terms::{Number, Op, Pool, SymbolId, Term, View};

/// Bounds along one axis, over fields and whatever the equations use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Smallest and largest characteristic speed.
    pub speeds: Option<(Term, Term)>,
    /// Bound of the diffusivity.
    pub diffusivity: Option<Term>,
}

impl Setting {
    /// Bounds by axis.
    pub fn bounds(&mut self, pool: &mut Pool, fields: &[SymbolId], rows: &[Term]) -> Vec<Bounds> {
        let waves: Vec<SymbolId> = (0..self.axes.len())
            .map(|a| pool.symbol(&format!("wave({a})")))
            .collect();
        let mut changes = Vec::new();
        for row in rows {
            let of = fields
                .iter()
                .map(|field| self.change(pool, *row, *field, &waves));
            changes.push(of.collect::<Vec<_>>());
        }
        let axes = waves.iter().map(|wave| {
            let first: Vec<Vec<Term>> = map(&changes, |t| {
                let slope = pool.derivative(t, *wave);
                let speed = pool.neg(slope);
                without(pool, speed, &waves)
            });
            let second: Vec<Vec<Term>> = map(&changes, |t| {
                let slope = pool.derivative(t, *wave);
                let curvature = pool.derivative(slope, *wave);
                let half = pool.scale(&Number::ratio(1, 2).expect("2 is not 0"), curvature);
                without(pool, half, &waves)
            });
            Bounds {
                speeds: speeds(pool, &first),
                diffusivity: largest_row(pool, &second),
            }
        });
        axes.collect()
    }

    /// The change of a term when a field changes by a wave, to leading order.
    fn change(&self, pool: &mut Pool, root: Term, field: SymbolId, waves: &[SymbolId]) -> Term {
        let (zero, one) = (pool.int(0), pool.int(1));
        let mut changes: FxHashMap<Term, Term> = FxHashMap::default();
        for t in pool.reachable(&[root]) {
            let change = match pool.view(t) {
                View::Symbol(symbol) if symbol == field => one,
                View::Number(_) | View::Symbol(_) | View::Constant(_) => zero,
                View::Call(op, _) if Op::REDUCTIONS.contains(&op) => zero,
                View::Sum(..) | View::Product(..) | View::Call(..) => match self.partial(pool, t) {
                    Some((inner, axis)) => {
                        let wave = pool.var(waves[axis]);
                        pool.mul(wave, changes[&inner])
                    }
                    None => node_change(pool, t, &changes),
                },
            };
            changes.insert(t, change);
        }
        changes[&root]
    }

    /// Whether a symbol is a field.
    pub fn is_field(&self, symbol: SymbolId) -> bool {
        matches!(self.role(symbol), Role::Field(_))
    }
}

/// The chain rule at one node, its children taken as independent.
fn node_change(pool: &mut Pool, t: Term, changes: &FxHashMap<Term, Term>) -> Term {
    let zero = pool.int(0);
    let mut children = Vec::new();
    pool.for_each_child(t, |child| children.push(child));
    if children.iter().all(|child| changes[child] == zero) {
        return zero;
    }
    let (mut names, mut back) = (FxHashMap::default(), FxHashMap::default());
    let mut directions = FxHashMap::default();
    for (i, child) in children.iter().enumerate() {
        if pool.as_number(*child).is_some() {
            names.insert(*child, *child);
            continue;
        }
        let symbol = pool.symbol(&format!("part({i})"));
        let name = pool.var(symbol);
        names.insert(*child, name);
        back.insert(name, *child);
        directions.insert(symbol, changes[child]);
    }
    let outer = pool.rebuild(t, |child| names[&child]);
    let change = pool.derivation(&[outer], &directions)[0];
    pool.substitute(&[change], &back)[0]
}

fn map(rows: &[Vec<Term>], mut f: impl FnMut(Term) -> Term) -> Vec<Vec<Term>> {
    rows.iter()
        .map(|row| row.iter().map(|t| f(*t)).collect())
        .collect()
}

/// The term at wave numbers 0.
fn without(pool: &mut Pool, t: Term, waves: &[SymbolId]) -> Term {
    let zero = pool.int(0);
    let waves = waves.iter().map(|w| (pool.var(*w), zero)).collect();
    pool.substitute(&[t], &waves)[0]
}

fn is_zero(pool: &Pool, t: Term) -> bool {
    pool.as_number(t).is_some_and(Number::is_zero)
}

/// The rows and columns of a matrix that are not all 0.
fn coupled(pool: &Pool, matrix: &[Vec<Term>]) -> Vec<usize> {
    let n = matrix.len();
    let counts =
        |i: usize| (0..n).any(|j| !is_zero(pool, matrix[i][j]) || !is_zero(pool, matrix[j][i]));
    (0..n).filter(|i| counts(*i)).collect()
}

/// An interval that holds all eigenvalues of a matrix whose eigenvalues are real: `m ± s·√(n - 1)` with the mean m and the standard
/// deviation s of the eigenvalues, from traces; exact for one and two fields.
///
/// # References
/// H. Wolkowicz, G. P. H. Styan, *Bounds for eigenvalues using traces*, Linear Algebra Appl. 29 (1980) 471–506,
/// doi:10.1016/0024-3795(80)90258-X, theorem 2.1.
fn speeds(pool: &mut Pool, matrix: &[Vec<Term>]) -> Option<(Term, Term)> {
    let of = coupled(pool, matrix);
    let n = of.len() as i64;
    let share = Number::ratio(1, n)?;
    let diagonal: Vec<Term> = of.iter().map(|&i| matrix[i][i]).collect();
    let trace = pool.sum(&diagonal);
    let mean = pool.scale(&share, trace);
    if n == 1 {
        return Some((mean, mean));
    }
    let mut squares = Vec::new();
    for &i in &of {
        for &j in &of {
            // With the mean taken off the diagonal the sum of squares has no cancellation left.
            let entry = |pool: &mut Pool, i: usize, j: usize| match i == j {
                true => pool.sub(matrix[i][j], mean),
                false => matrix[i][j],
            };
            let (a, b) = (entry(pool, i, j), entry(pool, j, i));
            squares.push(pool.mul(a, b));
        }
    }
    let sum = pool.sum(&squares);
    let variance = pool.scale(&(&share * &Number::integer(n - 1)), sum);
    let zero = pool.int(0);
    let variance = pool.call(Op::Max, &[variance, zero]);
    let spread = pool.call(Op::Sqrt, &[variance]);
    Some((pool.sub(mean, spread), pool.add(mean, spread)))
}

/// The largest sum of absolute values in a row.
fn largest_row(pool: &mut Pool, matrix: &[Vec<Term>]) -> Option<Term> {
    let mut sums = Vec::new();
    for row in matrix {
        let parts: Vec<Term> = row
            .iter()
            .filter(|t| !is_zero(pool, **t))
            .copied()
            .collect();
        let sizes: Vec<Term> = parts
            .into_iter()
            .map(|t| pool.call(Op::Abs, &[t]))
            .collect();
        if !sizes.is_empty() {
            sums.push(pool.sum(&sizes));
        }
    }
    match sums.as_slice() {
        [] => None,
        _ => Some(pool.call(Op::Max, &sums)),
    }
}
