//! The entry of discretisation: an evolution to its space programs.

use std::collections::BTreeMap;

use super::builder::Builder;
use super::conditions::{Requirements, assign};
use super::error::SpaceError;
use super::evolution::Evolution;
use super::facts::Degree;
use super::forms::Atom;
use super::forms_chosen::Forms;
use super::metric::{to_uniform, uniform_coordinates};
use super::multiplier::{Basis, derivative};
use super::program::{
    ArrayKind, Closure, Cut, Grid, GridAxis, Multiplier, SpaceProgram, SpacePrograms, Split,
};
use super::reductions::{Reduced, take_out};
use super::setting::{Role, Setting};
use super::spectral::{FieldArrays, Spectral};
use super::stencil::Source;
use crate::model::entities::{ConditionKind, Method};
use crate::terms::{Number, Pool, SymbolId, Term};

/// Builds the programs of an evolution.
///
/// # Errors
/// If conditions are missing or too many, the schemes of the axes cannot be combined, or a term is beyond the scheme.
pub fn discretise(
    pool: &mut Pool,
    evolution: &Evolution,
) -> Result<SpacePrograms, Vec<SpaceError>> {
    let mut lowering = Lowering::new(pool, evolution)?;
    let goal = lowering.rows_goal(Entry::Nodes);
    let full = lowering.program(&goal).map_err(|e| vec![e])?;
    let symbols: Vec<SymbolId> = evolution.fields.iter().map(|f| f.symbol).collect();
    let rows = lowering.rows.clone();
    let split = lowering.split().map_err(|e| vec![e])?;
    lowering.rows.clone_from(&rows);
    let bounds = lowering.setting.bounds(lowering.pool, &symbols, &rows);
    let rates = lowering.rates(&bounds).map_err(|e| vec![e])?;
    let observed = lowering
        .observed(&evolution.observables)
        .map_err(|e| vec![e])?;
    let coupling = lowering.coupling(&evolution.coupled).map_err(|e| vec![e])?;
    let fields = evolution.fields.iter().map(|f| f.state).collect();
    Ok(SpacePrograms {
        fields,
        full,
        split,
        rates,
        observed,
        coupling,
    })
}

/// What all programs of an evolution share; reductions are symbols.
pub(super) struct Lowering<'a> {
    pub pool: &'a mut Pool,
    pub evolution: &'a Evolution,
    pub setting: Setting,
    pub axes: Vec<GridAxis>,
    pub rows: Vec<Term>,
    /// Of constraints.
    pub residuals: Vec<Term>,
    pub reduced: Vec<Reduced>,
    pub requirements: Requirements,
    /// The rows that were looked at last, and their other forms.
    pub forms: Option<Forms>,
}

/// What a program computes.
#[derive(Debug, Clone)]
pub(super) struct Goal {
    /// Where fields enter.
    pub entry: Entry,
    /// Whether the terms are the rows, whose results leave where fields enter.
    pub rows: bool,
    /// Arrays.
    pub terms: Vec<Term>,
    /// Scalars, which the terms may use.
    pub reduced: Vec<Reduced>,
    /// Whether the fields of constraints are needed.
    pub solve: bool,
}

/// Where fields enter a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Nodes,
    Modes,
}

impl<'a> Lowering<'a> {
    pub fn new(pool: &'a mut Pool, evolution: &'a Evolution) -> Result<Self, Vec<SpaceError>> {
        let mut roots = evolution.rows.clone();
        roots.extend(evolution.solved.iter().map(|s| s.residual));
        let n_equations = roots.len();
        for condition in &evolution.conditions {
            match condition.kind {
                ConditionKind::Equation(residual) => roots.push(residual),
                ConditionKind::Outflow(_) => {}
            }
        }
        let axes = evolution.grid_axes(pool);
        to_uniform(pool, &axes, &evolution.symbols(), &mut roots);
        let reduced = take_out(pool, &mut roots);
        let mut of_conditions = roots.split_off(n_equations).into_iter();
        let mut kinds: Vec<ConditionKind> = evolution.conditions.iter().map(|c| c.kind).collect();
        for kind in &mut kinds {
            if let ConditionKind::Equation(residual) = kind {
                *residual = of_conditions.next().expect("one per equation");
            }
        }
        let mut setting = evolution.setting_on(uniform_coordinates(&axes));
        reduced
            .iter()
            .for_each(|r| setting.set_role(r.symbol, Role::Varying));
        let requirements = assign(pool, &setting, evolution, &roots, &kinds)?;
        let residuals = roots.split_off(evolution.rows.len());
        Ok(Lowering {
            pool,
            evolution,
            setting,
            axes,
            rows: roots,
            residuals,
            reduced,
            requirements,
            forms: None,
        })
    }

    pub fn methods(&self) -> impl Iterator<Item = Method> {
        self.evolution.choices.iter().map(|c| c.method)
    }

    /// A program from nodes to arrays of terms and to scalars, which the terms may use.
    pub fn computing(
        &mut self,
        terms: &[Term],
        reduced: &[Reduced],
    ) -> Result<SpaceProgram, SpaceError> {
        reduced
            .iter()
            .for_each(|r| self.setting.set_role(r.symbol, Role::Varying));
        let mut all: Vec<Term> = reduced
            .iter()
            .map(|r| r.of)
            .chain(terms.iter().copied())
            .collect();
        let extent = self.setting.extent(self.pool, &all);
        // Constraints are solved only for those that look at their fields.
        let solve = extent
            .keys()
            .any(|field| *field >= self.evolution.fields.len());
        if solve {
            all.extend(&self.residuals);
        }
        let used = self.pool.symbols_in(&all);
        let own = self
            .reduced
            .iter()
            .filter(|r| used.contains(&r.symbol) && !reduced.contains(r));
        let reduced: Vec<Reduced> = own.chain(reduced).cloned().collect();
        let goal = Goal {
            entry: Entry::Nodes,
            rows: false,
            terms: terms.to_vec(),
            reduced,
            solve,
        };
        self.program(&goal)
    }

    pub fn rows_goal(&self, entry: Entry) -> Goal {
        let (terms, reduced) = (self.rows.clone(), self.reduced.clone());
        Goal {
            entry,
            rows: true,
            terms,
            reduced,
            solve: true,
        }
    }

    /// The program of a goal.
    pub fn program(&mut self, goal: &Goal) -> Result<SpaceProgram, SpaceError> {
        if !self.is_spectral() {
            return self.stencils(goal);
        }
        if !self.has_equal_forms(goal) {
            return self.spectral(goal);
        }
        Ok(self.cheapest(goal)?.1)
    }

    /// Whether whole-array derivatives are used along an axis.
    pub fn is_spectral(&self) -> bool {
        self.methods()
            .any(|m| matches!(m, Method::Fourier | Method::Chebyshev))
    }

    /// Whether all axes can be transformed.
    pub fn is_periodic(&self) -> bool {
        self.axes
            .iter()
            .all(|axis| axis.is_periodic() && axis.map.is_none())
    }

    /// The program for exponential and implicit-explicit steppers, where all axes can be transformed.
    fn split(&mut self) -> Result<Option<Split>, SpaceError> {
        let possible = self
            .methods()
            .all(|m| matches!(m, Method::Fourier | Method::Central { .. }));
        if !possible {
            return Ok(None);
        }
        if !self.is_periodic() {
            return self.split_of_images();
        }
        let evolution = self.evolution;
        self.rows = evolution.with_means(self.pool, &mut self.setting, &self.rows);
        let mut goal = self.rows_goal(Entry::Modes);
        if !self.is_spectral() {
            goal.terms = self.rests();
        }
        let nonlinear = self.program(&goal)?;
        let linear = self.linear(&nonlinear.grid);
        // A filter is for products; the state itself keeps all modes.
        let keep = match self.cut() {
            Cut::Filter { .. } => Cut::All,
            Cut::All => Cut::All,
            Cut::Fraction(fraction) => Cut::Fraction(fraction),
        };
        Ok(Some(Split {
            linear,
            nonlinear,
            keep,
            mirror: None,
        }))
    }

    /// The same where fields go on beyond walls as their mirror images.
    fn split_of_images(&mut self) -> Result<Option<Split>, SpaceError> {
        let Ok((evolution, mirror)) = self.mirrored() else {
            return Ok(None);
        };
        let Ok(mut images) = Lowering::new(self.pool, &evolution) else {
            return Ok(None);
        };
        let split = images.split()?;
        Ok(split.map(|split| Split {
            mirror: Some(mirror),
            ..split
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
                let one = derivative(self.pool, &grid.axes, &bases, orders);
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

    pub fn bases(&self) -> Vec<Basis> {
        let of = |method| match method {
            Method::Central { order } => Basis::Central(order),
            Method::Upwind { order } => Basis::Central(order + 1),
            Method::Weno { .. } => Basis::Central(4),
            Method::Fourier | Method::Chebyshev => Basis::Exact,
        };
        self.methods().map(of).collect()
    }

    /// What products of band-limited fields leave unspoiled: with d factors the fraction 2/(d + 1).
    pub fn cut(&mut self) -> Cut {
        if !self.methods().any(|m| m == Method::Fourier) {
            return Cut::All;
        }
        let mut most = 1;
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
                    Degree::Polynomial(d) => most = most.max(d + u32::from(facts.in_space)),
                    Degree::NonPolynomial => return Cut::Filter { order: 36 },
                }
            }
        }
        if most == 1 {
            return Cut::All;
        }
        let exact = Number::ratio(2, (most + 1).into()).expect("the degree is not negative");
        match &self.evolution.least_kept {
            Some(least) if least.to_f64() > exact.to_f64() => Cut::Fraction(least.clone()),
            Some(_) | None => Cut::Fraction(exact),
        }
    }

    pub fn builder(&self, transform_all: bool) -> Builder {
        let mut axes = self.axes.clone();
        if transform_all {
            axes.iter_mut().for_each(|axis| axis.transformed = true);
        }
        Builder::new(axes)
    }

    /// A program by whole-array derivatives.
    pub fn spectral(&mut self, goal: &Goal) -> Result<SpaceProgram, SpaceError> {
        let periodic = self.is_periodic();
        self.check_mix(periodic)?;
        let mut builder = self.builder(periodic);
        let mut fields = self.field_arrays(&mut builder, goal.entry);
        let slopes = self.slopes()?;
        let terms = self.over_slopes(&slopes, &goal.terms);
        let mut reduced = goal.reduced.clone();
        for reduced in &mut reduced {
            reduced.of = self.over_slopes(&slopes, &[reduced.of])[0];
        }
        let all: Vec<Term> = reduced
            .iter()
            .map(|r| r.of)
            .chain(terms.iter().copied())
            .collect();
        let closures = self.slope_arrays(&mut builder, &mut fields, &slopes, &all)?;
        let (cut, bases, n) = (self.cut(), self.bases(), self.evolution.fields.len());
        let residuals = if goal.solve {
            self.residuals.clone()
        } else {
            Vec::new()
        };
        let is_fraction = matches!(cut, Cut::Fraction(_));
        let (early, late) = self.around_constraints(&reduced);
        let setting = &mut self.setting;
        let mut spectral = Spectral::new(self.pool, setting, &mut builder, bases, fields, cut);
        spectral.are_cut = goal.entry == Entry::Modes && is_fraction;
        spectral.reduce(&early);
        for (i, (residual, solved)) in residuals
            .into_iter()
            .zip(&self.evolution.solved)
            .enumerate()
        {
            let (field, at) = (solved.name.clone(), solved.span.into());
            if !periodic {
                return Err(SpaceError::SpectralConstraint { field, at });
            }
            if !spectral.solve(n + i, residual, solved.mean) {
                return Err(SpaceError::NonlinearConstraint { field, at });
            }
        }
        spectral.reduce(&late);
        let outputs = if goal.rows && periodic {
            spectral.rows_in_modes(&terms, goal.entry)
        } else {
            terms.iter().map(|t| spectral.value_array(*t)).collect()
        };
        builder.closures = self.value_closures(&builder)?;
        builder.closures.extend(closures);
        Ok(builder.finish(self.pool, outputs, &self.evolution.varying))
    }

    /// Reductions that can be computed before constraints are solved, and those that cannot.
    pub fn around_constraints(&self, reduced: &[Reduced]) -> (Vec<Reduced>, Vec<Reduced>) {
        let n = self.evolution.fields.len();
        let (mut early, mut late): (Vec<Reduced>, Vec<Reduced>) = (Vec::new(), Vec::new());
        for r in reduced {
            let symbols = self.pool.symbols_in(&[r.of]);
            let waits = late.iter().any(|l| symbols.contains(&l.symbol));
            let extent = self.setting.extent(self.pool, &[r.of]);
            if waits || extent.keys().any(|field| *field >= n) {
                late.push(r.clone());
            } else {
                early.push(r.clone());
            }
        }
        (early, late)
    }

    /// Fixed nodes at the faces of matrix axes.
    fn value_closures(&mut self, builder: &Builder) -> Result<Vec<Closure>, SpaceError> {
        if self.is_periodic() {
            return Ok(Vec::new());
        }
        let arrays = builder.inputs.iter().zip(&self.evolution.fields);
        let sources: Vec<Source> = arrays
            .map(|(array, f)| Source {
                name: f.name.clone(),
                array: *array,
            })
            .collect();
        self.closures(builder, &sources)
    }

    /// Differences stand beside transforms only where they act on modes too.
    fn check_mix(&self, periodic: bool) -> Result<(), SpaceError> {
        for (axis, choice) in self.axes.iter().zip(&self.evolution.choices) {
            let fits = match choice.method {
                Method::Fourier | Method::Chebyshev => true,
                Method::Central { .. } => periodic,
                Method::Upwind { .. } | Method::Weno { .. } => false,
            };
            if !fits {
                return Err(SpaceError::SchemesDoNotMix {
                    scheme: super::choose::name(choice.method),
                    axis: axis.name.clone(),
                    at: choice.span.into(),
                });
            }
        }
        Ok(())
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

    /// The rows without the linear constant-coefficient part of integrated fields.
    pub fn rests(&mut self) -> Vec<Term> {
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
