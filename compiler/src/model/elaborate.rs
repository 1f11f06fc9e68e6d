//! The entry: tree to model.

use super::Model;
use super::definitions::{definition_order, varying};
use super::entities::StateId;
use super::lower::Lowering;
use super::measure::Measure;
use super::names::{Names, check_names, report_unused};
use super::nodes::At;
use super::scope::{EntityId, EntityKind, Meaning, World, declare};
use super::units::Units;
use super::{
    check_units, discover, equation, experiment, load, plot, reaction, rules, space, symbols,
    values,
};
use crate::syntax::ast::{DeclKind, ItemKind};
use crate::terms::{Pool, SymbolId};
use crate::{diagnostic::Diagnostics, source::Sources, syntax::Ast};

/// Finds the text of a used file or stdlib module; the command line does the reading.
pub trait Loader {
    /// Text of `use NAME`.
    fn std_module(&self, name: &str) -> Option<&'static str>;
    /// Text of `use "path"`, relative to the file named `from`.
    fn file(&self, path: &str, from: &str) -> Result<String, std::io::Error>;
}

/// What the parts of the elaboration share.
pub(super) struct Elaboration<'w, 'a> {
    pub world: &'w World<'a>,
    pub names: Names,
    pub lowering: Lowering<'w, 'a>,
    /// By entity: its name in the model.
    pub called: Vec<String>,
    /// By entity: its place among the states.
    pub positions: Vec<Option<StateId>>,
    /// By state: its unit.
    pub state_measures: Vec<Measure>,
    /// By state: its symbol.
    pub state_symbols: Vec<SymbolId>,
    /// By entity: the initial value of a state.
    pub initial: Vec<Option<At>>,
    /// The fields in `Model::solved`, in order.
    pub solved: Vec<EntityId>,
    /// By entity: on which state, or on time, it depends.
    pub varies: Vec<Option<String>>,
    pub diagnostics: &'w mut Diagnostics,
}

/// Elaborates a file with all that it uses.
pub fn elaborate(
    ast: &Ast,
    sources: &mut Sources,
    loader: &dyn Loader,
    diagnostics: &mut Diagnostics,
) -> Model {
    let mut world = load::load(ast, sources, loader, diagnostics);
    declare(&mut world, diagnostics);
    space::find(&mut world, diagnostics);
    space::find_components(&mut world);
    add_velocities(&mut world);
    let names = check_names(&world, diagnostics);
    space::check_places(&world, diagnostics);
    let order = definition_order(&world, &names, diagnostics);
    let mut pool = Pool::new();
    let time = pool.symbol("t");
    let time_term = pool.var(time);
    let mut e = Elaboration {
        world: &world,
        names,
        lowering: Lowering::new(&world, pool, time_term),
        called: symbols::model_names(&world),
        positions: vec![None; world.entities.len()],
        state_measures: Vec::new(),
        state_symbols: Vec::new(),
        initial: Vec::new(),
        solved: space::solved_fields(&world),
        varies: varying(&world, &order),
        diagnostics,
    };
    let mut model = Model {
        time: Some(time),
        ..Model::default()
    };
    name_model(&world, sources, &mut model);
    values::declare_states(&mut e, &mut model);
    let units = Units::read(&world, sources, e.diagnostics);
    check_units::check(&mut e, &order, units);
    let time = e.lowering.terms.units.time;
    model.time_unit = e.lowering.terms.units.unit(time);
    values::build(&mut e, &order, &mut model);
    space::build_domains(&mut e, &mut model);
    reaction::build(&mut e, &mut model);
    equation::build(&mut e, &mut model);
    space::build_constraints(&mut e, &mut model);
    space::build_conditions(&mut e, &mut model);
    space::build_schemes(&mut e, &mut model);
    experiment::build(&mut e, &mut model);
    plot::build(&mut e, sources, &mut model);
    discover::build(&mut e, sources, &mut model);
    for file in world.file_ids() {
        model
            .rules
            .extend(rules::rules(world.ast(file), e.diagnostics));
    }
    if !e.diagnostics.has_errors() {
        equation::report_unchanged(&mut e, &model);
        report_unused(&world, &e.names, e.diagnostics);
    }
    model.point_data = e.lowering.terms.point_data;
    model.pool = e.lowering.terms.pool;
    model
}

/// Makes the derivative of each state with a `dtt` equation a state.
fn add_velocities(world: &mut World) {
    let mut second_order: Vec<EntityId> = Vec::new();
    for file in world.file_ids() {
        for item in &world.ast(file).items {
            let ItemKind::Equation(equation) = &item.kind else {
                continue;
            };
            if equation.order < 2 {
                continue;
            }
            if let Meaning::Entity(id) = world.meaning(file, equation.target.name)
                && can_change(world, id)
            {
                second_order.extend(world.space.parts(id));
            }
        }
    }
    for state in second_order {
        world.add_velocity(state);
    }
}

/// Whether an entity may have a rate: species and variables.
pub(super) fn can_change(world: &World, id: EntityId) -> bool {
    match world.entity(id).kind {
        EntityKind::Value(DeclKind::Species | DeclKind::Var | DeclKind::Field)
        | EntityKind::Velocity => true,
        EntityKind::Value(
            DeclKind::Const | DeclKind::Param | DeclKind::FixedSpecies | DeclKind::Let,
        )
        | EntityKind::Domain
        | EntityKind::Coordinate
        | EntityKind::Function => false,
        EntityKind::Component => {
            let owner = world.space.owner(id);
            owner != id && can_change(world, owner)
        }
    }
}

/// The name and documentation after `model`, else the file's name.
fn name_model(world: &World, sources: &Sources, model: &mut Model) {
    let Some(root) = world.files.last() else {
        return;
    };
    model.name = root.module.clone();
    for item in &root.ast.items {
        if let ItemKind::Model { name, doc } = &item.kind {
            model.name = root.ast.name(name.name).to_owned();
            model.doc.clone_from(doc);
        }
    }
    if model.name.is_empty() {
        model.name = sources
            .file_at(0)
            .map_or("model".into(), |source| source.name.clone());
    }
}
