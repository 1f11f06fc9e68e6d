//! Units as types: what the declarations, values, reactions and equations of a model demand of its units.

use miette::LabeledSpan;

use super::elaborate::Elaboration;
use super::error::ModelError;
use super::experiment::times;
use super::infer::{Inference, Known, Sort, Source};
use super::library::library_terms;
use super::measure::Measure;
use super::nodes::{At, post_order};
use super::scope::{EntityId, EntityKind, FileId, Meaning, Origin, World};
use super::space::{Value, first_face};
use super::units::Units;
use super::walk::Machine;
use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::syntax::ast::{
    Arrow, DeclKind, Declaration, Domain, Equation, Expr, ExprKind, ItemKind, Participant,
    Reaction, Relation, Simulate,
};

/// Checks all units and finds those that are not declared, for the lowering to use.
pub(super) fn check(e: &mut Elaboration, order: &[EntityId], units: Units) {
    if !units.on {
        e.lowering.terms.units = units;
        return;
    }
    let mut checker = Checker {
        inference: Inference::new(e.world, units, e.diagnostics),
        machine: Machine::new(),
        world: e.world,
    };
    checker.declare();
    checker.definitions(order);
    for id in e.world.entity_ids() {
        if let Some(at) = e.initial[id.0 as usize] {
            checker.value_of(id, at, "the initial value");
        }
    }
    for file in e.world.file_ids() {
        if e.world.file(file).origin != Origin::Std {
            checker.file(file);
        }
    }
    checker.report_undetermined(&|id| {
        let is_state = e.positions[id.0 as usize].is_some();
        is_state || e.names.used[id.0 as usize]
    });
    e.lowering.terms.units = checker.inference.units;
}

/// Whether an expression is made of bare numbers only: then it counts in whatever unit is needed where a value is given.
pub(super) fn is_bare(world: &World, at: At) -> bool {
    let ast = world.ast(at.file);
    let mut nodes = Vec::new();
    post_order(ast, at.expr, &mut nodes);
    nodes.into_iter().all(|e| match &ast.expr(e).kind {
        ExprKind::Number(_)
        | ExprKind::Unary(..)
        | ExprKind::Binary(..)
        | ExprKind::If(..)
        | ExprKind::Tuple(_)
        | ExprKind::Error => true,
        ExprKind::Quantity(..) | ExprKind::Text(_) => false,
        ExprKind::Name(name) => is_number(world.meaning(at.file, *name)),
        ExprKind::Call(f, _) => !matches!(world.meaning(at.file, f.name), Meaning::Entity(_)),
    })
}

fn is_number(meaning: Meaning) -> bool {
    match meaning {
        Meaning::Pi | Meaning::Euler => true,
        Meaning::Time | Meaning::Entity(_) | Meaning::Unknown => false,
    }
}

struct Checker<'w, 'a, 'd> {
    inference: Inference<'w, 'a, 'd>,
    machine: Machine<Sort>,
    world: &'w World<'a>,
}

impl<'w> Checker<'w, '_, '_> {
    fn sort(&mut self, at: At) -> Sort {
        self.sorts(at).parts()[0].clone()
    }

    /// Of a vector one per component.
    fn sorts(&mut self, at: At) -> Value<Sort> {
        // What expands too far is reported when terms are built.
        let mut unreported = Diagnostics::new();
        let sort = self
            .machine
            .evaluate(&mut self.inference, self.world, at, &mut unreported);
        self.inference.reset();
        sort
    }

    fn of(&self, id: EntityId) -> Measure {
        self.inference.units.of[id.0 as usize]
    }

    /// Gives everything its declared unit, or an unknown one.
    fn declare(&mut self) {
        let world = self.world;
        for id in world.entity_ids() {
            let entity = world.entity(id);
            let declared = world.declaration(id).and_then(|d| d.unit.as_deref());
            let measure = match (entity.kind, declared) {
                (EntityKind::Value(_), Some(unit)) => {
                    let ast = world.ast(entity.file);
                    self.inference
                        .units
                        .measure(ast, unit, self.inference.problems)
                }
                (EntityKind::Function | EntityKind::Domain, _) => Measure::ONE,
                (EntityKind::Value(DeclKind::Let), None) => Measure::ANY,
                (EntityKind::Velocity | EntityKind::Component, _) => continue,
                (EntityKind::Coordinate, _) => self.coordinate(id),
                (EntityKind::Value(_), None) => match world.file(entity.file).origin {
                    Origin::Std => Measure::ONE,
                    Origin::Root | Origin::Used => self.inference.units.measures.unknown(id),
                },
            };
            self.inference.units.of[id.0 as usize] = measure;
        }
        for (&component, &(vector, _)) in &world.space.owners {
            self.inference.units.of[component.0 as usize] = self.of(vector);
        }
        let time = self.inference.units.time;
        for (&state, &velocity) in &world.velocities {
            let rate = self.inference.units.measures.quotient(self.of(state), time);
            self.inference.units.of[velocity.0 as usize] = rate;
        }
    }

    /// The unit of a coordinate: that of the first axis of its name that has one.
    fn coordinate(&mut self, id: EntityId) -> Measure {
        let world = self.world;
        for domain in &world.space.domains {
            let ItemKind::Domain(declared) = world.item(domain.entity) else {
                continue;
            };
            let axes = declared.axes.iter().zip(&domain.coordinates);
            for (axis, _) in axes.filter(|(_, coordinate)| **coordinate == id) {
                if let Some(unit) = &axis.unit {
                    let ast = world.ast(world.entity(domain.entity).file);
                    let units = &mut self.inference.units;
                    return units.measure(ast, unit, self.inference.problems);
                }
            }
        }
        self.inference.units.measures.unknown(id)
    }

    /// Constants, parameters and named expressions, each after what it needs.
    fn definitions(&mut self, order: &[EntityId]) {
        for &id in order {
            let Some(expr) = self.world.declaration(id).and_then(|d| d.value) else {
                continue;
            };
            let file = self.world.entity(id).file;
            let at = At { file, expr };
            match self.world.entity(id).kind {
                EntityKind::Value(DeclKind::Const) => {
                    self.note_constant(id, at);
                    self.value_of(id, at, "the value");
                }
                EntityKind::Value(DeclKind::Param) => self.value_of(id, at, "the value"),
                EntityKind::Value(DeclKind::Let) => self.named_expression(id, at),
                EntityKind::Value(
                    DeclKind::Species | DeclKind::FixedSpecies | DeclKind::Var | DeclKind::Field,
                )
                | EntityKind::Domain
                | EntityKind::Coordinate
                | EntityKind::Component
                | EntityKind::Function
                | EntityKind::Velocity => {}
            }
        }
    }

    /// Remembers the number that a constant without a unit is: as an exponent it is that number.
    fn note_constant(&mut self, id: EntityId, at: At) {
        let has_unit = self.world.declaration(id).is_some_and(|d| d.unit.is_some());
        if let Known::Number(n) = self.sort(at).known
            && !has_unit
        {
            self.inference.constants[id.0 as usize] = Some(n);
        }
    }

    /// The value given to something declared, unless it is a bare number.
    fn value_of(&mut self, id: EntityId, at: At, what: &str) {
        if is_bare(self.world, at) {
            return;
        }
        let what = format!("{what} of `{}`", self.world.name(id));
        let needed = (self.of(id), Source::Entity(id, None));
        let ExprKind::Tuple(parts) = &self.world.ast(at.file).expr(at.expr).kind else {
            return self.expect(&what, at, needed);
        };
        for &expr in parts {
            let part = At { expr, ..at };
            if !is_bare(self.world, part) {
                self.expect(&what, part, needed);
            }
        }
    }

    /// Every component must be in the unit needed; reports the first that is not.
    fn expect(&mut self, what: &str, at: At, needed: (Measure, Source)) {
        let sorts = self.sorts(at);
        let measures = &mut self.inference.units.measures;
        let wrong = sorts
            .parts()
            .iter()
            .find(|s| !measures.unify(s.measure, needed.0));
        let found = wrong.unwrap_or(&sorts.parts()[0]).measure;
        self.inference
            .expect(what, (found, Source::Expression(at)), needed);
    }

    /// Both sides of an equation must be in one unit.
    fn equal(&mut self, what: &str, left: At, right: At) {
        let sorts = self.sorts(left);
        let unit = sorts
            .parts()
            .iter()
            .map(|s| s.measure)
            .find(|&m| m != Measure::ANY);
        let needed = (unit.unwrap_or(Measure::ANY), Source::Expression(left));
        self.expect(what, right, needed);
    }

    fn relations(&mut self, file: FileId, what: &str, relations: &[Relation]) {
        for relation in relations {
            if let Some(right) = relation
                .right
                .filter(|&expr| !is_bare(self.world, At { file, expr }))
            {
                let left = At {
                    file,
                    expr: relation.left,
                };
                self.equal(what, left, At { file, expr: right });
            }
        }
    }

    /// The ends of an axis, and its map, are in the unit of the coordinate.
    fn domain(&mut self, file: FileId, domain: &Domain) {
        for axis in &domain.axes {
            let Some(id) = self.world.entity_named(file, axis.name.name) else {
                continue;
            };
            for expr in [Some(axis.from), Some(axis.to), axis.map]
                .into_iter()
                .flatten()
            {
                self.value_of(id, At { file, expr }, "the extent");
            }
        }
    }

    /// `D` in `div(D*grad(u))`, which is the rate of `u`.
    fn diffusion(&mut self, file: FileId, expr: Expr, id: EntityId) {
        let Some(domain) = self.world.space.domain_of(id) else {
            return;
        };
        let coordinate = self.world.space.domains[domain].coordinates[0];
        let length = self.of(coordinate);
        let time = self.inference.units.time;
        let measures = &mut self.inference.units.measures;
        let area = measures.product(length, length);
        let needed = measures.quotient(area, time);
        let source = Source::Entity(coordinate, None);
        self.expect("the diffusion", At { file, expr }, (needed, source));
    }

    fn named_expression(&mut self, id: EntityId, at: At) {
        let declares = self.world.declaration(id).is_some_and(|d| d.unit.is_some());
        if declares {
            self.value_of(id, at, "the value");
        } else {
            let sorts = self.sorts(at);
            self.inference.units.of[id.0 as usize] = sorts.parts()[0].measure;
            let parts = self.world.space.parts(id);
            for (part, sort) in parts.iter().zip(sorts.parts()) {
                self.inference.units.of[part.0 as usize] = sort.measure;
            }
        }
    }

    fn file(&mut self, file: FileId) {
        for item in &self.world.ast(file).items {
            match &item.kind {
                ItemKind::Reaction(r) => self.reaction(file, r),
                ItemKind::Equation(equation) => self.equation(file, equation),
                ItemKind::Balance { left, right } => {
                    let (left, right) = (*left, *right);
                    let right = At { file, expr: right };
                    self.equal("the right side", At { file, expr: left }, right);
                }
                ItemKind::Domain(domain) => self.domain(file, domain),
                ItemKind::Constraint(relations) => {
                    self.relations(file, "the right side of the constraint", relations);
                }
                ItemKind::Boundary(boundary) => {
                    self.relations(file, "the place of the face", &boundary.faces);
                    let what = "the right side of the condition";
                    self.machine.face = first_face(self.world, file, boundary);
                    self.relations(file, what, &boundary.conditions);
                    self.machine.face = None;
                }
                ItemKind::Declare(Declaration {
                    name,
                    diffusion: Some(diffusion),
                    ..
                }) => {
                    if let Some(id) = self.world.entity_named(file, name.name) {
                        self.diffusion(file, *diffusion, id);
                    }
                }
                ItemKind::Simulate(simulate) => self.simulate(file, simulate),
                ItemKind::Discover(discover) => self.library(file, discover),
                ItemKind::Plot(plot) => {
                    for &expr in plot.curves.iter().chain(&plot.against) {
                        self.sort(At { file, expr });
                    }
                }
                ItemKind::Model { .. }
                | ItemKind::Use(_)
                | ItemKind::Declare(_)
                | ItemKind::Unit { .. }
                | ItemKind::Function(_)
                | ItemKind::Init { .. }
                | ItemKind::Scheme(_)
                | ItemKind::Rule(_)
                | ItemKind::Unsupported { .. } => {}
            }
        }
    }

    /// All species of a reaction count alike, and its rate is that amount in time.
    fn reaction(&mut self, file: FileId, r: &Reaction) {
        let mut amount: Option<(Measure, Source)> = None;
        for p in r.reactants.iter().chain(&r.products) {
            let Some(id) = self.world.entity_named(file, p.species.name) else {
                // The unit of the rate is unknown; that of its parts is not.
                for &expr in &r.rates {
                    self.sort(At { file, expr });
                }
                return;
            };
            let here = (self.of(id), Source::Entity(id, Some(p.species.span)));
            match amount {
                None => amount = Some(here),
                Some(first) => {
                    let what = format!("`{}` reacting here", self.world.name(id));
                    self.inference.expect(&what, here, first);
                }
            }
        }
        let Some((amount, source)) = amount else {
            return;
        };
        let time = self.inference.units.time;
        let flow = self.inference.units.measures.quotient(amount, time);
        match r.arrow {
            Arrow::Law | Arrow::ReversibleLaw => {
                for &expr in &r.rates {
                    self.expect("the rate law", At { file, expr }, (flow, source));
                }
            }
            Arrow::MassAction | Arrow::ReversibleMassAction => {
                for (side, &expr) in [&r.reactants, &r.products].into_iter().zip(&r.rates) {
                    let needed = self.rate_constant(file, side, flow);
                    self.expect("the rate constant", At { file, expr }, (needed, source));
                }
            }
        }
    }

    /// The unit of the constant that multiplies the reactants.
    fn rate_constant(&mut self, file: FileId, side: &[Participant], flow: Measure) -> Measure {
        let mut needed = flow;
        for p in side {
            let Some(id) = self.world.entity_named(file, p.species.name) else {
                continue;
            };
            let of = self.of(id);
            let measures = &mut self.inference.units.measures;
            let power = measures.power(of, &p.stoichiometry);
            needed = measures.quotient(needed, power.unwrap_or(Measure::ANY));
        }
        needed
    }

    fn equation(&mut self, file: FileId, equation: &Equation) {
        let at = At {
            file,
            expr: equation.value,
        };
        let Some(id) = self.world.entity_named(file, equation.target.name) else {
            self.sort(at);
            return;
        };
        let time = self.inference.units.time;
        let mut rate = self.of(id);
        for _ in 0..equation.order {
            rate = self.inference.units.measures.quotient(rate, time);
        }
        let what = format!("the rate of `{}`", self.world.name(id));
        let source = Source::Entity(id, Some(equation.target.span));
        self.expect(&what, at, (rate, source));
    }

    /// The times in the settings of an experiment.
    fn simulate(&mut self, file: FileId, simulate: &Simulate) {
        let ast = self.world.ast(file);
        for setting in &simulate.settings {
            let key = ast.name(setting.key.name);
            if !matches!(key, "until" | "save") {
                continue;
            }
            for expr in times(ast, key, &setting.value) {
                self.time(At { file, expr }, setting.key.span);
            }
        }
    }

    /// Notes the terms of a library whose own parts do not fit together: they are no mistake, but no candidates either.
    fn library(&mut self, file: FileId, discover: &Simulate) {
        let ast = self.world.ast(file);
        for expr in library_terms(ast, discover) {
            let n_problems = self.inference.problems.len();
            let at = At { file, expr };
            self.sort(at);
            if self.inference.problems.len() > n_problems {
                self.inference.problems.truncate(n_problems);
                self.inference.units.rejected.push(at);
            }
        }
    }

    fn time(&mut self, at: At, key: Span) {
        if !is_bare(self.world, at) {
            let time = self.inference.units.time;
            self.expect("this time", at, (time, Source::Written(key)));
        }
    }

    /// Takes the units that nothing determines for pure numbers, and says so once.
    fn report_undetermined(&mut self, matters: &dyn Fn(EntityId) -> bool) {
        let mut names: Vec<String> = Vec::new();
        let mut labels: Vec<LabeledSpan> = Vec::new();
        for id in self.world.entity_ids() {
            let of = self.of(id);
            let undetermined = self.inference.units.measures.unknowns(of);
            for &unknown in &undetermined {
                let unit = self.of(unknown);
                self.inference.units.measures.unify(unit, Measure::ONE);
                if matters(unknown) {
                    names.push(format!("`{}`", self.world.name(unknown)));
                    let span = self.world.span(unknown);
                    let text = Some("in which unit?".to_owned());
                    labels.push(LabeledSpan::new_with_span(text, span));
                }
            }
            let of = self.inference.units.measures.resolve(of);
            self.inference.units.of[id.0 as usize] = of;
        }
        if labels.is_empty() {
            return;
        }
        /// So many are named.
        const MAX_NAMED: usize = 5;
        if names.len() > MAX_NAMED {
            names.truncate(MAX_NAMED);
            labels.truncate(MAX_NAMED);
            names.push("…".into());
        }
        self.inference.problems.push(ModelError::UndeterminedUnit {
            names: names.join(", "),
            labels,
        });
    }
}
