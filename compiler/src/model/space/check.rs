//! Checking that every expression is about one domain, and about the right one.

use super::domains::DomainEntry;
use super::place::{PointData, outside, place_of, walk};
use super::{SpaceError, balance};
use crate::diagnostic::Diagnostics;
use crate::model::nodes::At;
use crate::model::scope::{EntityId, EntityKind, FileId, Origin, World};
use crate::source::Span;
use crate::syntax::ast::{Boundary, DeclKind, Expr, ItemKind, NameId, Reaction, Relation};

/// What an expression may be about.
#[derive(Debug, Clone, Copy)]
enum Wanted<'a> {
    /// This is one number.
    Number(&'a str),
    /// This is about that domain.
    Domain(usize),
    /// Any one domain will do.
    Any,
}

/// Checks every expression of the users' files but those of experiments.
pub(in crate::model) fn check(world: &World, diagnostics: &mut Diagnostics) {
    if world.space.domains.is_empty() {
        return;
    }
    let mut checker = Checker { world, diagnostics };
    for file in world.file_ids() {
        if world.file(file).origin == Origin::Std {
            continue;
        }
        for item in &world.ast(file).items {
            checker.item(file, &item.kind);
        }
    }
}

struct Checker<'w, 'a, 'd> {
    world: &'w World<'a>,
    diagnostics: &'d mut Diagnostics,
}

impl Checker<'_, '_, '_> {
    fn item(&mut self, file: FileId, item: &ItemKind) {
        match item {
            ItemKind::Declare(d) => {
                let id = self.world.entity_named(file, d.name.name);
                let domain = id.and_then(|id| self.world.space.domain_of(id));
                let Some(value) = d.value else { return };
                let name = self.world.ast(file).name(d.name.name);
                let what = format!("`{name}`");
                match d.kind {
                    DeclKind::Const | DeclKind::Param => {
                        self.expression(file, value, Wanted::Number(&what));
                    }
                    DeclKind::Let => self.expression(file, value, Wanted::Any),
                    DeclKind::Species
                    | DeclKind::FixedSpecies
                    | DeclKind::Var
                    | DeclKind::Field => {
                        self.initial(file, value, wanted(domain, &what));
                    }
                }
                if let Some(diffusion) = d.diffusion {
                    self.expression(file, diffusion, wanted(domain, &what));
                }
            }
            ItemKind::Function(f) => {
                let body = At { file, expr: f.body };
                walk(
                    self.world,
                    body,
                    Some(f),
                    PointData::Misplaced,
                    self.diagnostics,
                );
            }
            ItemKind::Reaction(r) => self.reaction(file, r),
            ItemKind::Equation(equation) => {
                self.about(file, equation.target.name, &[equation.value]);
            }
            ItemKind::Init { target, value, .. } => {
                let id = self.world.entity_named(file, target.name);
                let domain = id.and_then(|id| self.world.space.domain_of(id));
                let what = format!("`{}`", self.world.ast(file).name(target.name));
                self.initial(file, *value, wanted(domain, &what));
            }
            ItemKind::Balance { left, right } => {
                let rates = balance::rates_in(self.world.ast(file), &[*left, *right]);
                if let [(name, _)] = rates[..] {
                    self.about(file, name, &[*left, *right]);
                }
            }
            ItemKind::Constraint(relations) => self.relations(file, relations),
            ItemKind::Boundary(Boundary { faces, conditions }) => {
                let right_sides = faces.iter().filter_map(|face| face.right);
                for side in right_sides {
                    self.expression(file, side, Wanted::Number("the place of a face"));
                }
                self.relations(file, conditions);
            }
            ItemKind::Domain(domain) => {
                let id = self.world.entity_named(file, domain.name.name);
                let entry = |d: &DomainEntry| Some(d.entity) == id;
                let position = self.world.space.domains.iter().position(entry);
                for axis in &domain.axes {
                    let ends = Wanted::Number("the end of an axis");
                    self.expression(file, axis.from, ends);
                    self.expression(file, axis.to, ends);
                    if let (Some(map), Some(domain)) = (axis.map, position) {
                        self.expression(file, map, Wanted::Domain(domain));
                    }
                }
            }
            ItemKind::Model { .. }
            | ItemKind::Use(_)
            | ItemKind::Unit { .. }
            | ItemKind::Scheme(_)
            | ItemKind::Simulate(_)
            | ItemKind::Discover(_)
            | ItemKind::Plot(_)
            | ItemKind::Rule(_)
            | ItemKind::Unsupported { .. } => {}
        }
    }

    fn expression(&mut self, file: FileId, expr: Expr, wanted: Wanted) {
        self.check(file, expr, wanted, PointData::Misplaced);
    }

    fn initial(&mut self, file: FileId, expr: Expr, wanted: Wanted) {
        let point_data = match wanted {
            Wanted::Number(_) => PointData::Misplaced,
            Wanted::Domain(_) | Wanted::Any => PointData::Fits,
        };
        self.check(file, expr, wanted, point_data);
    }

    fn check(&mut self, file: FileId, expr: Expr, wanted: Wanted, point_data: PointData) {
        let at = At { file, expr };
        let found = walk(self.world, at, None, point_data, self.diagnostics);
        let Some(witness) = found.witness.filter(|_| found.place.varies()) else {
            return;
        };
        let name = self.world.ast(file).name(witness.0).to_owned();
        match wanted {
            Wanted::Any => {}
            Wanted::Number(what) => self.diagnostics.push(SpaceError::VariesInSpace {
                name,
                what: what.into(),
                at: witness.1.into(),
            }),
            Wanted::Domain(domain) if found.place.fits(domain) => {}
            Wanted::Domain(domain) => {
                let error = outside(self.world, file, witness, domain);
                self.diagnostics
                    .push(error.unwrap_or_else(|| SpaceError::OutsideDomain {
                        name,
                        domain: self.world.space.name(self.world, domain),
                        help: "an expression is about one domain; its mean is a number and may stand in it".into(),
                        at: witness.1.into(),
                    }));
            }
        }
    }

    /// Expressions about the domain of a state, or about a state that is one number.
    fn about(&mut self, file: FileId, state: NameId, exprs: &[Expr]) {
        let Some(id) = self.world.entity_named(file, state) else {
            return;
        };
        let what = format!("`{}`", self.world.ast(file).name(state));
        for &expr in exprs {
            self.expression(file, expr, wanted(self.world.space.domain_of(id), &what));
        }
    }

    /// Relations about one domain together: that of the first field in them.
    fn relations(&mut self, file: FileId, relations: &[Relation]) {
        let mut domain = None;
        for relation in relations {
            for expr in std::iter::once(relation.left).chain(relation.right) {
                let at = At { file, expr };
                let expected = domain.map_or(Wanted::Any, Wanted::Domain);
                self.expression(file, expr, expected);
                domain = domain.or_else(|| place_of(self.world, at, None).only_domain());
            }
        }
    }

    fn reaction(&mut self, file: FileId, r: &Reaction) {
        let space = &self.world.space;
        let participants = r.reactants.iter().chain(&r.products);
        let known: Vec<(EntityId, Span)> = participants
            .filter_map(|p| {
                let id = self.world.entity_named(file, p.species.name)?;
                Some((id, p.species.span))
            })
            .collect();
        let domain = known.iter().find_map(|&(id, _)| space.domain_of(id));
        if let Some(domain) = domain {
            for &(id, span) in &known {
                let held = EntityKind::Value(DeclKind::FixedSpecies);
                let is_uniform = !space.place(id).varies();
                let is_held = is_uniform && self.world.entity(id).kind == held;
                if !is_held && space.domain_of(id) != Some(domain) {
                    self.diagnostics.push(SpaceError::ReactionAcrossDomains {
                        name: self.world.name(id).into_owned(),
                        domain: space.name(self.world, domain),
                        at: span.into(),
                    });
                }
            }
        }
        for &rate in &r.rates {
            self.expression(file, rate, wanted(domain, "the rate"));
        }
    }
}

fn wanted(domain: Option<usize>, what: &str) -> Wanted<'_> {
    domain.map_or(Wanted::Number(what), Wanted::Domain)
}
