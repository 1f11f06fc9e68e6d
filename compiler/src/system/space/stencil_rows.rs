//! Rows, constraints and reductions by stencils.

use super::builder::Builder;
use super::closure::{Closing, Reach, depth};
use super::conditions::{End, Requirement, face_name};
use super::error::SpaceError;
use super::evolution::Evolution;
use super::forms::Atom;
use super::hyperbolic::{Speeds, WindRow};
use super::lower::{Entry, Goal, Lowering};
use super::multiplier::derivative;
use super::program::{
    ArrayId, ArrayKind, Closure, Cut, Mean, Multiplier, NodeKind, Read, Side, Solve, SpaceProgram,
    Step,
};
use super::reductions::Reduced;
use super::stencil::{Source, Stencils};
use crate::model::entities::Method;
use crate::terms::{Number, SymbolId, Term};

impl Lowering<'_> {
    /// A program by stencils over the fields; from modes to modes where they enter so.
    pub fn stencils(&mut self, goal: &Goal) -> Result<SpaceProgram, SpaceError> {
        let in_modes = goal.entry == Entry::Modes;
        let transform =
            in_modes || (self.is_periodic() && goal.solve && !self.residuals.is_empty());
        let mut builder = self.builder(transform);
        let mut sources = Vec::new();
        for field in &self.evolution.fields {
            let array = if in_modes {
                let modes = builder.input(ArrayKind::Modes);
                builder.inverse(modes)
            } else {
                builder.input(ArrayKind::Nodes)
            };
            sources.push(Source {
                name: field.name.clone(),
                array,
            });
        }
        let (mut outputs, sources) = self.lower_all(&mut builder, sources, goal)?;
        if in_modes {
            outputs = outputs
                .into_iter()
                .map(|array| builder.forward(array))
                .collect();
        }
        builder.closures = self.closures(&builder, &sources)?;
        Ok(builder.finish(self.pool, outputs, &self.evolution.varying))
    }

    /// Constraints, reductions, then these terms in one step.
    fn lower_all(
        &mut self,
        builder: &mut Builder,
        sources: Vec<Source>,
        goal: &Goal,
    ) -> Result<(Vec<ArrayId>, Vec<Source>), SpaceError> {
        let (accuracy, axes) = (self.accuracy(), self.axes.clone());
        let (bases, periodic) = (self.bases(), self.is_periodic());
        let wind = if goal.rows && self.looks_at_wind() {
            Some(self.wind_rows()?)
        } else {
            None
        };
        let (early, late) = self.around_constraints(&goal.reduced);
        let mut stencils = Stencils::new(self.pool, &mut self.setting, &axes, accuracy, sources);
        stencils.reduce(builder, &early);
        let residuals = if goal.solve {
            self.residuals.as_slice()
        } else {
            &[]
        };
        for (residual, solved) in residuals.iter().zip(&self.evolution.solved) {
            let name = solved.name.clone();
            let found = if periodic {
                stencils.solve_in_modes(builder, &bases, *residual, name, solved.mean)
            } else {
                stencils.solve(builder, *residual, name, solved.mean)
            };
            if !found {
                let (field, at) = (solved.name.clone(), solved.span.into());
                return Err(SpaceError::NonlinearConstraint { field, at });
            }
        }
        stencils.reduce(builder, &late);
        let terms: Vec<Term> = match &wind {
            Some((rows, speeds)) => stencils.wind_terms(builder, self.evolution, rows, speeds),
            None => goal.terms.iter().map(|t| stencils.lower(*t)).collect(),
        };
        let reads = std::mem::take(&mut stencils.reads);
        let sources = std::mem::take(&mut stencils.sources);
        let outputs = match terms.as_slice() {
            [] => Vec::new(),
            _ => builder.pointwise(self.pool, &reads, &terms),
        };
        Ok((outputs, sources))
    }

    pub fn accuracy(&self) -> [u32; 3] {
        let mut accuracy = [2; 3];
        for (accuracy, method) in accuracy.iter_mut().zip(self.methods()) {
            *accuracy = match method {
                Method::Central { order } => order,
                Method::Upwind { order } => order + 1,
                Method::Fourier | Method::Chebyshev | Method::Weno { .. } => 4,
            };
        }
        accuracy
    }

    /// The closures of all fields, as deep as the steps read.
    pub fn closures(
        &mut self,
        builder: &Builder,
        sources: &[Source],
    ) -> Result<Vec<Closure>, SpaceError> {
        let reads = all_reads(&builder.steps);
        let equations: Vec<Term> = self.rows.iter().chain(&self.residuals).copied().collect();
        let extent = self.setting.extent(self.pool, &equations);
        let mut closures = Vec::new();
        for axis in (0..self.axes.len()).filter(|a| !self.axes[*a].is_periodic()) {
            for (field, source) in sources.iter().enumerate() {
                for side in [Side::Lower, Side::Upper] {
                    let end: End = (axis, side);
                    let depth = depth(&reads, source.array, end);
                    let mut conditions = self
                        .requirements
                        .get(&(field, end))
                        .map_or(Vec::new(), Vec::clone);
                    if self.axes[axis].nodes == NodeKind::Lobatto {
                        // Other conditions close arrays of slopes.
                        conditions.retain(|c| matches!(c, Requirement::Equation(_, 0)));
                    }
                    if depth == 0 && conditions.is_empty() {
                        continue;
                    }
                    let order = extent
                        .get(&field)
                        .map_or(0, |orders| usize::from(orders[axis]));
                    let reach = match self.evolution.choices[axis].method {
                        Method::Weno { .. } => Reach::Mirror,
                        Method::Central { .. }
                        | Method::Upwind { .. }
                        | Method::Fourier
                        | Method::Chebyshev => {
                            Reach::Degree(self.accuracy()[axis] as usize + order.saturating_sub(2))
                        }
                    };
                    let mut closing = Closing {
                        pool: self.pool,
                        setting: &self.setting,
                        axes: &self.axes,
                        sources,
                        face: face_name(self.evolution, axis, side),
                        at: self.evolution.span(field).into(),
                    };
                    closures.push(closing.close(field, end, &conditions, depth, reach)?);
                }
            }
        }
        Ok(closures)
    }
}

/// All reads of steps.
fn all_reads(steps: &[Step]) -> Vec<Read> {
    let mut reads = Vec::new();
    for step in steps {
        match step {
            Step::Pointwise { reads: more, .. } => reads.extend(more),
            Step::Flux(flux) => {
                // WENO5 reads three cells on each side of a face.
                for read in &flux.states {
                    for distance in [-3, 3] {
                        let mut read = *read;
                        read.offset[flux.axis] = distance;
                        reads.push(read);
                    }
                }
            }
            Step::Solve(solve) => {
                let symbol = SymbolId(0);
                let of = |(offset, _): &([i8; 3], Term)| Read {
                    symbol,
                    array: solve.to,
                    offset: *offset,
                };
                reads.extend(solve.operator.iter().map(of));
            }
            Step::Forward { .. }
            | Step::Inverse { .. }
            | Step::Diagonal { .. }
            | Step::Along { .. }
            | Step::Reduce { .. } => {}
        }
    }
    reads
}

impl Stencils<'_> {
    /// Rows whose first-order fluxes look at the wind.
    fn wind_terms(
        &mut self,
        builder: &mut Builder,
        evolution: &Evolution,
        rows: &[WindRow],
        speeds: &Speeds,
    ) -> Vec<Term> {
        let mut terms: Vec<Vec<Term>> = rows.iter().map(|row| vec![self.lower(row.rest)]).collect();
        for (axis, choice) in evolution.choices.iter().enumerate() {
            let of_axis = speeds[axis];
            match choice.method {
                Method::Weno { flux } => {
                    let arrays = self.weno(builder, axis, flux, rows, of_axis);
                    for (field, array) in arrays.into_iter().enumerate() {
                        let Some(array) = array else { continue };
                        let name = format!(
                            "flux({}, {})",
                            self.sources[field].name, self.axes[axis].name
                        );
                        terms[field].push(self.reads.read(self.pool, &name, array, [0; 3]));
                    }
                }
                Method::Upwind { order } => {
                    for (field, row) in rows.iter().enumerate() {
                        let u = self.pool.var(evolution.fields[field].symbol);
                        if let Some(flux) = row.through_faces[axis] {
                            terms[field].push(self.upwind_flux(axis, order, flux, u, of_axis));
                        }
                        if let Some(coefficient) = row.along_wind[axis] {
                            terms[field].push(self.along_wind(axis, order, coefficient, u));
                        }
                    }
                }
                Method::Central { .. } | Method::Fourier | Method::Chebyshev => {}
            }
        }
        terms
            .into_iter()
            .map(|parts| self.pool.sum(&parts))
            .collect()
    }

    /// Replaces reductions by computed scalars.
    fn reduce(&mut self, builder: &mut Builder, reduced: &[Reduced]) {
        for r in reduced {
            let value = self.lower(r.of);
            let array = builder.pointwise(self.pool, &self.reads, &[value])[0];
            builder.reduce(array, r.kind, r.symbol);
            builder.reductions.push(r.symbol);
        }
    }

    /// Solves a constraint with constant coefficients for the next field, mode by mode.
    fn solve_in_modes(
        &mut self,
        builder: &mut Builder,
        bases: &[super::multiplier::Basis],
        residual: Term,
        name: String,
        mean: Option<Term>,
    ) -> bool {
        let field = self.sources.len();
        let form = self.setting.form(self.pool, residual);
        let zero = self.pool.int(0);
        let mut own = Multiplier { re: zero, im: zero };
        let mut own_parts = Vec::new();
        for (key, &coefficient) in form.iter() {
            if key.0 == Atom::Field(field) {
                let one = derivative(self.pool, &builder.grid.axes, bases, key.1);
                let part = one.scaled(self.pool, coefficient);
                own = own.plus(self.pool, part);
                own_parts.push((*key, coefficient));
            }
        }
        let symbol = self.pool.symbol(&name);
        let mut symbols = vec![SymbolId(0); field];
        symbols.push(symbol);
        let parts = own_parts.iter().map(|(key, c)| (key, c));
        let own_term = self.setting.term_of(self.pool, &symbols, parts);
        let rest = self.pool.sub(residual, own_term);
        if self.setting.extent(self.pool, &[rest]).contains_key(&field) {
            return false;
        }
        let value = self.lower(rest);
        let from = builder.pointwise(self.pool, &self.reads, &[value])[0];
        let from = builder.forward(from);
        let minus = self.pool.number(Number::MINUS_ONE);
        let minus = Multiplier::real(self.pool, minus);
        let quotient = minus.over(self.pool, own);
        let to = builder.array(ArrayKind::Modes);
        // Without a term in the field itself nothing but `mean` says what its mean is.
        let is_determined = own_parts.iter().any(|(key, _)| key.1 == [0; 3]);
        let mean = match mean {
            None if is_determined => Mean::Computed,
            None => Mean::Set(zero),
            Some(mean) => Mean::Set(mean),
        };
        builder.steps.push(Step::Diagonal {
            terms: vec![(from, quotient)],
            to,
            keep: Cut::All,
            mean,
        });
        let array = builder.inverse(to);
        self.sources.push(Source { name, array });
        true
    }

    /// Solves a linear constraint for the next field.
    fn solve(
        &mut self,
        builder: &mut Builder,
        residual: Term,
        name: String,
        mean: Option<Term>,
    ) -> bool {
        let to = builder.array(ArrayKind::Nodes);
        self.sources.push(Source { name, array: to });
        let value = self.lower(residual);
        let reads = self.reads.used(self.pool, &[value]);
        let own: Vec<Read> = reads
            .iter()
            .filter(|read| read.array == to)
            .copied()
            .collect();
        let fields: Vec<SymbolId> = reads.iter().map(|read| read.symbol).collect();
        let mut operator = Vec::new();
        let mut nothing = rustc_hash::FxHashMap::default();
        for read in own {
            let coefficient = self.pool.derivative(value, read.symbol);
            if self
                .pool
                .symbols_in(&[coefficient])
                .iter()
                .any(|s| fields.contains(s))
            {
                return false;
            }
            operator.push((read.offset, coefficient));
            let (from, zero) = (self.pool.var(read.symbol), self.pool.int(0));
            nothing.insert(from, zero);
        }
        let rest = self.pool.substitute(&[value], &nothing)[0];
        let rest = self.pool.neg(rest);
        let from = builder.pointwise(self.pool, &self.reads, &[rest])[0];
        builder.steps.push(Step::Solve(Solve {
            from,
            to,
            operator,
            mean,
        }));
        true
    }
}
