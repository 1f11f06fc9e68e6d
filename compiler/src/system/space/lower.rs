//! The entry of discretisation: an evolution to its space programs.

use std::collections::{BTreeMap, BTreeSet};

use super::builder::Builder;
use super::error::SpaceError;
use super::evolution::Evolution;
use super::facts::Degree;
use super::forms::{Atom, Form};
use super::multiplier::Basis;
use super::program::{
    ArrayId, ArrayKind, Cut, Grid, GridAxis, Mean, Multiplier, SpaceProgram, SpacePrograms, Split,
};
use super::reductions::{Reduced, take_out};
use super::setting::{Orders, Role, Setting};
use super::spectral::{FieldArrays, Spectral};
use super::stencil::{Source, Stencils};
use crate::model::entities::Method;
use crate::terms::{Number, Pool, Term};

/// Builds the programs of an evolution.
///
/// # Errors
/// If the schemes of the axes cannot be combined, or a term is beyond the scheme.
pub fn discretise(pool: &mut Pool, evolution: &Evolution) -> Result<SpacePrograms, SpaceError> {
    let mut lowering = Lowering::new(pool, evolution);
    Ok(SpacePrograms {
        fields: evolution.fields.iter().map(|f| f.state).collect(),
        full: lowering.full()?,
        split: lowering.split()?,
    })
}

/// What all programs of an evolution share.
pub(super) struct Lowering<'a> {
    pub pool: &'a mut Pool,
    pub evolution: &'a Evolution,
    pub setting: Setting,
    pub axes: Vec<GridAxis>,
    pub rows: Vec<Term>,
    /// Residuals of constraints.
    pub residuals: Vec<Term>,
    pub reduced: Vec<Reduced>,
}

/// Where fields enter a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Nodes,
    Modes,
}

impl<'a> Lowering<'a> {
    fn new(pool: &'a mut Pool, evolution: &'a Evolution) -> Self {
        let mut roots = evolution.rows.clone();
        roots.extend(evolution.solved.iter().map(|s| s.residual));
        let reduced = take_out(pool, &mut roots);
        let residuals = roots.split_off(evolution.rows.len());
        let mut setting = evolution.setting();
        reduced
            .iter()
            .for_each(|r| setting.set_role(r.symbol, Role::Varying));
        let axes = evolution.grid_axes(pool);
        Lowering {
            pool,
            evolution,
            setting,
            axes,
            rows: roots,
            residuals,
            reduced,
        }
    }

    fn methods(&self) -> impl Iterator<Item = Method> {
        self.evolution.choices.iter().map(|c| c.method)
    }

    fn full(&mut self) -> Result<SpaceProgram, SpaceError> {
        if self.is_spectral() {
            return self.spectral(Entry::Nodes);
        }
        self.stencils()
    }

    /// Whether whole-array derivatives are used: along one axis at least, and possible along all.
    fn is_spectral(&self) -> bool {
        self.methods()
            .any(|m| matches!(m, Method::Fourier | Method::Chebyshev))
    }

    /// The program for exponential and implicit-explicit steppers, where all axes can be transformed.
    fn split(&mut self) -> Result<Option<Split>, SpaceError> {
        let uniform = self
            .axes
            .iter()
            .all(|axis| axis.is_periodic() && axis.map.is_none());
        let possible = self
            .methods()
            .all(|m| matches!(m, Method::Fourier | Method::Central { .. }));
        if !uniform || !possible {
            return Ok(None);
        }
        let nonlinear = if self.is_spectral() {
            self.spectral(Entry::Modes)?
        } else {
            self.split_stencils()?
        };
        let linear = self.linear(&nonlinear.grid);
        Ok(Some(Split {
            linear,
            nonlinear,
            keep: self.cut(),
        }))
    }

    /// The multipliers of the linear constant-coefficient part.
    fn linear(&mut self, grid: &Grid) -> Vec<(u32, u32, Multiplier)> {
        let mut linear: BTreeMap<(u32, u32), Multiplier> = BTreeMap::new();
        let (n, bases) = (self.evolution.fields.len(), self.bases());
        for (row, t) in (0..).zip(self.rows.clone()) {
            for (&(atom, orders), &coefficient) in self.setting.form(self.pool, t).iter() {
                let Atom::Field(column) = atom else { continue };
                if column >= n {
                    continue;
                }
                let one = super::multiplier::derivative(self.pool, &grid.axes, &bases, orders);
                let part = one.scaled(self.pool, coefficient);
                let sum = match linear.get(&(row, column as u32)) {
                    Some(sum) => sum.plus(self.pool, part),
                    None => part,
                };
                linear.insert((row, column as u32), sum);
            }
        }
        let nonzero = linear.into_iter().filter(|(_, m)| !m.is_zero(self.pool));
        nonzero.map(|((row, column), m)| (row, column, m)).collect()
    }

    fn bases(&self) -> Vec<Basis> {
        let of = |method| match method {
            Method::Central { order } | Method::Upwind { order } => Basis::Central(order),
            Method::Fourier | Method::Chebyshev | Method::Weno { .. } => Basis::Exact,
        };
        self.methods().map(of).collect()
    }

    /// What products of band-limited fields leave unspoiled: with d factors the fraction 2/(d + 1).
    fn cut(&mut self) -> Cut {
        if !self.methods().any(|m| m == Method::Fourier) {
            return Cut::All;
        }
        let mut cut = 1;
        for t in self
            .rows
            .iter()
            .chain(&self.residuals)
            .copied()
            .collect::<Vec<_>>()
        {
            for (atom, _) in self.setting.form(self.pool, t).keys() {
                let Atom::Other(a) = atom else { continue };
                let facts = self.setting.facts(self.pool, *a);
                match facts.degree {
                    Degree::Polynomial(0) => {}
                    Degree::Polynomial(d) => cut = cut.max(d + u32::from(facts.in_space)),
                    Degree::NonPolynomial => return Cut::Filter { order: 36 },
                }
            }
        }
        if cut == 1 {
            return Cut::All;
        }
        Cut::Fraction(Number::ratio(2, (cut + 1).into()).expect("the degree is not negative"))
    }

    fn builder(&self, transform_all: bool) -> Builder {
        let mut axes = self.axes.clone();
        if transform_all {
            axes.iter_mut().for_each(|axis| axis.transformed = true);
        }
        Builder::new(axes)
    }

    fn spectral(&mut self, entry: Entry) -> Result<SpaceProgram, SpaceError> {
        let periodic = self.axes.iter().all(GridAxis::is_periodic);
        let mixed = self
            .methods()
            .any(|m| !matches!(m, Method::Fourier | Method::Chebyshev));
        if mixed && !periodic {
            return Err(SpaceError::SchemesDoNotMix);
        }
        let mut builder = self.builder(periodic);
        let fields = self.field_arrays(&mut builder, entry);
        let (cut, bases, n) = (self.cut(), self.bases(), self.evolution.fields.len());
        let (rows, residuals) = (self.rows.clone(), self.residuals.clone());
        let mut spectral = Spectral::new(
            self.pool,
            &mut self.setting,
            &mut builder,
            bases,
            fields,
            cut.clone(),
        );
        for (i, residual) in residuals.into_iter().enumerate() {
            let mean = self.evolution.solved[i].mean;
            spectral.solve(n + i, residual, mean)?;
        }
        spectral.reduce(&self.reduced);
        let outputs = if periodic {
            spectral.rows_in_modes(&rows, entry == Entry::Nodes)
        } else {
            rows.iter().map(|t| spectral.value_array(*t)).collect()
        };
        Ok(builder.finish(self.pool, outputs))
    }

    fn field_arrays(&self, builder: &mut Builder, entry: Entry) -> Vec<FieldArrays> {
        let names = self.evolution.names().into_iter().map(str::to_owned);
        let symbols = self.evolution.symbols().into_iter();
        let n = self.evolution.fields.len();
        let of = |(i, (name, symbol))| {
            let (mut nodes, mut modes) = (None, None);
            match entry {
                Entry::Nodes if i < n => nodes = Some(builder.input(ArrayKind::Nodes)),
                Entry::Modes if i < n => modes = Some(builder.input(ArrayKind::Modes)),
                Entry::Nodes | Entry::Modes => {}
            }
            FieldArrays {
                symbol,
                name,
                nodes,
                modes,
            }
        };
        names.zip(symbols).enumerate().map(of).collect()
    }

    fn accuracy(&self) -> [u32; 3] {
        let mut accuracy = [2; 3];
        for (accuracy, method) in accuracy.iter_mut().zip(self.evolution.choices.iter()) {
            *accuracy = match method.method {
                Method::Central { order } => order,
                Method::Upwind { order } => order + 1,
                Method::Fourier | Method::Chebyshev | Method::Weno { .. } => 4,
            };
        }
        accuracy
    }

    /// `du/dt` by stencils over the fields.
    fn stencils(&mut self) -> Result<SpaceProgram, SpaceError> {
        let mut builder = self.builder(false);
        let sources: Vec<Source> = self.sources(&mut builder);
        let (accuracy, rows) = (self.accuracy(), self.rows.clone());
        let axes = self.axes.clone();
        let mut stencils = Stencils::new(self.pool, &mut self.setting, &axes, accuracy, &sources);
        stencils.reduce(&mut builder, &self.reduced);
        let terms: Vec<Term> = rows.iter().map(|t| stencils.lower(*t)).collect();
        let reads = std::mem::take(&mut stencils.reads);
        let outputs = builder.pointwise(self.pool, &reads, &terms);
        Ok(builder.finish(self.pool, outputs))
    }

    fn sources(&self, builder: &mut Builder) -> Vec<Source> {
        let of = |name: &str| Source {
            name: name.to_owned(),
            array: builder.input(ArrayKind::Nodes),
        };
        self.evolution.names().into_iter().map(of).collect()
    }

    /// What remains of the rows without their linear part, by stencils, from modes to modes.
    fn split_stencils(&mut self) -> Result<SpaceProgram, SpaceError> {
        let mut builder = self.builder(true);
        let mut sources = Vec::new();
        for name in self.evolution.names() {
            let modes = builder.input(ArrayKind::Modes);
            let array = builder.inverse(modes);
            sources.push(Source {
                name: name.to_owned(),
                array,
            });
        }
        let rest = self.rests();
        let (accuracy, axes) = (self.accuracy(), self.axes.clone());
        let mut stencils = Stencils::new(self.pool, &mut self.setting, &axes, accuracy, &sources);
        stencils.reduce(&mut builder, &self.reduced);
        let terms: Vec<Term> = rest.iter().map(|t| stencils.lower(*t)).collect();
        let reads = std::mem::take(&mut stencils.reads);
        let nodes = builder.pointwise(self.pool, &reads, &terms);
        let outputs = nodes
            .into_iter()
            .map(|array| builder.forward(array))
            .collect();
        Ok(builder.finish(self.pool, outputs))
    }

    /// The rows without their linear constant-coefficient part.
    pub(super) fn rests(&mut self) -> Vec<Term> {
        let symbols = self.evolution.symbols();
        let n = self.evolution.fields.len();
        let mut rests = Vec::new();
        for t in self.rows.clone() {
            let form = self.setting.form(self.pool, t);
            let is_rest = |atom: &Atom| match atom {
                Atom::Field(field) => *field >= n,
                Atom::Other(_) => true,
            };
            let rest = form.iter().filter(|((atom, _), _)| is_rest(atom));
            rests.push(self.setting.term_of(self.pool, &symbols, rest));
        }
        rests
    }
}

/// An operator on one atom: `Σ coefficient·∂^orders`.
type Operator = BTreeMap<Orders, Term>;

impl Spectral<'_> {
    /// Replaces reductions by computed scalars.
    fn reduce(&mut self, reduced: &[Reduced]) {
        for r in reduced {
            let array = self.value_array(r.of);
            self.builder.reduce(array, r.kind, r.symbol);
            self.builder.reductions.push(r.symbol);
        }
    }

    /// An array with the value of a term in nodes.
    fn value_array(&mut self, t: Term) -> ArrayId {
        let value = self.value(t);
        let reads = self.reads.used(self.pool, &[value]);
        if let [read] = reads.as_slice()
            && self.pool.as_symbol(value) == Some(read.symbol)
            && !self.builder.inputs.contains(&read.array)
        {
            return read.array;
        }
        self.builder.pointwise(self.pool, &self.reads, &[value])[0]
    }

    /// `field = -(other parts)/(own multiplier)` in modes.
    fn solve(
        &mut self,
        field: usize,
        residual: Term,
        mean: Option<Term>,
    ) -> Result<(), SpaceError> {
        let form = self.setting.form(self.pool, residual);
        let one = self.pool.int(1);
        let zero = self.pool.int(0);
        let mut own = Multiplier { re: zero, im: zero };
        let mut others = Vec::new();
        let mut atoms = Vec::new();
        for (&(atom, orders), &coefficient) in form.iter() {
            match atom {
                Atom::Field(f) if f == field => {
                    let part = self.multiplier(orders, coefficient);
                    own = own.plus(self.pool, part);
                }
                Atom::Field(f)
                    if self.fields[f].modes.is_none() && self.fields[f].nodes.is_none() =>
                {
                    return Err(SpaceError::CoupledConstraints);
                }
                Atom::Other(a) if a == one => {}
                Atom::Other(a) => {
                    atoms.push(a);
                    others.push((atom, orders, coefficient));
                }
                Atom::Field(_) => others.push((atom, orders, coefficient)),
            }
        }
        self.forward_atoms(&atoms);
        let mut terms = Vec::new();
        for (atom, orders, coefficient) in others {
            let minus = self.pool.neg(coefficient);
            let part = self.multiplier(orders, minus);
            terms.push((self.modes_of(atom), part.over(self.pool, own)));
        }
        let mean = mean.unwrap_or(zero);
        let modes = self.diagonal(terms, Cut::All, Mean::Set(mean));
        self.fields[field].modes = Some(modes);
        Ok(())
    }

    /// The rows in modes: nonlinear parts only, or with the linear ones and back in nodes.
    fn rows_in_modes(&mut self, rows: &[Term], complete: bool) -> Vec<ArrayId> {
        let forms: Vec<_> = rows
            .iter()
            .map(|t| self.setting.form(self.pool, *t))
            .collect();
        let products: Vec<_> = forms.iter().map(|form| self.products(form)).collect();
        let forwarded = self.forward_products(&products);
        let mut outputs = Vec::new();
        for (form, (terms, raised)) in forms.iter().zip(forwarded) {
            let linear = self.linear_terms(form, complete);
            let mean = raised.map_or(Mean::Computed, Mean::Raised);
            let keep = self.cut.clone();
            let modes = if linear.is_empty() || keep == Cut::All {
                let all = terms.into_iter().chain(linear).collect();
                self.diagonal(all, keep, mean)
            } else {
                let cut = self.diagonal(terms, keep, mean);
                let one = self.pool.int(1);
                let one = Multiplier::real(self.pool, one);
                let all = linear.into_iter().chain([(cut, one)]).collect();
                self.diagonal(all, Cut::All, Mean::Computed)
            };
            outputs.push(if complete {
                self.builder.inverse(modes)
            } else {
                modes
            });
        }
        outputs
    }

    /// The parts of fields: of solved ones always, of the others in a complete row.
    fn linear_terms(&mut self, form: &Form, complete: bool) -> Vec<(ArrayId, Multiplier)> {
        let mut terms = Vec::new();
        for (&(atom, orders), &coefficient) in form {
            let Atom::Field(field) = atom else { continue };
            let is_input = self.builder.inputs.iter().any(|a| {
                self.fields[field].modes == Some(*a) || self.fields[field].nodes == Some(*a)
            });
            if complete || !is_input {
                let modes = self.field_modes(field);
                terms.push((modes, self.multiplier(orders, coefficient)));
            }
        }
        terms
    }

    /// What is done to every atom of a form that is not a field.
    fn products(&self, form: &Form) -> BTreeMap<Term, Operator> {
        let mut products: BTreeMap<Term, Operator> = BTreeMap::new();
        for (&(atom, orders), &coefficient) in form {
            match atom {
                Atom::Field(_) => {}
                Atom::Other(a) => {
                    products.entry(a).or_default().insert(orders, coefficient);
                }
            }
        }
        products
    }

    /// Transforms the products of all rows, each once or, where that needs fewer transforms, summed as far as the same operator
    /// acts on them. By row: the arrays with their multipliers, and what the mean rises by.
    #[expect(clippy::type_complexity, reason = "rows of a sum and a constant")]
    fn forward_products(
        &mut self,
        rows: &[BTreeMap<Term, Operator>],
    ) -> Vec<(Vec<(ArrayId, Multiplier)>, Option<Term>)> {
        let one = self.pool.int(1);
        let mut grouped = Vec::new();
        for row in rows {
            let mut groups: BTreeMap<Operator, Vec<Term>> = BTreeMap::new();
            for (&a, operator) in row.iter().filter(|(a, _)| **a != one) {
                let (scale, unit) = self.normalised(operator);
                groups
                    .entry(unit)
                    .or_default()
                    .push(self.pool.mul(scale, a));
            }
            let sums = groups
                .into_iter()
                .map(|(operator, parts)| (self.pool.sum(&parts), operator));
            grouped.push(sums.collect::<Vec<_>>());
        }
        let atoms: BTreeSet<Term> = rows.iter().flat_map(|row| row.keys().copied()).collect();
        let sums: BTreeSet<Term> = grouped.iter().flatten().map(|(sum, _)| *sum).collect();
        let n_atoms = atoms.iter().filter(|a| **a != one).count();
        let singly = n_atoms <= sums.len();
        let wanted: Vec<Term> = if singly {
            atoms.into_iter().filter(|a| *a != one).collect()
        } else {
            sums.into_iter().collect()
        };
        let arrays = self.forward_atoms(&wanted);
        let array_of: BTreeMap<Term, ArrayId> = wanted.into_iter().zip(arrays).collect();
        let mut out = Vec::new();
        for (row, groups) in rows.iter().zip(grouped) {
            let raised = row
                .get(&one)
                .and_then(|operator| operator.get(&[0; 3]))
                .copied();
            let pairs: Vec<(Term, Operator)> = if singly {
                row.iter()
                    .filter(|(a, _)| **a != one)
                    .map(|(a, o)| (*a, o.clone()))
                    .collect()
            } else {
                groups
            };
            let mut terms = Vec::new();
            for (a, operator) in pairs {
                for (orders, coefficient) in operator {
                    terms.push((array_of[&a], self.multiplier(orders, coefficient)));
                }
            }
            out.push((terms, raised));
        }
        out
    }

    /// An operator as a multiple of one whose first coefficient is 1.
    fn normalised(&mut self, operator: &Operator) -> (Term, Operator) {
        let scale = *operator.values().next().expect("operators have parts");
        let unit = operator.iter().map(|(o, c)| (*o, self.pool.div(*c, scale)));
        let mut unit: Operator = unit.collect();
        let one = self.pool.int(1);
        if let Some(first) = unit.values_mut().next() {
            *first = one; // c/c, also where that may be undefined
        }
        (scale, unit)
    }
}

impl Stencils<'_> {
    /// Replaces reductions by computed scalars.
    fn reduce(&mut self, builder: &mut Builder, reduced: &[Reduced]) {
        for r in reduced {
            let value = self.lower(r.of);
            let array = builder.pointwise(self.pool, &self.reads, &[value])[0];
            builder.reduce(array, r.kind, r.symbol);
            builder.reductions.push(r.symbol);
        }
    }
}
