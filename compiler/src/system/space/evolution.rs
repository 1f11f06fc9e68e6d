//! The equations of one domain: what is integrated, what is solved for, and how it is discretised.

use super::program::{GridAxis, NodeKind};
use super::reductions::Reduced;
use super::setting::{Role, Setting};
use crate::model::entities::{
    Axis, Condition, ConditionKind, DomainId, Method, Observable, PointData, StateId,
};
use crate::source::Span;
use crate::terms::{Number, Pool, Rule, SymbolId, Term};

/// `dt(field) = row` for every field, constraints and conditions.
#[derive(Debug, Clone)]
pub struct Evolution {
    /// Which domain.
    pub domain: DomainId,
    /// Its name.
    pub name: String,
    /// Its axes.
    pub axes: Vec<Axis>,
    /// The integrated fields.
    pub fields: Vec<Field>,
    /// Right-hand sides, one per field: over fields, their derivatives, coordinates, parameters, time, scalar states.
    pub rows: Vec<Term>,
    /// Fields that constraints determine.
    pub solved: Vec<Solved>,
    /// What holds on faces.
    pub conditions: Vec<Condition>,
    /// `let`s that need fields, then what plots show of fields.
    pub observables: Vec<Observable>,
    /// Which curves the last observables are: position of the plot and of the curve in it; the abscissa comes after the curves.
    pub shown: Vec<(usize, usize)>,
    /// Means, integrals and extrema that numbers and other domains use.
    pub coupled: Vec<Reduced>,
    /// How each axis is discretised.
    pub choices: Vec<Choice>,
    /// What has a value at every node: noise and data.
    pub given: Vec<PointData>,
    /// The user's own rules about derivatives.
    pub rules: Vec<Rule>,
    /// Parameters with their values in the model.
    pub parameters: Vec<(SymbolId, Term)>,
    /// The least share of modes that is kept, however many factors products have.
    pub least_kept: Option<Number>,
    /// Symbols that change but are the same everywhere: time, scalar states, numbers of other domains.
    pub varying: Vec<SymbolId>,
}

/// An integrated field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Which state.
    pub state: StateId,
    /// Its symbol.
    pub symbol: SymbolId,
    /// Its name.
    pub name: String,
    /// Where it was declared.
    pub span: Span,
}

/// A field determined by `residual = 0`.
#[derive(Debug, Clone, PartialEq)]
pub struct Solved {
    /// Its symbol.
    pub symbol: SymbolId,
    /// Its name.
    pub name: String,
    /// Is 0 everywhere.
    pub residual: Term,
    /// The mean of the field, where the residual leaves it open.
    pub mean: Option<Term>,
    /// Where it was declared.
    pub span: Span,
}

/// The discretisation of an axis, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The method.
    pub method: Method,
    /// Said to users.
    pub reason: String,
    /// Where the user chose it, or the axis.
    pub span: Span,
}

impl Evolution {
    /// What its symbols are.
    pub fn setting(&self) -> Setting {
        self.setting_on(self.axes.iter().map(|axis| axis.coordinate).collect())
    }

    /// What its symbols are when these are the coordinates.
    pub fn setting_on(&self, axes: Vec<SymbolId>) -> Setting {
        let fields = self
            .symbols()
            .into_iter()
            .enumerate()
            .map(|(i, s)| (s, Role::Field(i)));
        let given = self.given.iter().map(|d| (d.symbol, Role::Given));
        let varying = self.varying.iter().map(|s| (*s, Role::Varying));
        Setting::new(axes, fields.chain(given).chain(varying))
    }

    /// All fields: integrated, then solved for.
    pub fn symbols(&self) -> Vec<SymbolId> {
        let fields = self.fields.iter().map(|f| f.symbol);
        fields.chain(self.solved.iter().map(|s| s.symbol)).collect()
    }

    /// Every equation: rows, constraints and conditions.
    pub fn equations(&self) -> Vec<Term> {
        let residuals = self.solved.iter().map(|solved| solved.residual);
        let conditions = self.conditions.iter().filter_map(|c| match c.kind {
            ConditionKind::Equation(residual) => Some(residual),
            ConditionKind::Outflow(_) => None,
        });
        let rows = self.rows.iter().copied();
        rows.chain(residuals).chain(conditions).collect()
    }

    /// Names of all fields.
    pub fn names(&self) -> Vec<&str> {
        let fields = self.fields.iter().map(|f| f.name.as_str());
        fields
            .chain(self.solved.iter().map(|s| s.name.as_str()))
            .collect()
    }

    /// Where a field was declared.
    pub fn span(&self, field: usize) -> Span {
        let spans = self.fields.iter().map(|f| f.span);
        let mut spans = spans.chain(self.solved.iter().map(|s| s.span));
        spans.nth(field).expect("a field of the evolution")
    }

    /// The axes of the grid.
    pub fn grid_axes(&self, pool: &mut Pool) -> Vec<GridAxis> {
        let axes = self.axes.iter().zip(&self.choices);
        axes.map(|(axis, choice)| grid_axis(pool, axis, choice.method))
            .collect()
    }
}

fn grid_axis(pool: &mut Pool, axis: &Axis, method: Method) -> GridAxis {
    let nodes = match method {
        Method::Fourier => NodeKind::Periodic,
        Method::Chebyshev => NodeKind::Lobatto,
        Method::Weno { .. } => NodeKind::Cells {
            periodic: axis.periodic,
        },
        Method::Central { .. } | Method::Upwind { .. } if axis.periodic => NodeKind::Periodic,
        Method::Central { .. } | Method::Upwind { .. } => NodeKind::Ends,
    };
    let map = axis.map.map(|map| {
        let uniform = pool.symbol(&format!("uniform({})", axis.name));
        let (from, to) = (pool.var(axis.coordinate), pool.var(uniform));
        (
            uniform,
            pool.substitute(&[map], &[(from, to)].into_iter().collect())[0],
        )
    });
    GridAxis {
        name: axis.name.clone(),
        coordinate: axis.coordinate,
        points: axis.points,
        nodes,
        from: axis.from,
        to: axis.to,
        // No name in a model has parentheses.
        spacing: pool.symbol(&format!("h({})", axis.name)),
        wavenumber: pool.symbol(&format!("k({})", axis.name)),
        map,
        transformed: method == Method::Fourier,
    }
}
