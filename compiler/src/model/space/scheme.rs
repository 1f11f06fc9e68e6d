//! `scheme`: how derivatives are discretised.

use super::SpaceError;
use crate::model::elaborate::Elaboration;
use crate::model::entities::{Method, Model, NumericalFlux, Scheme};
use crate::model::error::ModelError;
use crate::model::nearest::{did_you_mean, nearest};
use crate::model::nodes::as_name;
use crate::model::scope::{EntityKind, FileId, Origin};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, ItemKind};

/// The schemes, and what may be said of each.
const SCHEMES: [(&str, &str); 5] = [
    ("fourier", "`fourier` takes no settings"),
    ("chebyshev", "`chebyshev` takes no settings"),
    ("central", "the order is 2, 4 or 6: `central(order = 4)`"),
    ("upwind", "the order is 1 or 3: `upwind(order = 3)`"),
    (
        "weno",
        "the order is 5, and the flux `lax_friedrichs` or `hll`: `weno(order = 5, flux = hll)`",
    ),
];

/// The order where none is written, by scheme.
const DEFAULT_CENTRAL: u32 = 4;
const DEFAULT_UPWIND: u32 = 3;
const WENO_ORDER: u32 = 5;

/// Adds the schemes of all files.
pub(in crate::model) fn build(e: &mut Elaboration, model: &mut Model) {
    let world = e.world;
    for file in world.file_ids() {
        if world.file(file).origin == Origin::Std {
            continue;
        }
        for item in &world.ast(file).items {
            if let ItemKind::Scheme(methods) = &item.kind {
                for method in methods {
                    add(e, file, method, item.span, model);
                }
            }
        }
    }
}

fn add(e: &mut Elaboration, file: FileId, written: &ast::Method, span: Span, model: &mut Model) {
    let ast = e.world.ast(file);
    let axis = match written.axis {
        None => None,
        Some(name) => {
            let id = e.names.entity(e.world, file, name, e.diagnostics);
            let Some(id) = id else { return };
            if e.world.entity(id).kind != EntityKind::Coordinate {
                return e.diagnostics.push(SpaceError::InvalidScheme {
                    scheme: "of an axis",
                    expected: "a scheme is for one coordinate, `scheme x: fourier`, or for all: `scheme fourier`",
                    at: name.span.into(),
                });
            }
            Some(e.called[id.0 as usize].clone())
        }
    };
    let text = ast.name(written.name.name);
    let Some(&(scheme, expected)) = SCHEMES.iter().find(|s| s.0 == text) else {
        let known = SCHEMES.iter().map(|s| s.0);
        let help = did_you_mean(nearest(text, known));
        return e.diagnostics.push(SpaceError::UnknownScheme {
            name: text.into(),
            at: written.name.span.into(),
            help: help.or_else(|| {
                Some(
                    "the schemes are `fourier`, `chebyshev`, `central`, `upwind` and `weno`".into(),
                )
            }),
        });
    };
    let method = match read(ast, scheme, &written.settings) {
        Ok(method) => method,
        Err(at) => {
            return e.diagnostics.push(SpaceError::InvalidScheme {
                scheme,
                expected,
                at: at.unwrap_or(written.name.span).into(),
            });
        }
    };
    if let Some(first) = model.schemes.iter().find(|s| s.axis == axis) {
        return e.diagnostics.push(ModelError::DuplicateName {
            name: "scheme".into(),
            first: first.span.into(),
            second: span.into(),
        });
    }
    model.schemes.push(Scheme { method, axis, span });
}

/// The method, or where something is wrong with it.
fn read(
    ast: &ast::Ast,
    scheme: &str,
    settings: &[(ast::Ident, Expr)],
) -> Result<Method, Option<Span>> {
    let (mut order, mut flux) = (None, None);
    for (key, value) in settings {
        let span = ast.expr(*value).span;
        match ast.name(key.name) {
            "order" => order = Some((whole(ast, *value).ok_or(span)?, span)),
            "flux" if scheme == "weno" => flux = Some(numerical_flux(ast, *value).ok_or(span)?),
            _ => return Err(Some(key.span)),
        }
    }
    let order_of = |allowed: &[u32], default| match order {
        None => Ok(default),
        Some((n, _)) if allowed.contains(&n) => Ok(n),
        Some((_, span)) => Err(Some(span)),
    };
    let no_order = |method| order.map_or(Ok(method), |(_, span)| Err(Some(span)));
    match scheme {
        "fourier" => no_order(Method::Fourier),
        "chebyshev" => no_order(Method::Chebyshev),
        "central" => order_of(&[2, 4, 6], DEFAULT_CENTRAL).map(|order| Method::Central { order }),
        "upwind" => order_of(&[1, 3], DEFAULT_UPWIND).map(|order| Method::Upwind { order }),
        "weno" => order_of(&[WENO_ORDER], WENO_ORDER).map(|_| Method::Weno {
            flux: flux.unwrap_or(NumericalFlux::LaxFriedrichs),
        }),
        _ => Err(None),
    }
}

fn whole(ast: &ast::Ast, value: Expr) -> Option<u32> {
    match &ast.expr(value).kind {
        ExprKind::Number(n) => n.as_i64().and_then(|n| u32::try_from(n).ok()),
        _ => None,
    }
}

fn numerical_flux(ast: &ast::Ast, value: Expr) -> Option<NumericalFlux> {
    match ast.name(as_name(ast, value)?.name) {
        "hll" => Some(NumericalFlux::Hll),
        "lax_friedrichs" => Some(NumericalFlux::LaxFriedrichs),
        _ => None,
    }
}
