//! Where names and expressions vary: everywhere alike, or over which domains.
//!
//! An expression is about one domain. Its place is the intersection of the places of its parts: a field lives on one domain, a
//! coordinate on all domains that have it, anything else fits everywhere.

use super::{SpaceCall, SpaceError, space_call};
use crate::diagnostic::Diagnostics;
use crate::model::names::has_param;
use crate::model::nodes::{At, children, post_order, rate_of};
use crate::model::scope::{EntityKind, FileId, Meaning, World};
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Function, NameId};

/// A set of domains. All of them: varies nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u64);

impl Place {
    /// The same everywhere.
    pub const EVERYWHERE: Place = Place(u64::MAX);
    /// So many domains can be told apart: one less than there are bits, so that no set of domains is everything.
    pub const MAX_DOMAINS: usize = 63;

    /// Varies over this domain only.
    pub fn of_domain(domain: usize) -> Place {
        Place(1 << domain)
    }

    /// Adds a domain to the place of a coordinate, which has none before the first.
    pub fn add_domain(&mut self, domain: usize) {
        if *self == Place::EVERYWHERE {
            self.0 = 0;
        }
        self.0 |= 1 << domain;
    }

    /// Whether it varies at all.
    pub fn varies(self) -> bool {
        self != Place::EVERYWHERE
    }

    /// Whether it can stand in an expression about this domain.
    pub fn fits(self, domain: usize) -> bool {
        self.0 & (1 << domain) != 0
    }

    /// The first domain it is about, if it varies.
    pub fn first_domain(self) -> Option<usize> {
        self.varies().then(|| self.0.trailing_zeros() as usize)
    }

    /// The domain it is about, if that is only one.
    pub fn only_domain(self) -> Option<usize> {
        (self.0.count_ones() == 1).then(|| self.0.trailing_zeros() as usize)
    }

    /// What is about both; `None` if there is nothing.
    fn and(self, other: Place) -> Option<Place> {
        let both = Place(self.0 & other.0);
        (both.0 != 0).then_some(both)
    }
}

/// Where a part of an expression varies, and which name shows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub place: Place,
    pub witness: Option<(NameId, Span)>,
    /// Nobody knows here where it varies: it holds an unknown name, or a parameter of the function in whose body it stands.
    is_open: bool,
}

impl Part {
    const EVERYWHERE: Part = Part {
        place: Place::EVERYWHERE,
        witness: None,
        is_open: false,
    };
}

/// Whether `noise(1)` and its like may stand in an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PointData {
    Fits,
    Misplaced,
}

/// Where an expression varies; says nothing about what is wrong with it.
pub(in crate::model) fn place_of(world: &World, at: At, function: Option<&Function>) -> Place {
    let mut unreported = Diagnostics::new();
    walk(world, at, function, PointData::Fits, &mut unreported).place
}

/// The domain that an expression is about: that of its fields, or the only one there is.
/// `function` is the one in whose body it stands.
pub(in crate::model) fn domain_at(
    world: &World,
    at: At,
    function: Option<&Function>,
) -> Option<usize> {
    match world.space.domains.len() {
        0 => None,
        1 => Some(0),
        _ => place_of(world, at, function).first_domain(),
    }
}

/// The place of an expression, parts before wholes. Reports parts of different domains, and calls that need a field without one.
pub(super) fn walk(
    world: &World,
    root: At,
    function: Option<&Function>,
    point_data: PointData,
    diagnostics: &mut Diagnostics,
) -> Part {
    let ast = world.ast(root.file);
    let mut nodes = Vec::new();
    post_order(ast, root.expr, &mut nodes);
    let mut parts: Vec<Part> = Vec::new();
    for expr in nodes {
        let at = At {
            file: root.file,
            expr,
        };
        let n = children(ast, expr).len();
        let below = parts.split_off(parts.len() - n);
        let whole = match &ast.expr(expr).kind {
            ExprKind::Name(name) => named(world, at, *name, function),
            ExprKind::Call(..) if rate_of(ast, expr).is_some() => {
                let (name, _) = rate_of(ast, expr).expect("it is a rate");
                named(world, at, name, None)
            }
            ExprKind::Call(name, _) => {
                let merged = merge(world, root.file, &below, diagnostics);
                match world.entity_named(root.file, name.name) {
                    Some(id) => {
                        let body = Part {
                            place: world.space.place(id),
                            witness: Some((name.name, name.span)),
                            is_open: false,
                        };
                        merge(world, root.file, &[merged, body], diagnostics)
                    }
                    None => match space_call(world, ast.name(name.name)) {
                        Some(call) => {
                            let is_misplaced =
                                point_data == PointData::Misplaced && call.is_point_data();
                            if is_misplaced {
                                diagnostics.push(SpaceError::MisplacedPointData {
                                    function: ast.name(name.name).into(),
                                    at: name.span.into(),
                                });
                            }
                            called(world, at, &call, merged, diagnostics)
                        }
                        None => merged,
                    },
                }
            }
            ExprKind::Number(_)
            | ExprKind::Quantity(..)
            | ExprKind::Text(_)
            | ExprKind::Unary(..)
            | ExprKind::Binary(..)
            | ExprKind::If(..)
            | ExprKind::Tuple(_)
            | ExprKind::Error => merge(world, root.file, &below, diagnostics),
        };
        parts.push(whole);
    }
    parts.pop().unwrap_or(Part::EVERYWHERE)
}

fn named(world: &World, at: At, name: NameId, function: Option<&Function>) -> Part {
    if function.is_some_and(|f| has_param(f, name)) {
        return Part {
            is_open: true,
            ..Part::EVERYWHERE
        };
    }
    match world.meaning(at.file, name) {
        Meaning::Entity(id) => Part {
            place: world.space.place(id),
            witness: Some((name, world.ast(at.file).expr(at.expr).span)),
            is_open: false,
        },
        // Reported as such; it may be the name of a field.
        Meaning::Unknown => Part {
            is_open: true,
            ..Part::EVERYWHERE
        },
        Meaning::Time | Meaning::Pi | Meaning::Euler => Part::EVERYWHERE,
    }
}

/// A call about space, of arguments merged.
fn called(
    world: &World,
    at: At,
    call: &SpaceCall,
    of: Part,
    diagnostics: &mut Diagnostics,
) -> Part {
    let ast = world.ast(at.file);
    let ExprKind::Call(name, args) = &ast.expr(at.expr).kind else {
        return of;
    };
    let needs_field = match call {
        SpaceCall::Dot => false,
        SpaceCall::Noise | SpaceCall::Uniform | SpaceCall::Data => return Part::EVERYWHERE,
        SpaceCall::Partial(_)
        | SpaceCall::Gradient
        | SpaceCall::Divergence
        | SpaceCall::Curl
        | SpaceCall::Laplacian
        | SpaceCall::Normal
        | SpaceCall::Reduction(_) => true,
    };
    if needs_field && !of.place.varies() && !of.is_open {
        let at = args.first().map_or(name.span, |&arg| ast.expr(arg).span);
        diagnostics.push(SpaceError::NotAField {
            function: ast.name(name.name).into(),
            at: at.into(),
        });
    }
    match call {
        SpaceCall::Reduction(_) => Part {
            is_open: of.is_open,
            ..Part::EVERYWHERE
        },
        SpaceCall::Partial(coordinates) => {
            let mut all = vec![of];
            all.extend(coordinates.iter().map(|&coordinate| Part {
                place: world.space.place(coordinate),
                witness: Some((name.name, name.span)),
                is_open: false,
            }));
            merge(world, at.file, &all, diagnostics)
        }
        SpaceCall::Gradient
        | SpaceCall::Divergence
        | SpaceCall::Curl
        | SpaceCall::Laplacian
        | SpaceCall::Normal
        | SpaceCall::Dot
        | SpaceCall::Noise
        | SpaceCall::Uniform
        | SpaceCall::Data => of,
    }
}

/// The intersection of places; reports the first that has nothing in common with those before it.
fn merge(world: &World, file: FileId, parts: &[Part], diagnostics: &mut Diagnostics) -> Part {
    let mut whole = Part::EVERYWHERE;
    for part in parts {
        whole.is_open |= part.is_open;
        match whole.place.and(part.place) {
            Some(place) if place == whole.place => {}
            Some(place) => {
                whole.place = place;
                whole.witness = part.witness;
            }
            None => {
                diagnostics.push(mismatch(world, file, whole, *part));
                return whole;
            }
        }
    }
    whole
}

fn mismatch(world: &World, file: FileId, first: Part, second: Part) -> SpaceError {
    let ast = world.ast(file);
    let (Some(a), Some(b)) = (first.witness, second.witness) else {
        unreachable!("what varies has a name")
    };
    let is_field = |part: Part| part.place.only_domain();
    // What is no field of its own domain is a coordinate, or a derivative by one, that the field's domain does not have.
    if let Some(domain) = is_field(first)
        && let Some(error) = outside(world, file, b, domain)
    {
        return error;
    }
    if let Some(domain) = is_field(second)
        && let Some(error) = outside(world, file, a, domain)
    {
        return error;
    }
    SpaceError::DomainMismatch {
        first: ast.name(a.0).into(),
        second: ast.name(b.0).into(),
        first_at: a.1.into(),
        second_at: b.1.into(),
    }
}

/// The error of a coordinate, or of a derivative, outside its domain; `None` for a field.
pub(super) fn outside(
    world: &World,
    file: FileId,
    (name, span): (NameId, Span),
    domain: usize,
) -> Option<SpaceError> {
    let is_field = world
        .entity_named(file, name)
        .is_some_and(|id| world.entity(id).kind != EntityKind::Coordinate);
    if is_field {
        return None;
    }
    let coordinates = &world.space.domains[domain].coordinates;
    let names: Vec<String> = coordinates
        .iter()
        .map(|&c| format!("`{}`", world.name(c)))
        .collect();
    let names = names.join(", ");
    Some(SpaceError::OutsideDomain {
        name: world.ast(file).name(name).into(),
        domain: world.space.name(world, domain),
        help: format!("its coordinates are {names}"),
        at: span.into(),
    })
}
