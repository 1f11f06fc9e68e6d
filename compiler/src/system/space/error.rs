//! What can be wrong with field equations.

use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

/// A mistake in field equations, or something that a scheme cannot do.
#[derive(Debug, Clone, PartialEq, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SpaceError {
    #[error("`{scheme}` along `{axis}` cannot be combined with the schemes of the other axes")]
    #[diagnostic(
        code(schemes_do_not_mix),
        help("spectral schemes mix with each other, differences with differences")
    )]
    SchemesDoNotMix {
        scheme: &'static str,
        axis: String,
        #[label("discretised by `{scheme}`")]
        at: SourceSpan,
    },
    #[error("`{scheme}` cannot be used along `{axis}`: {why}")]
    #[diagnostic(code(unsuitable_scheme))]
    UnsuitableScheme {
        scheme: &'static str,
        axis: String,
        why: &'static str,
        #[label("discretised by `{scheme}`")]
        at: SourceSpan,
    },
    #[error("`{field}` is not in flux form: `{part}` is not a divergence")]
    #[diagnostic(
        code(no_flux_form),
        help("write the equation as `dt(u) + div(flux) = source`, or use another scheme")
    )]
    NoFluxForm {
        field: String,
        part: String,
        #[label("finite volumes need fluxes")]
        at: SourceSpan,
    },
    #[error("the constraint on `{field}` cannot be solved between walls with spectral schemes")]
    #[diagnostic(code(spectral_constraint), help("use `scheme central`"))]
    SpectralConstraint {
        field: String,
        #[label("determined here")]
        at: SourceSpan,
    },
    #[error("the constraint on `{field}` is not linear in it with coefficients that are known")]
    #[diagnostic(code(nonlinear_constraint))]
    NonlinearConstraint {
        field: String,
        #[label("determined here")]
        at: SourceSpan,
    },
    #[error("derivatives along the face in a condition at {face} are not supported")]
    #[diagnostic(
        code(sideways_condition),
        help("the derivative across the face, out of the domain, is `dn(u)`")
    )]
    SidewaysCondition {
        face: String,
        #[label("condition")]
        at: SourceSpan,
    },
    #[error("a derivative of order {order} of `{field}` cannot be given at {face}")]
    #[diagnostic(
        code(condition_order),
        help("its equation must have a higher derivative across the face")
    )]
    ConditionOrder {
        field: String,
        face: String,
        order: u8,
        #[label("condition")]
        at: SourceSpan,
    },
    #[error("the condition on `{field}` at {face} is not linear in its highest derivative")]
    #[diagnostic(code(nonlinear_condition))]
    NonlinearCondition {
        field: String,
        face: String,
        #[label("declared here")]
        at: SourceSpan,
    },
    #[error("`outflow` of `{field}` at {face} needs an equation of first order with `chebyshev`")]
    #[diagnostic(
        code(chebyshev_condition),
        help("give the value or a derivative there, or use `scheme central`")
    )]
    ChebyshevCondition {
        field: String,
        face: String,
        #[label("declared here")]
        at: SourceSpan,
    },
    #[error("`{field}` has too many conditions at {face}: it can have {needed}")]
    #[diagnostic(code(surplus_condition))]
    SurplusCondition {
        field: String,
        face: String,
        needed: usize,
        #[label("one too many")]
        at: SourceSpan,
    },
    #[error(
        "`{field}` lacks a condition at {face}: derivatives of order {order} need {needed} there"
    )]
    #[diagnostic(
        code(missing_condition),
        help("add one with `at`, or make the axis periodic")
    )]
    MissingCondition {
        field: String,
        face: String,
        needed: usize,
        order: u8,
        #[label("declared here")]
        at: SourceSpan,
    },
    #[error(
        "`{field}` has {found} conditions at both ends of `{axis}` together and needs {needed}"
    )]
    #[diagnostic(code(odd_conditions))]
    OddConditions {
        field: String,
        axis: String,
        needed: usize,
        found: usize,
        #[label("declared here")]
        at: SourceSpan,
    },
}
