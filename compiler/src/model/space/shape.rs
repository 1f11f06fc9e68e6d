//! Which names are vectors, and their components.

use super::SpaceCall;
use super::calculus::Value;
use super::place::{domain_at, place_of};
use crate::diagnostic::Diagnostics;
use crate::model::definitions::shape_order;
use crate::model::entities::{DomainId, PointDataKind};
use crate::model::nodes::{At, Part};
use crate::model::scope::{Entity, EntityId, EntityKind, FileId, Meaning, World};
use crate::model::walk::{Algebra, Machine};
use crate::syntax::ast::{NameId, UnitExpr};
use crate::terms::{Number, Op};

/// Finds where functions and `let`s vary, and which fields and `let`s are vectors; makes their components entities.
pub(in crate::model) fn find(world: &mut World) {
    if world.space.domains.is_empty() {
        return;
    }
    declare_mentioned(world);
    let mut machine = Machine::new();
    for id in shape_order(world) {
        let file = world.entity(id).file;
        if let Some(f) = world.function(id) {
            let at = At { file, expr: f.body };
            world.space.places[id.0 as usize] = place_of(world, at, Some(f));
            continue;
        }
        let Some(expr) = world.declaration(id).and_then(|d| d.value) else {
            continue;
        };
        let at = At { file, expr };
        if !world.space.place(id).varies() {
            world.space.places[id.0 as usize] = place_of(world, at, None);
        }
        let mut unreported = Diagnostics::new();
        let value = machine.evaluate(&mut Shapes, world, at, &mut unreported);
        let place = world.space.place(id);
        let domain = place.first_domain().or_else(|| domain_at(world, at, None));
        match value {
            Value::Vector(parts) => add_components(world, id, domain, parts.len()),
            Value::Scalar(()) | Value::Unknown(()) | Value::Tensor(_) => {}
        }
        let place = world.space.place(id);
        let of_id: Vec<EntityId> = components_of(world, id).map(|c| c.0).collect();
        for component in of_id {
            world.space.places[component.0 as usize] = place;
        }
    }
    forget_unfounded(world);
}

fn components_of(world: &World, vector: EntityId) -> impl Iterator<Item = (EntityId, EntityId)> {
    let owned = world.space.owners.iter();
    let mut found: Vec<(EntityId, EntityId)> = owned
        .filter(|(_, owner)| owner.0 == vector)
        .map(|(&component, &(_, coordinate))| (component, coordinate))
        .collect();
    found.sort_unstable();
    found.into_iter()
}

/// Takes every `a.x`, where `a` is declared and `x` is a coordinate, for a component of `a`.
fn declare_mentioned(world: &mut World) {
    let mut mentioned: Vec<(FileId, NameId, EntityId, EntityId)> = Vec::new();
    for file in world.file_ids() {
        let ast = world.ast(file);
        let names = || (0..ast.n_names() as u32).map(NameId);
        for name in names() {
            let Some((base, coordinate)) = ast.name(name).rsplit_once('.') else {
                continue;
            };
            let find = |text: &str| {
                let name = names().find(|&n| ast.name(n) == text)?;
                world.entity_named(file, name)
            };
            if world.meaning(file, name) == Meaning::Unknown
                && let Some(owner) = find(base)
                && let EntityKind::Value(_) = world.entity(owner).kind
                && let Some(coordinate) = find(coordinate)
                && world.entity(coordinate).kind == EntityKind::Coordinate
            {
                mentioned.push((file, name, owner, coordinate));
            }
        }
    }
    for (file, name, owner, coordinate) in mentioned {
        let id = component(world, owner, coordinate);
        world.files[file.0 as usize].meanings[name.0 as usize] = Meaning::Entity(id);
    }
}

/// The component of a vector along a coordinate, made when new.
fn component(world: &mut World, vector: EntityId, coordinate: EntityId) -> EntityId {
    if let Some((known, _)) = components_of(world, vector).find(|c| c.1 == coordinate) {
        return known;
    }
    let id = EntityId(world.entities.len() as u32);
    let of = *world.entity(vector);
    world.entities.push(Entity {
        kind: EntityKind::Component,
        ..of
    });
    world.space.repeat_place(vector);
    world.space.owners.insert(id, (vector, coordinate));
    id
}

fn add_components(world: &mut World, vector: EntityId, domain: Option<usize>, n: usize) {
    let fits = |d: &usize| world.space.domains[*d].coordinates.len() == n;
    let any = || (0..world.space.domains.len()).find(fits);
    let Some(domain) = domain.filter(fits).or_else(any) else {
        return;
    };
    let coordinates = world.space.domains[domain].coordinates.clone();
    let components: Vec<EntityId> = coordinates
        .into_iter()
        .map(|coordinate| component(world, vector, coordinate))
        .collect();
    world.space.components.insert(vector, components.into());
}

/// What was taken for a component of something that is no vector means nothing.
fn forget_unfounded(world: &mut World) {
    let World { files, space, .. } = world;
    let is_founded = |id: EntityId| match space.owners.get(&id) {
        Some((vector, _)) => {
            let components = space.components.get(vector);
            components.is_some_and(|components| components.contains(&id))
        }
        None => true,
    };
    for file in files {
        for meaning in &mut file.meanings {
            if let Meaning::Entity(id) = *meaning
                && !is_founded(id)
            {
                *meaning = Meaning::Unknown;
            }
        }
    }
}

/// The algebra that knows nothing of values but their number.
struct Shapes;

impl Algebra for Shapes {
    type Value = ();

    fn number(&mut self, _: &Number) {}
    fn quantity(&mut self, _: At, _: &Number, _: &UnitExpr) {}
    fn entity(&mut self, _: At, _: EntityId) {}
    fn rate(&mut self, _: At, _: EntityId) {}
    fn time(&mut self) {}
    fn constant(&mut self, _: &'static str) {}
    fn unknown(&mut self) {}
    fn sum(&mut self, _: At, _: &[Part<()>]) {}
    fn product(&mut self, _: At, _: &[Part<()>]) {}
    fn power(&mut self, _: At, (): (), (): ()) {}
    fn call(&mut self, _: At, _: Op, _: &[()]) {}
    fn integral(&mut self, _: At, (): (), _: &[()]) {}
    fn point_data(&mut self, _: PointDataKind, _: DomainId) {}
    fn passed(&mut self, _: At, _: EntityId, _: usize, (): ()) {}
    fn enter(&mut self, _: At) {}
    fn returned(&mut self, _: At, _: EntityId, (): ()) {}
    fn leave(&mut self) {}
}

impl SpaceCall {
    /// Whether the call names the domain by what it is given, so that none is needed to know its value.
    pub(super) fn needs_domain(&self) -> bool {
        match self {
            SpaceCall::Partial(_) | SpaceCall::Dot => false,
            SpaceCall::Gradient
            | SpaceCall::Divergence
            | SpaceCall::Curl
            | SpaceCall::Laplacian
            | SpaceCall::Normal
            | SpaceCall::Reduction(_)
            | SpaceCall::Noise
            | SpaceCall::Uniform
            | SpaceCall::Data => true,
        }
    }
}
