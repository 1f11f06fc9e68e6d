//! Weights of all modes for one step size.

use super::combine::{CHUNK, Sum, Weights};
use super::equations::{Linear, Symbol};
use super::number::{Block, Entry, Number};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use rustfft::num_complex::Complex;
use smallvec::SmallVec;

/// Most fields that may depend on each other through the linear part.
pub(super) const MOST_COUPLED: usize = 8;

/// Fields that depend on each other through the linear part, and that part of them.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// The fields, ascending.
    pub(super) fields: Vec<usize>,
    /// Matrix of the fields, row by row; `None`: zero.
    entries: Vec<Option<Symbol>>,
    n_modes: usize,
    /// Modes with the same matrix, where fields are coupled: equal wavenumbers in all directions have one.
    alike: Alike,
}

/// Modes by what they have in common.
#[derive(Debug, Clone, Default)]
struct Alike {
    /// One mode of each class.
    first: Vec<u32>,
    /// By mode: its class.
    class: Vec<u32>,
}

impl Alike {
    /// Modes whose entries have the same bits.
    fn new(entries: &[Option<Symbol>], n_modes: usize) -> Alike {
        let mut classes: FxHashMap<SmallVec<[u64; 8]>, u32> = FxHashMap::default();
        let mut alike = Alike::default();
        for mode in 0..n_modes {
            let values = entries.iter().flatten().map(|symbol| symbol.at(mode));
            let bits = values.flat_map(|value| [value.re.to_bits(), value.im.to_bits()]);
            let next = alike.first.len() as u32;
            let class = *classes.entry(bits.collect()).or_insert(next);
            if class == next {
                alike.first.push(mode as u32);
            }
            alike.class.push(class);
        }
        alike
    }
}

/// Weights of a group: a matrix of its fields, row by row, for each weight of the plan; `None`: zero.
pub(super) type GroupWeights = Vec<Option<Weights>>;

/// What computes the weights of modes, whatever they are computed in: `put(mode, weights)` for a step `h` and `z(mode) = h L`.
pub(super) trait WeighModes {
    /// Number of weights.
    fn n_weights(&self) -> usize;
    /// Calls `put` for every mode.
    fn weigh<T: Number>(
        &self,
        n_modes: usize,
        h: f64,
        z: impl Fn(usize) -> T,
        put: impl FnMut(usize, &[T]),
    );
}

/// The groups of a linear part.
pub(super) fn groups(linear: &Linear) -> Vec<Group> {
    let entry = |row: usize, column: usize| {
        let mut parts = linear
            .entries
            .iter()
            .filter(|(r, c, symbol)| (*r, *c) == (row, column) && !symbol.is_zero());
        let (_, _, symbol) = parts.next()?;
        Some(parts.fold(symbol.clone(), |sum, (_, _, other)| add(&sum, other)))
    };
    let group = |fields: Vec<usize>| {
        let entries: Vec<Option<Symbol>> = fields
            .iter()
            .flat_map(|&row| fields.iter().map(move |&column| (row, column)))
            .map(|(row, column)| entry(row, column))
            .collect();
        Group {
            alike: match fields.len() {
                1 => Alike::default(),
                _ => Alike::new(&entries, linear.n_modes),
            },
            entries,
            n_modes: linear.n_modes,
            fields,
        }
    };
    linear.groups().into_iter().map(group).collect()
}

fn add(a: &Symbol, b: &Symbol) -> Symbol {
    let n = match a {
        Symbol::Real(values) => values.len(),
        Symbol::Complex(values) => values.len(),
    };
    Symbol::new((0..n).map(|mode| a.at(mode) + b.at(mode)).collect())
}

impl Group {
    /// The weights for a step `h`, in spare memory where there is some.
    pub(super) fn weights(
        &self,
        method: &impl WeighModes,
        h: f64,
        spare: &mut Vec<Vec<f64>>,
    ) -> GroupWeights {
        match self.fields.len() {
            1 => match &self.entries[0] {
                None => self.real(method, h, spare, |_| 0.0),
                Some(Symbol::Real(values)) => self.real(method, h, spare, |mode| h * values[mode]),
                Some(Symbol::Complex(values)) => self.complex(method, h, values),
            },
            2 => self.block::<2>(method, h, spare),
            3 => self.block::<3>(method, h, spare),
            4 => self.block::<4>(method, h, spare),
            5 => self.block::<5>(method, h, spare),
            6 => self.block::<6>(method, h, spare),
            7 => self.block::<7>(method, h, spare),
            MOST_COUPLED => self.block::<MOST_COUPLED>(method, h, spare),
            n => unreachable!("{n} coupled fields were refused before the run"),
        }
    }

    fn real(
        &self,
        method: &impl WeighModes,
        h: f64,
        spare: &mut Vec<Vec<f64>>,
        z: impl Fn(usize) -> f64,
    ) -> GroupWeights {
        let zeros = |_| {
            let mut values = spare
                .pop()
                .unwrap_or_else(|| Vec::with_capacity(self.n_modes));
            values.resize(self.n_modes, 0.0);
            values
        };
        let mut out: Vec<Vec<f64>> = (0..method.n_weights()).map(zeros).collect();
        method.weigh(self.n_modes, h, z, |mode, weights| {
            for (out, &weight) in out.iter_mut().zip(weights) {
                out[mode] = weight;
            }
        });
        out.into_iter().map(stored_real).collect()
    }

    fn complex(&self, method: &impl WeighModes, h: f64, symbol: &[Complex<f64>]) -> GroupWeights {
        let mut out = vec![vec![Complex::ZERO; self.n_modes]; method.n_weights()];
        let z = |mode: usize| symbol[mode] * h;
        method.weigh(self.n_modes, h, z, |mode, weights| {
            for (out, &weight) in out.iter_mut().zip(weights) {
                out[mode] = weight;
            }
        });
        out.into_iter().map(stored).collect()
    }

    fn block<const N: usize>(
        &self,
        method: &impl WeighModes,
        h: f64,
        spare: &mut Vec<Vec<f64>>,
    ) -> GroupWeights {
        let is_real = |symbol: &Symbol| matches!(symbol, Symbol::Real(_));
        if self.entries.iter().flatten().all(is_real) {
            let value = |symbol: &Symbol, mode| symbol.at(mode).re * h;
            let class = &self.alike.class;
            let of_modes = |values: Vec<f64>| {
                let mut all = spare
                    .pop()
                    .unwrap_or_else(|| Vec::with_capacity(self.n_modes));
                all.clear();
                all.extend(class.iter().map(|&class| values[class as usize]));
                Some(Weights::Real(all))
            };
            self.block_of::<N, f64>(method, h, value, of_modes)
        } else {
            let value = |symbol: &Symbol, mode| symbol.at(mode) * h;
            let class = &self.alike.class;
            let of_modes = |values: Vec<Complex<f64>>| {
                stored(class.iter().map(|&class| values[class as usize]).collect())
            };
            self.block_of::<N, Complex<f64>>(method, h, value, of_modes)
        }
    }

    fn block_of<const N: usize, T: Entry>(
        &self,
        method: &impl WeighModes,
        h: f64,
        value: impl Fn(&Symbol, usize) -> T,
        mut of_modes: impl FnMut(Vec<T>) -> Option<Weights>,
    ) -> GroupWeights {
        let first = &self.alike.first;
        let zero = T::from(0.0);
        let mut out = vec![vec![zero; first.len()]; method.n_weights() * N * N];
        let z = |i: usize| {
            let mode = first[i] as usize;
            let entry = |entry: &Option<Symbol>| match entry {
                Some(symbol) => value(symbol, mode),
                None => zero,
            };
            Block::<N, T>::from_fn(|i, j| entry(&self.entries[i * N + j]))
        };
        method.weigh(first.len(), h, z, |i, weights| {
            let entries = weights.iter().flat_map(|Block(rows)| rows.as_flattened());
            for (out, &entry) in out.iter_mut().zip(entries) {
                out[i] = entry;
            }
        });
        let mut stored = |values: Vec<T>| {
            let is_zero = values.iter().all(|value| *value == zero);
            if is_zero { None } else { of_modes(values) }
        };
        out.into_iter().map(&mut stored).collect()
    }
}

/// Weights as real ones if they are; `None`: zero.
fn stored(values: Vec<Complex<f64>>) -> Option<Weights> {
    if values.iter().any(|value| value.im != 0.0) {
        return Some(Weights::Complex(values));
    }
    stored_real(values.iter().map(|value| value.re).collect())
}

fn stored_real(values: Vec<f64>) -> Option<Weights> {
    let zero = values.iter().all(|&value| value == 0.0);
    (!zero).then_some(Weights::Real(values))
}

/// `out = Σ weight·vector`, weights by their numbers.
pub(super) fn combine<'a>(
    groups: &[Group],
    weights: &'a [GroupWeights],
    terms: impl Iterator<Item = (usize, &'a [Complex<f64>])> + Clone + Sync,
    out: &mut [Complex<f64>],
) {
    for (group, weights) in groups.iter().zip(weights) {
        let (n, size) = (group.n_modes, group.fields.len());
        for (i, &to) in group.fields.iter().enumerate() {
            let chunk = |(at, out): (usize, &mut [Complex<f64>])| {
                let range = at * CHUNK..at * CHUNK + out.len();
                let mut sum = Sum::new(out);
                for (weight, vector) in terms.clone() {
                    for (j, &from) in group.fields.iter().enumerate() {
                        if let Some(weights) = &weights[(weight * size + i) * size + j] {
                            sum.push(weights, &vector[from * n..][..n], range.clone());
                        }
                    }
                }
                sum.finish();
            };
            let out = &mut out[to * n..][..n];
            if n <= CHUNK {
                chunk((0, out));
            } else {
                out.par_chunks_mut(CHUNK).enumerate().for_each(chunk);
            }
        }
    }
}

/// Whether two steps from `t` are one: those to a target differ in the rounding of `t`.
pub(super) fn same_step(t: f64, a: f64, b: f64) -> bool {
    (a - b).abs() <= 4.0 * f64::EPSILON * (t.abs() + a)
}
