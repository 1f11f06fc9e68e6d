//! What is known of an evolution, for users: degrees, the linear part, the flux form, bounds, conditions, schemes.

use std::fmt::{self, Display, Formatter};

use super::choose::text;
use super::conditions::{face_name, needed};
use super::evolution::Evolution;
use super::facts::Degree;
use super::flux::FluxForm;
use super::forms::Atom;
use super::mirror::NoMirror;
use super::principal::Bounds;
use super::program::{Mirror, Parity};
use crate::model::entities::ConditionKind;
use crate::terms::{Number, Pool, Term};

/// What is known of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowAnalysis {
    /// Its linear part with constant coefficients.
    pub linear: Term,
    /// The rest.
    pub rest: Term,
    /// The degree of the rest.
    pub degree: Degree,
    /// Its flux form, or a part that is no divergence.
    pub flux: Result<FluxForm, Term>,
    /// The highest order of its field along each axis.
    pub orders: Vec<u8>,
}

/// What is known of an evolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// By field.
    pub rows: Vec<RowAnalysis>,
    /// By axis.
    pub bounds: Vec<Bounds>,
    /// Between walls with central differences: what fields are about the ends of axes, or why they are not.
    pub images: Option<Result<Mirror, NoMirror>>,
}

impl Evolution {
    /// Analyses the equations.
    pub fn analyse(&self, pool: &mut Pool) -> Analysis {
        let mut setting = self.setting();
        let symbols = self.symbols();
        let n = self.fields.len();
        let extent = setting.extent(pool, &self.rows);
        let mut rows = Vec::new();
        let with_means = self.with_means(pool, &mut setting, &self.rows);
        for (field, (&row, with_means)) in self.rows.iter().zip(with_means).enumerate() {
            let form = setting.form(pool, with_means);
            let is_linear = |atom: &Atom| matches!(atom, Atom::Field(f) if *f < n);
            let linear = form.iter().filter(|((atom, _), _)| is_linear(atom));
            let linear = setting.term_of(pool, &symbols, linear);
            let rest = form.iter().filter(|((atom, _), _)| !is_linear(atom));
            let rest = setting.term_of(pool, &symbols, rest);
            let orders = extent.get(&field).copied().unwrap_or([0; 3]);
            rows.push(RowAnalysis {
                linear,
                rest,
                degree: setting.facts(pool, rest).degree,
                flux: setting.flux_form(pool, &symbols, row),
                orders: orders[..self.axes.len()].to_vec(),
            });
        }
        let bounds = setting.bounds(pool, &symbols[..n], &self.rows);
        Analysis {
            rows,
            bounds,
            images: self.images(pool),
        }
    }

    /// The equations and what is known of them, one fact per line.
    pub fn display<'a>(&'a self, analysis: &'a Analysis, pool: &'a Pool) -> EvolutionText<'a> {
        EvolutionText {
            evolution: self,
            analysis,
            pool,
        }
    }
}

/// An evolution as stable text.
pub struct EvolutionText<'a> {
    evolution: &'a Evolution,
    analysis: &'a Analysis,
    pool: &'a Pool,
}

impl Display for EvolutionText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (evolution, pool) = (self.evolution, self.pool);
        writeln!(f, "grid {}", evolution.name)?;
        for (axis, choice) in evolution.axes.iter().zip(&evolution.choices) {
            let (from, to) = (pool.display(axis.from), pool.display(axis.to));
            let periodic = if axis.periodic { ", periodic" } else { "" };
            writeln!(
                f,
                "  {} in {from}..{to}, {} points{periodic}",
                axis.name, axis.points
            )?;
            writeln!(f, "    {}: {}", text(choice.method), choice.reason)?;
        }
        for (field, row) in evolution.fields.iter().zip(&evolution.rows) {
            writeln!(f, "  dt({}) = {}", field.name, pool.display(*row))?;
        }
        for (field, row) in evolution.fields.iter().zip(&self.analysis.rows) {
            self.row(f, &field.name, row)?;
        }
        for solved in &evolution.solved {
            write!(
                f,
                "  solve {} in {} = 0",
                solved.name,
                pool.display(solved.residual)
            )?;
            match solved.mean {
                Some(mean) => writeln!(f, ", mean {}", pool.display(mean))?,
                None => writeln!(f)?,
            }
        }
        for (axis, bounds) in evolution.axes.iter().zip(&self.analysis.bounds) {
            if let Some((slow, fast)) = bounds.speeds {
                let (slow, fast) = (pool.display(slow), pool.display(fast));
                writeln!(f, "  speeds along {}: {slow} to {fast}", axis.name)?;
            }
            if let Some(diffusivity) = bounds.diffusivity {
                writeln!(
                    f,
                    "  diffusivity along {}: {}",
                    axis.name,
                    pool.display(diffusivity)
                )?;
            }
        }
        self.conditions(f)?;
        self.images(f)
    }
}

impl EvolutionText<'_> {
    fn row(&self, f: &mut Formatter<'_>, name: &str, row: &RowAnalysis) -> fmt::Result {
        let pool = self.pool;
        let is_zero = |t: Term| pool.as_number(t).is_some_and(Number::is_zero);
        writeln!(f, "  {name}: linear part {}", pool.display(row.linear))?;
        if !is_zero(row.rest) {
            let degree = match row.degree {
                Degree::Polynomial(n) => format!("degree {n}"),
                Degree::NonPolynomial => "not polynomial".to_owned(),
            };
            writeln!(f, "  {name}: rest {} ({degree})", pool.display(row.rest))?;
        }
        match &row.flux {
            Ok(form) => {
                for (flux, axis) in form.fluxes.iter().zip(&self.evolution.axes) {
                    if !is_zero(*flux) {
                        writeln!(
                            f,
                            "  {name}: flux along {} {}",
                            axis.name,
                            pool.display(*flux)
                        )?;
                    }
                }
                if !is_zero(form.source) {
                    writeln!(f, "  {name}: source {}", pool.display(form.source))?;
                }
                Ok(())
            }
            Err(part) => writeln!(
                f,
                "  {name}: no flux form, {} is not a divergence",
                pool.display(*part)
            ),
        }
    }

    fn images(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mirror = match &self.analysis.images {
            None => return Ok(()),
            Some(Err(why)) => return writeln!(f, "  no sine or cosine modes: {why}"),
            Some(Ok(mirror)) => mirror,
        };
        let axes = self.evolution.axes.iter().enumerate();
        for (axis, spec) in axes.filter(|(axis, _)| mirror.axes[*axis]) {
            for (name, parities) in self.evolution.names().iter().zip(&mirror.parities) {
                let modes = match parities[axis] {
                    Parity::Even => "cosine",
                    Parity::Odd => "sine",
                };
                let parity = parities[axis].name();
                let axis = &spec.name;
                writeln!(
                    f,
                    "  {name} is {parity} about the ends of {axis}: {modes} modes"
                )?;
            }
        }
        Ok(())
    }

    fn conditions(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (evolution, pool) = (self.evolution, self.pool);
        for condition in &evolution.conditions {
            let face = face_name(evolution, condition.face.axis, condition.face.side);
            match condition.kind {
                ConditionKind::Equation(residual) => {
                    writeln!(f, "  at {face}: {} = 0", pool.display(residual))?
                }
                ConditionKind::Outflow(state) => {
                    let field = evolution.fields.iter().find(|f| f.state == state);
                    writeln!(f, "  at {face}: outflow({})", field.map_or("", |f| &f.name))?;
                }
            }
        }
        for (axis, spec) in evolution
            .axes
            .iter()
            .enumerate()
            .filter(|(_, a)| !a.periodic)
        {
            for (field, row) in evolution.fields.iter().zip(&self.analysis.rows) {
                let order = row.orders[axis];
                let (least, most) = needed(order);
                let each = if least == most {
                    format!("{least}")
                } else {
                    format!("{least} or {most}")
                };
                writeln!(
                    f,
                    "  {} has order {order} along {}: {each} conditions at each end",
                    field.name, spec.name
                )?;
            }
        }
        Ok(())
    }
}
