//! Which scheme an axis gets, and why.

use super::error::SpaceError;
use super::evolution::Choice;
use crate::model::entities::{Axis, Method, NumericalFlux, Scheme};

/// The name that users write.
pub fn name(method: Method) -> &'static str {
    match method {
        Method::Fourier => "fourier",
        Method::Chebyshev => "chebyshev",
        Method::Central { .. } => "central",
        Method::Upwind { .. } => "upwind",
        Method::Weno { .. } => "weno",
    }
}

/// A method with its settings, as users write it.
pub fn text(method: Method) -> String {
    match method {
        Method::Fourier | Method::Chebyshev => name(method).to_owned(),
        Method::Central { order } | Method::Upwind { order } => {
            format!("{}(order = {order})", name(method))
        }
        Method::Weno {
            flux: NumericalFlux::LaxFriedrichs,
        } => "weno(order = 5, flux = lax_friedrichs)".to_owned(),
        Method::Weno {
            flux: NumericalFlux::Hll,
        } => "weno(order = 5, flux = hll)".to_owned(),
    }
}

/// What the choice depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Equations {
    /// The highest order of a derivative.
    pub order: u8,
    /// Whether every row is a divergence and a source.
    pub in_flux_form: bool,
}

/// The choice for every axis: what the user says of it, else the rule of the language.
///
/// # Errors
/// If a method cannot be used along its axis.
pub fn choose(
    axes: &[Axis],
    schemes: &[Scheme],
    equations: Equations,
) -> Result<Vec<Choice>, Vec<SpaceError>> {
    let mut choices = Vec::new();
    let mut errors = Vec::new();
    let of_axis = |axis: &Axis| {
        let named = schemes
            .iter()
            .rev()
            .find(|s| s.axis.as_ref() == Some(&axis.name));
        named.or_else(|| schemes.iter().rev().find(|s| s.axis.is_none()))
    };
    let spectral = axes.iter().any(|axis| {
        of_axis(axis).is_some_and(|s| matches!(s.method, Method::Fourier | Method::Chebyshev))
    });
    for axis in axes {
        let choice = match of_axis(axis) {
            Some(scheme) => Choice {
                method: scheme.method,
                reason: "as asked".to_owned(),
                span: scheme.span,
            },
            None => {
                let (method, reason) = default(axes, axis, spectral, equations);
                Choice {
                    method,
                    reason: reason.to_owned(),
                    span: axis.span,
                }
            }
        };
        if let Some(why) = unsuitable(axis, choice.method) {
            errors.push(SpaceError::UnsuitableScheme {
                scheme: name(choice.method),
                axis: axis.name.clone(),
                why,
                at: choice.span.into(),
            });
        }
        choices.push(choice);
    }
    if errors.is_empty() {
        Ok(choices)
    } else {
        Err(errors)
    }
}

fn default(
    axes: &[Axis],
    axis: &Axis,
    spectral: bool,
    equations: Equations,
) -> (Method, &'static str) {
    let uniform = axes.iter().all(|a| a.map.is_none());
    if spectral && uniform {
        return match axis.periodic {
            true => (Method::Fourier, "periodic, and another axis is spectral"),
            false => (
                Method::Chebyshev,
                "not periodic, and another axis is spectral",
            ),
        };
    }
    if equations.order == 1 && equations.in_flux_form && uniform {
        let flux = NumericalFlux::LaxFriedrichs;
        return (
            Method::Weno { flux },
            "first-order conservation laws may form shocks",
        );
    }
    if axes.iter().all(|a| a.periodic) && uniform {
        return (Method::Fourier, "periodic and smooth");
    }
    (Method::Central { order: 4 }, "an axis has faces or a map")
}

fn unsuitable(axis: &Axis, method: Method) -> Option<&'static str> {
    match method {
        Method::Fourier if !axis.periodic => Some("it is not periodic"),
        Method::Chebyshev if axis.periodic => Some("it is periodic"),
        Method::Fourier | Method::Chebyshev | Method::Weno { .. } if axis.map.is_some() => {
            Some("its nodes are not uniform")
        }
        Method::Fourier
        | Method::Chebyshev
        | Method::Weno { .. }
        | Method::Central { .. }
        | Method::Upwind { .. } => None,
    }
}
