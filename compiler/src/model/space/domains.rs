//! Which domains there are, which names belong to them, and what calls about space mean.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::SpaceError;
use super::place::Place;
use crate::diagnostic::Diagnostics;
use crate::model::error::ModelError;
use crate::model::nearest::{did_you_mean, nearest};
use crate::model::scope::{EntityId, EntityKind, World};
use crate::syntax::ast::{DeclKind, Ident, ItemKind, NameId};
use crate::terms::Op;

/// The most axes of a domain.
const MAX_AXES: usize = 3;

/// A domain as names see it.
pub struct DomainEntry {
    pub entity: EntityId,
    /// By axis.
    pub coordinates: Vec<EntityId>,
}

/// Where fields live; empty in models without a domain.
#[derive(Default)]
pub struct Space {
    pub domains: Vec<DomainEntry>,
    /// By entity: where it varies.
    pub places: Vec<Place>,
    /// By vector: its components.
    pub components: FxHashMap<EntityId, Box<[EntityId]>>,
    /// By component: its vector and its coordinate.
    pub owners: FxHashMap<EntityId, (EntityId, EntityId)>,
    /// All coordinates and their names, longest names first.
    coordinates: Vec<(String, EntityId)>,
}

impl Space {
    /// Where an entity varies.
    pub fn place(&self, id: EntityId) -> Place {
        let known = self.places.get(id.0 as usize);
        known.copied().unwrap_or(Place::EVERYWHERE)
    }

    /// The domain on which a field lives.
    pub fn domain_of(&self, id: EntityId) -> Option<usize> {
        self.place(id).only_domain()
    }

    /// A new entity varies where another one does.
    pub fn repeat_place(&mut self, of: EntityId) {
        if !self.domains.is_empty() {
            let place = self.place(of);
            self.places.push(place);
        }
    }

    /// The vector of which an entity is a component, else itself.
    pub fn owner(&self, id: EntityId) -> EntityId {
        self.owners.get(&id).map_or(id, |&(vector, _)| vector)
    }

    /// An entity itself, or its components.
    pub fn parts(&self, id: EntityId) -> SmallVec<[EntityId; 3]> {
        match self.components.get(&id) {
            Some(components) => components.iter().copied().collect(),
            None => SmallVec::from_slice(&[id]),
        }
    }

    /// `v.x`
    pub fn component_name(&self, world: &World, id: EntityId) -> String {
        match self.owners.get(&id) {
            Some(&(vector, coordinate)) => {
                format!("{}.{}", world.name(vector), world.name(coordinate))
            }
            None => String::new(),
        }
    }

    /// The name of a domain.
    pub fn name(&self, world: &World, domain: usize) -> String {
        world.name(self.domains[domain].entity).into_owned()
    }
}

/// A call that only means something where there is a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpaceCall {
    /// `dxy(u)`: by these coordinates.
    Partial(SmallVec<[EntityId; 4]>),
    Gradient,
    Divergence,
    Curl,
    Laplacian,
    /// `dn(u)`: the derivative along the normal that points out of the domain, in a condition on a face.
    Normal,
    Dot,
    /// `mean(u)` and its like.
    Reduction(Op),
    /// `noise(seed)`
    Noise,
    /// `uniform(seed)`
    Uniform,
    /// `data("file.npz", "name")`
    Data,
}

impl SpaceCall {
    /// How many arguments it takes.
    pub fn arity(&self) -> usize {
        match self {
            SpaceCall::Dot | SpaceCall::Data => 2,
            SpaceCall::Partial(_)
            | SpaceCall::Gradient
            | SpaceCall::Divergence
            | SpaceCall::Curl
            | SpaceCall::Laplacian
            | SpaceCall::Normal
            | SpaceCall::Reduction(_)
            | SpaceCall::Noise
            | SpaceCall::Uniform => 1,
        }
    }

    /// Whether it gives one value per grid node.
    pub fn is_point_data(&self) -> bool {
        matches!(
            self,
            SpaceCall::Noise | SpaceCall::Uniform | SpaceCall::Data
        )
    }
}

/// Names of calls about space, for suggestions.
pub(in crate::model) const SPACE_CALLS: [&str; 13] = [
    "grad", "div", "curl", "lap", "dot", "dn", "mean", "integral", "minimum", "maximum", "noise",
    "uniform", "data",
];

/// What a call of this name means, if there is a domain and no declaration of the name.
pub(in crate::model) fn space_call(world: &World, text: &str) -> Option<SpaceCall> {
    if world.space.domains.is_empty() {
        return None;
    }
    let reduction = Op::REDUCTIONS.iter().find(|op| op.name() == text);
    if let Some(&op) = reduction {
        return Some(SpaceCall::Reduction(op));
    }
    Some(match text {
        "grad" => SpaceCall::Gradient,
        "div" => SpaceCall::Divergence,
        "curl" => SpaceCall::Curl,
        "lap" => SpaceCall::Laplacian,
        "dot" => SpaceCall::Dot,
        "noise" => SpaceCall::Noise,
        "uniform" => SpaceCall::Uniform,
        "data" => SpaceCall::Data,
        _ => match coordinates_in(text.strip_prefix('d')?, &world.space) {
            Some(coordinates) => SpaceCall::Partial(coordinates),
            None if text == "dn" => SpaceCall::Normal,
            None => return None,
        },
    })
}

/// Takes a text apart into names of coordinates: the longest that fits first, going back where the rest does not fit.
fn coordinates_in(text: &str, space: &Space) -> Option<SmallVec<[EntityId; 4]>> {
    let mut found: SmallVec<[EntityId; 4]> = SmallVec::new();
    // Where each name begins, and which names have been tried there.
    let mut tried = vec![(0, 0)];
    while let Some((start, next)) = tried.last_mut() {
        if *start == text.len() {
            return (!found.is_empty()).then_some(found);
        }
        let rest = &text[*start..];
        let fits = |(name, _): &(String, EntityId)| rest.starts_with(name.as_str());
        match space.coordinates[*next..].iter().position(fits) {
            Some(skipped) => {
                let (name, id) = &space.coordinates[*next + skipped];
                let after = *start + name.len();
                *next += skipped + 1;
                found.push(*id);
                tried.push((after, 0));
            }
            None => {
                tried.pop();
                found.pop();
            }
        }
    }
    None
}

/// Finds the domains, and on which of them each field lives.
pub(in crate::model) fn find(world: &mut World, diagnostics: &mut Diagnostics) {
    let mut space = Space::default();
    for id in world.entity_ids() {
        if world.entity(id).kind == EntityKind::Domain {
            space.domains.extend(entry(world, id, diagnostics));
        }
    }
    if space.domains.len() > Place::MAX_DOMAINS {
        let first = world.span(space.domains[Place::MAX_DOMAINS].entity);
        diagnostics.push(ModelError::NotSupported {
            feature: format!("a model of more than {} domains", Place::MAX_DOMAINS),
            at: first.into(),
        });
        space.domains.truncate(Place::MAX_DOMAINS);
    }
    if !space.domains.is_empty() {
        space.places = vec![Place::EVERYWHERE; world.entities.len()];
        for (domain, entry) in space.domains.iter().enumerate() {
            for &coordinate in &entry.coordinates {
                space.places[coordinate.0 as usize].add_domain(domain);
                let known = (world.name(coordinate).into_owned(), coordinate);
                if !space.coordinates.contains(&known) {
                    space.coordinates.push(known);
                }
            }
        }
        space
            .coordinates
            .sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    }
    for id in world.entity_ids() {
        if let Some(domain) = domain_of(world, id, &space, diagnostics) {
            space.places[id.0 as usize] = Place::of_domain(domain);
        }
    }
    world.space = space;
}

/// A domain with its coordinates; reports what is wrong with it.
fn entry(world: &World, id: EntityId, diagnostics: &mut Diagnostics) -> Option<DomainEntry> {
    let file = world.entity(id).file;
    let ItemKind::Domain(domain) = world.item(id) else {
        return None;
    };
    if domain.axes.len() > MAX_AXES {
        diagnostics.push(ModelError::NotSupported {
            feature: format!("a domain of more than {MAX_AXES} axes"),
            at: domain.axes[MAX_AXES].name.span.into(),
        });
        return None;
    }
    let mut coordinates = Vec::new();
    for (i, axis) in domain.axes.iter().enumerate() {
        let same = |before: &&crate::syntax::ast::Axis| before.name.name == axis.name.name;
        if let Some(first) = domain.axes[..i].iter().find(same) {
            diagnostics.push(ModelError::DuplicateName {
                name: world.ast(file).name(axis.name.name).into(),
                first: first.name.span.into(),
                second: axis.name.span.into(),
            });
            return None;
        }
        let coordinate = world.entity_named(file, axis.name.name)?;
        // Anything else was declared twice, and that has been reported.
        if world.entity(coordinate).kind != EntityKind::Coordinate {
            return None;
        }
        coordinates.push(coordinate);
    }
    Some(DomainEntry {
        entity: id,
        coordinates,
    })
}

/// Where a field is declared to live.
fn domain_of(
    world: &World,
    id: EntityId,
    space: &Space,
    diagnostics: &mut Diagnostics,
) -> Option<usize> {
    let EntityKind::Value(kind) = world.entity(id).kind else {
        return None;
    };
    // What has no domain is taken to live on some domain, so that the rest is not reported for that.
    let any = (!space.domains.is_empty()).then_some(0);
    let Some(on) = world.declaration(id)?.domain else {
        if kind == DeclKind::Field {
            diagnostics.push(SpaceError::MissingDomain {
                name: world.name(id).into_owned(),
                at: world.span(id).into(),
            });
            return any;
        }
        return None;
    };
    let file = world.entity(id).file;
    let found = world.entity_named(file, on.name);
    let domain = space.domains.iter().position(|d| Some(d.entity) == found);
    let is_domain = found.is_some_and(|id| world.entity(id).kind == EntityKind::Domain);
    if domain.is_none() && !is_domain {
        diagnostics.push(unknown_domain(world, id, on));
    }
    domain.or(any)
}

fn unknown_domain(world: &World, field: EntityId, on: Ident) -> SpaceError {
    let file = world.file(world.entity(field).file);
    let names = (0..file.ast.n_names() as u32).map(NameId);
    let known = names.filter(|&name| {
        let id = world.entity_named(world.entity(field).file, name);
        id.is_some_and(|id| world.entity(id).kind == EntityKind::Domain)
    });
    let text = file.ast.name(on.name);
    let nearest = nearest(text, known.map(|name| file.ast.name(name)));
    SpaceError::UnknownDomain {
        name: text.into(),
        at: on.span.into(),
        help: did_you_mean(nearest)
            .or_else(|| Some(format!("write `domain {text}: x in 0..1, 64 points`"))),
    }
}
