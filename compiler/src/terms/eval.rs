//! The reference interpreter: what a term means, in `f64`. Kernels, rules and derivatives are tested against it.

use super::op::constant_value;
use super::{Number, Pool, Term, View};

impl Pool {
    /// The values of `roots`; `symbols[s.0]` is the value of symbol `s`. Each shared term is computed once, without recursion.
    /// Of a conditional only the chosen branch counts.
    ///
    /// # Panics
    /// If a symbol that occurs has no value in `symbols`.
    pub fn eval(&self, roots: &[Term], symbols: &[f64]) -> Vec<f64> {
        let size = roots.iter().map(|t| t.index() + 1).max().unwrap_or(0);
        let mut values = vec![0.0; size];
        let mut args = Vec::new();
        for t in self.reachable(roots) {
            values[t.index()] = match self.view(t) {
                View::Number(n) => n.to_f64(),
                View::Symbol(s) => symbols[s.0 as usize],
                View::Constant(name) => constant_value(name),
                View::Sum(constant, entries) => {
                    let parts = entries.iter().map(|(t, c)| c.to_f64() * values[t.index()]);
                    constant.to_f64() + parts.sum::<f64>()
                }
                View::Product(coefficient, entries) => {
                    let factors = entries.iter().map(|(b, e)| power(values[b.index()], e));
                    coefficient.to_f64() * factors.product::<f64>()
                }
                View::Call(op, children) => {
                    args.clear();
                    args.extend(children.iter().map(|a| values[a.index()]));
                    op.apply(&args)
                }
            };
        }
        roots.iter().map(|t| values[t.index()]).collect()
    }
}

/// `base^exponent`; undefined (NaN) for a negative base and a fractional exponent.
fn power(base: f64, exponent: &Number) -> f64 {
    match exponent.as_ratio() {
        Some((1, 1)) => base,
        Some((2, 1)) => base * base,
        Some((-1, 1)) => 1.0 / base,
        Some((1, 2)) => base.sqrt(),
        Some(_) | None => base.powf(exponent.to_f64()),
    }
}
