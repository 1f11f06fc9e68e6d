//! The units of a model: what names of units mean, and the unit of everything declared.
//!
//! A model has units as soon as a declaration, a function, a reaction or an equation writes one; else nothing is checked.
//! Values are kept in the unit in which they are declared. Time is counted in seconds, unless all units declared in the
//! user's files count it in one other unit (`min` in `1/min`, `nM/min`): then in that one.

use super::measure::{Measure, Measures};
use super::nodes::{At, post_order};
use super::scope::{FileId, Origin, World};
use super::unit::{BASE, Unit};
use super::unit_names::UnitNames;
use crate::diagnostic::Diagnostics;
use crate::source::Sources;
use crate::syntax::Ast;
use crate::syntax::ast::{Expr, ExprKind, Item, ItemKind, SettingValue, UnitExpr};

/// The units of a model.
pub(super) struct Units {
    pub measures: Measures,
    names: UnitNames,
    /// Whether the model has units at all.
    pub on: bool,
    /// By entity; a function has none.
    pub of: Vec<Measure>,
    /// The unit of time.
    pub time: Measure,
    /// Library terms with units that do not fit together.
    pub rejected: Vec<At>,
}

impl Units {
    /// No units.
    pub fn off(world: &World) -> Units {
        Units {
            measures: Measures::new(),
            names: UnitNames::default(),
            on: false,
            of: vec![Measure::ONE; world.entities.len()],
            time: Measure::ONE,
            rejected: Vec::new(),
        }
    }

    /// The names of units, if any file writes one.
    pub fn read(world: &World, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Units {
        let mut units = Units::off(world);
        units.on = has_units(world);
        if units.on || writes_quantities(world) {
            units.names = UnitNames::read(world, sources, &mut units.measures, diagnostics);
        }
        if units.on {
            units.time = units.time_unit(world, diagnostics);
        }
        units
    }

    /// The measure of a unit as written.
    pub fn measure(
        &mut self,
        ast: &Ast,
        written: &UnitExpr,
        diagnostics: &mut Diagnostics,
    ) -> Measure {
        self.names
            .measure(ast, written, &mut self.measures, diagnostics)
    }

    /// The measure as a unit; `None` in a model without units.
    pub fn unit(&mut self, m: Measure) -> Option<Unit> {
        self.on.then(|| self.measures.unit(m))
    }

    /// The one unit of time that declarations use, else the second.
    fn time_unit(&mut self, world: &World, diagnostics: &mut Diagnostics) -> Measure {
        let second = self.names.known(BASE[2]);
        let second = second.expect("the standard library has the second");
        let dimension = self.measures.unit(second).dimension;
        let mut found: Vec<Measure> = Vec::new();
        for file in user_files(world) {
            let ast = world.ast(file);
            for (name, _) in ast
                .items
                .iter()
                .flat_map(declared)
                .flat_map(|unit| &unit.powers)
            {
                let unit = self
                    .names
                    .named(ast, *name, &mut self.measures, diagnostics);
                let is_time = self.measures.unit(unit).dimension == dimension;
                if is_time && unit != Measure::ANY && !found.contains(&unit) {
                    found.push(unit);
                }
            }
        }
        match found.as_slice() {
            [one] => *one,
            _ => second,
        }
    }
}

/// The files whose units count.
fn user_files(world: &World) -> impl Iterator<Item = FileId> {
    world
        .file_ids()
        .filter(|&file| world.file(file).origin != Origin::Std)
}

/// The units that an item declares.
fn declared(item: &Item) -> Vec<&UnitExpr> {
    match &item.kind {
        ItemKind::Declare(d) => d.unit.as_deref().into_iter().collect(),
        ItemKind::Function(f) => {
            let params = f.params.iter().filter_map(|(_, unit)| unit.as_deref());
            params.chain(f.unit.as_deref()).collect()
        }
        ItemKind::Domain(d) => d.axes.iter().filter_map(|a| a.unit.as_deref()).collect(),
        ItemKind::Model { .. }
        | ItemKind::Use(_)
        | ItemKind::Unit { .. }
        | ItemKind::Reaction(_)
        | ItemKind::Equation(_)
        | ItemKind::Balance { .. }
        | ItemKind::Boundary(_)
        | ItemKind::Constraint(_)
        | ItemKind::Scheme(_)
        | ItemKind::Init { .. }
        | ItemKind::Simulate(_)
        | ItemKind::Discover(_)
        | ItemKind::Plot(_)
        | ItemKind::Rule(_)
        | ItemKind::Unsupported { .. } => Vec::new(),
    }
}

fn has_units(world: &World) -> bool {
    user_files(world).any(|file| {
        let ast = world.ast(file);
        let declares = ast.items.iter().any(|item| !declared(item).is_empty());
        declares || count_quantities(ast, all(ast)) > count_quantities(ast, in_settings(ast))
    })
}

fn writes_quantities(world: &World) -> bool {
    user_files(world).any(|file| {
        let ast = world.ast(file);
        count_quantities(ast, all(ast)) > 0
    })
}

fn all(ast: &Ast) -> impl Iterator<Item = Expr> {
    (0..ast.exprs.len() as u32).map(Expr)
}

fn count_quantities(ast: &Ast, exprs: impl Iterator<Item = Expr>) -> usize {
    exprs
        .filter(|&e| matches!(ast.expr(e).kind, ExprKind::Quantity(..)))
        .count()
}

/// The expressions of experiments: `until = 5 [h]` gives a model no units.
fn in_settings(ast: &Ast) -> impl Iterator<Item = Expr> {
    let mut nodes = Vec::new();
    for item in &ast.items {
        let (ItemKind::Simulate(experiment) | ItemKind::Discover(experiment)) = &item.kind else {
            continue;
        };
        for setting in &experiment.settings {
            match &setting.value {
                SettingValue::Expr(e) => post_order(ast, *e, &mut nodes),
                SettingValue::List(list, _) => {
                    list.iter().for_each(|&e| post_order(ast, e, &mut nodes));
                }
                SettingValue::Table(rows, _) | SettingValue::Options(_, rows, _) => {
                    rows.iter()
                        .for_each(|(_, e)| post_order(ast, *e, &mut nodes));
                }
                SettingValue::Names(_) | SettingValue::Texts(..) => {}
            }
        }
    }
    nodes.into_iter()
}
