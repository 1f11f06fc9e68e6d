//! Domains with the extents, points and maps of their axes, and the diffusion of what lives on them.

use super::SpaceError;
use crate::model::elaborate::Elaboration;
use crate::model::entities::{Axis, Domain, Model};
use crate::model::scope::{EntityId, FileId, Origin};
use crate::model::values::{at, constant_term};
use crate::syntax::ast::{self, DeclKind, Expr, ItemKind};
use crate::terms::{Pool, SymbolId, Term};

/// The fewest points along an axis: the smallest stencil and its boundary closures need them.
const MIN_POINTS: u32 = 4;

/// A map is checked to increase between so many places.
const MAP_SAMPLES: u32 = 256;

/// A map must keep the ends up to this fraction of the extent: rounding of the functions in it.
const MAP_TOLERANCE: f64 = 1e-9;

/// Adds the domains, and what diffuses on them.
pub(in crate::model) fn build(e: &mut Elaboration, model: &mut Model) {
    let world = e.world;
    let is_checked = !e.diagnostics.has_errors();
    for domain in &world.space.domains {
        let ItemKind::Domain(written) = world.item(domain.entity) else {
            continue;
        };
        let file = world.entity(domain.entity).file;
        let pairs = written.axes.iter().zip(&domain.coordinates);
        let mut axes = Vec::with_capacity(written.axes.len());
        for (written, &id) in pairs {
            let axis = axis(e, file, written, id, model);
            if is_checked {
                check(e, file, written, &axis, model);
            }
            axes.push(axis);
        }
        model.domains.push(Domain {
            name: e.called[domain.entity.0 as usize].clone(),
            axes,
            span: world.span(domain.entity),
        });
    }
    for file in world.file_ids() {
        if world.file(file).origin == Origin::Std {
            continue;
        }
        for item in &world.ast(file).items {
            if let ItemKind::Declare(d) = &item.kind
                && let Some(value) = d.diffusion
            {
                diffusion(e, file, d, value, model);
            }
        }
    }
}

fn axis(
    e: &mut Elaboration,
    file: FileId,
    written: &ast::Axis,
    id: EntityId,
    model: &Model,
) -> Axis {
    let name = e.called[id.0 as usize].clone();
    let measure = e.lowering.terms.units.of[id.0 as usize];
    let ends = [written.from, written.to];
    let [from, to] = ends.map(|end| constant_term(e, at(file, end), "the end of an axis", measure));
    let map = written
        .map
        .map(|map| e.lowering.given(at(file, map), measure, e.diagnostics));
    let points = points(e, file, written, &name, model);
    let term = e.lowering.terms.values[id.0 as usize].expect("coordinates have symbols");
    let pool = &e.lowering.terms.pool;
    let coordinate = pool.as_symbol(term.term).expect("coordinates are symbols");
    Axis {
        name,
        coordinate,
        from,
        to,
        points,
        periodic: written.periodic,
        map,
        unit: e.lowering.terms.units.unit(measure),
        span: written.name.span,
    }
}

/// A whole number, made of literals and constants.
fn points(
    e: &mut Elaboration,
    file: FileId,
    written: &ast::Axis,
    name: &str,
    model: &Model,
) -> u32 {
    let value = written.points.map(|points| {
        let term = e.lowering.amount(at(file, points), e.diagnostics).term;
        let pool = &e.lowering.terms.pool;
        let is_const = |s: &SymbolId| {
            let parameter = model.parameters.iter().find(|p| p.symbol == *s);
            parameter.is_some_and(|p| p.is_const)
        };
        match pool.symbols_in(&[term]).iter().all(is_const) {
            true => pool.eval(&[term], &default_values(pool, model))[0],
            false => f64::NAN,
        }
    });
    match value {
        Some(n) if n.fract() == 0.0 && n >= f64::from(MIN_POINTS) && n <= f64::from(u32::MAX) => {
            n as u32
        }
        Some(_) | None => {
            let ast = e.world.ast(file);
            let at = written
                .points
                .map_or(written.name.span, |p| ast.expr(p).span);
            e.diagnostics.push(SpaceError::TooFewPoints {
                axis: name.into(),
                least: MIN_POINTS,
                at: at.into(),
            });
            MIN_POINTS
        }
    }
}

/// The values of parameters when nothing is set, by symbol; NaN for all others.
fn default_values(pool: &Pool, model: &Model) -> Vec<f64> {
    let mut values = vec![f64::NAN; pool.n_symbols()];
    for p in &model.parameters {
        values[p.symbol.0 as usize] = pool.eval(&[p.value], &values)[0];
    }
    values
}

/// Checks the extent and the map, with the parameters as they are when nothing is set.
fn check(e: &mut Elaboration, file: FileId, written: &ast::Axis, axis: &Axis, model: &Model) {
    let pool = &e.lowering.terms.pool;
    let mut values = default_values(pool, model);
    let ends = pool.eval(&[axis.from, axis.to], &values);
    let (from, to) = (ends[0], ends[1]);
    let ast = e.world.ast(file);
    if from >= to {
        let at = ast.expr(written.from).span.to(ast.expr(written.to).span);
        return e.diagnostics.push(SpaceError::EmptyAxis {
            axis: axis.name.clone(),
            from,
            to,
            at: at.into(),
        });
    }
    let Some((map, expr)) = axis.map.zip(written.map) else {
        return;
    };
    let mut mapped = |fraction: f64| {
        values[axis.coordinate.0 as usize] = from + (to - from) * fraction;
        pool.eval(&[map], &values)[0]
    };
    let places: Vec<f64> = (0..=MAP_SAMPLES)
        .map(|i| mapped(f64::from(i) / f64::from(MAP_SAMPLES)))
        .collect();
    let is_off = |a: f64, b: f64| (a - b).abs() > MAP_TOLERANCE * (to - from) || a.is_nan();
    let problem = if is_off(places[0], from) {
        format!("takes its lower end {from} to {}", places[0])
    } else if is_off(places[MAP_SAMPLES as usize], to) {
        format!(
            "takes its upper end {to} to {}",
            places[MAP_SAMPLES as usize]
        )
    } else if !places.windows(2).all(|w| w[0] < w[1]) {
        "does not increase everywhere".into()
    } else {
        return;
    };
    e.diagnostics.push(SpaceError::InvalidMap {
        axis: axis.name.clone(),
        problem,
        at: ast.expr(expr).span.into(),
    });
}

/// `diffusion = D`, in the unit that makes `div(D*grad(u))` the rate of `u` along each axis.
fn diffusion(
    e: &mut Elaboration,
    file: FileId,
    declared: &ast::Declaration,
    value: Expr,
    model: &mut Model,
) {
    let world = e.world;
    let Some(id) = world.entity_named(file, declared.name.name) else {
        return;
    };
    let Some(domain) = world.space.domain_of(id) else {
        return;
    };
    if declared.kind == DeclKind::FixedSpecies {
        return e.diagnostics.push(crate::model::ModelError::NotAState {
            name: world.name(id).into_owned(),
            what: "held",
            at: world.ast(file).expr(value).span.into(),
            declared: world.span(id).into(),
        });
    }
    let units = &mut e.lowering.terms.units;
    let length = units.of[world.space.domains[domain].coordinates[0].0 as usize];
    let area = units.measures.product(length, length);
    let wanted = units.measures.quotient(area, units.time);
    let term: Term = e.lowering.term_in(at(file, value), wanted, e.diagnostics);
    for part in world.space.parts(id) {
        if let Some(state) = e.positions[part.0 as usize] {
            model.diffusion.push((state, term));
        }
    }
}
