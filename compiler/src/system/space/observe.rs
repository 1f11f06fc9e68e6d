//! Programs beside the right-hand side: what users observe, and the rates that bound an explicit step.

use super::error::SpaceError;
use super::evolution::Evolution;
use super::lower::Lowering;
use super::metric::to_uniform;
use super::multiplier::Basis;
use super::principal::Bounds;
use super::program::{Coupling, Observed, Rates, Reduction, SpaceProgram};
use super::reductions::{Reduced, take_out};
use crate::model::entities::Observable;
use crate::terms::{Number, Op, Pool, SymbolId, Term};

/// A program from the fields in nodes to the values of terms at the nodes.
///
/// # Errors
/// A term is beyond the scheme.
pub fn values(
    pool: &mut Pool,
    evolution: &Evolution,
    terms: &[Term],
) -> Result<SpaceProgram, Vec<SpaceError>> {
    let mut lowering = Lowering::new(pool, evolution)?;
    let mut terms = terms.to_vec();
    to_uniform(
        lowering.pool,
        &lowering.axes,
        &evolution.symbols(),
        &mut terms,
    );
    let reduced = take_out(lowering.pool, &mut terms);
    lowering.computing(&terms, &reduced).map_err(|e| vec![e])
}

impl Lowering<'_> {
    /// The program of lets that hold fields, or means of fields.
    pub fn observed(&mut self, observables: &[Observable]) -> Result<Observed, SpaceError> {
        let mut terms: Vec<Term> = observables.iter().map(|o| o.value).collect();
        to_uniform(self.pool, &self.axes, &self.evolution.symbols(), &mut terms);
        let reduced = take_out(self.pool, &mut terms);
        let (mut fields, mut scalars) = (Vec::new(), Vec::new());
        for (i, (observable, term)) in observables.iter().zip(&terms).enumerate() {
            match observable.domain {
                Some(_) => fields.push((i, *term)),
                None => scalars.push((i, *term)),
            }
        }
        let of_fields: Vec<Term> = fields.iter().map(|f| f.1).collect();
        let program = self.computing(&of_fields, &reduced)?;
        let observables = observables.to_vec();
        Ok(Observed {
            observables,
            fields: fields.into_iter().map(|f| f.0).collect(),
            scalars,
            program,
        })
    }

    /// The program of numbers that others use.
    pub fn coupling(&mut self, coupled: &[Reduced]) -> Result<Coupling, SpaceError> {
        let mut terms: Vec<Term> = coupled.iter().map(|r| r.of).collect();
        to_uniform(self.pool, &self.axes, &self.evolution.symbols(), &mut terms);
        let mut inner = take_out(self.pool, &mut terms);
        let outer = coupled.iter().zip(&terms);
        inner.extend(outer.map(|(reduced, &of)| Reduced {
            of,
            ..reduced.clone()
        }));
        let program = self.computing(&[], &inner)?;
        let symbols = coupled.iter().map(|r| r.symbol).collect();
        Ok(Coupling { symbols, program })
    }

    /// The program of the largest rates of advection and diffusion.
    pub fn rates(&mut self, bounds: &[Bounds]) -> Result<Rates, SpaceError> {
        let advection = self.advection(bounds);
        let diffusion = self.diffusion(bounds);
        let mut reduced = Vec::new();
        let mut reduce = |pool: &mut Pool, name: &str, of: Option<Term>| -> Option<SymbolId> {
            let symbol = pool.symbol(name);
            reduced.push(Reduced {
                symbol,
                kind: Reduction::Maximum,
                of: of?,
            });
            Some(symbol)
        };
        // No name in a model has parentheses.
        let advection = reduce(self.pool, "rate(advection)", advection);
        let diffusion = reduce(self.pool, "rate(diffusion)", diffusion);
        let program = self.computing(&[], &reduced)?;
        Ok(Rates {
            advection,
            diffusion,
            program,
        })
    }

    /// `Σ |speed|/h` over axes.
    fn advection(&mut self, bounds: &[Bounds]) -> Option<Term> {
        let mut parts = Vec::new();
        for (axis, bounds) in self.axes.clone().iter().zip(bounds) {
            let Some((slow, fast)) = bounds.speeds else {
                continue;
            };
            let sizes = [slow, fast].map(|t| self.pool.call(Op::Abs, &[t]));
            let speed = self.pool.call(Op::Max, &sizes);
            let h = self.pool.var(axis.spacing);
            parts.push(self.pool.div(speed, h));
        }
        (!parts.is_empty()).then(|| self.pool.sum(&parts))
    }

    /// `Σ diffusivity·(largest eigenvalue of the second difference)` over axes.
    fn diffusion(&mut self, bounds: &[Bounds]) -> Option<Term> {
        let mut parts = Vec::new();
        let bases = self.bases();
        for ((axis, bounds), basis) in self.axes.clone().iter().zip(bounds).zip(bases) {
            let Some(diffusivity) = bounds.diffusivity else {
                continue;
            };
            let h = self.pool.var(axis.spacing);
            let number = |n, d| Number::ratio(n, d).expect("the denominator is not 0");
            let largest = match basis {
                // Of the shortest wave, on which neighbours have opposite signs.
                Basis::Central(2) => number(4, 1),
                Basis::Central(4) => number(16, 3),
                Basis::Central(_) => number(272, 45),
                Basis::Exact => number(987, 100), // π²
            };
            parts.push(
                self.pool
                    .monomial(largest, &[(diffusivity, 1.into()), (h, (-2).into())]),
            );
        }
        (!parts.is_empty()).then(|| self.pool.sum(&parts))
    }
}

/// The observables that need the fields of a domain.
pub(super) fn needs_fields(pool: &Pool, evolution: &Evolution, observable: &Observable) -> bool {
    let symbols = pool.symbols_in(&[observable.value]);
    let fields = evolution.symbols();
    let coordinates = evolution.axes.iter().map(|a| a.coordinate);
    let own: Vec<SymbolId> = fields.into_iter().chain(coordinates).collect();
    observable.domain == Some(evolution.domain) || symbols.iter().any(|s| own.contains(s))
}
