//! Mistakes about domains, fields and what holds on them.

use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

/// A mistake in what a model says about space.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SpaceError {
    #[error("unknown domain `{name}`")]
    #[diagnostic(code(unknown_domain))]
    UnknownDomain {
        name: String,
        #[label("no `domain` has this name")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },
    #[error("`{name}` is a domain, not a value")]
    #[diagnostic(
        code(domain_as_value),
        help("use its coordinates, or a field that lives on it")
    )]
    DomainAsValue {
        name: String,
        #[label("used as a value")]
        at: SourceSpan,
    },
    #[error("field `{name}` has no domain")]
    #[diagnostic(
        code(missing_domain),
        help("write `field {name} on line = …`, where `line` is a `domain`")
    )]
    MissingDomain {
        name: String,
        #[label("lives nowhere")]
        at: SourceSpan,
    },
    #[error("`{first}` and `{second}` live on different domains")]
    #[diagnostic(
        code(domain_mismatch),
        help(
            "an expression is about one domain; means and integrals over another are numbers and may stand in it"
        )
    )]
    DomainMismatch {
        first: String,
        second: String,
        #[label("of one domain")]
        first_at: SourceSpan,
        #[label(primary, "of another")]
        second_at: SourceSpan,
    },
    #[error("`{name}` does not belong to the domain `{domain}`")]
    #[diagnostic(code(outside_domain), help("{help}"))]
    OutsideDomain {
        name: String,
        domain: String,
        help: String,
        #[label("means nothing here")]
        at: SourceSpan,
    },
    #[error("`{name}` varies in space, but {what} is one number")]
    #[diagnostic(
        code(varies_in_space),
        help("`mean`, `integral`, `minimum` and `maximum` make a number of a field")
    )]
    VariesInSpace {
        name: String,
        what: String,
        #[label("differs from place to place")]
        at: SourceSpan,
    },
    #[error("`{function}` is of fields, but this is the same everywhere")]
    #[diagnostic(
        code(not_a_field),
        help("give it something that depends on a `field` or a coordinate")
    )]
    NotAField {
        function: String,
        #[label("does not vary in space")]
        at: SourceSpan,
    },
    #[error("{what} is a number, but this is a vector")]
    #[diagnostic(code(vector_for_scalar), help("{help}"))]
    VectorForScalar {
        what: String,
        help: String,
        #[label("has components")]
        at: SourceSpan,
    },
    #[error("{what} is a vector, but this is a number")]
    #[diagnostic(code(scalar_for_vector), help("{help}"))]
    ScalarForVector {
        what: String,
        help: String,
        #[label("has no components")]
        at: SourceSpan,
    },
    #[error("{what} has {expected}, but this has {found}")]
    #[diagnostic(code(component_count))]
    ComponentCount {
        what: String,
        expected: String,
        found: String,
        #[label("does not fit")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },
    #[error("a product of two vectors has no meaning of its own")]
    #[diagnostic(
        code(vector_product),
        help("write `dot(a, b)` for the sum of the products of their components")
    )]
    VectorProduct {
        #[label("a second vector")]
        at: SourceSpan,
    },
    #[error("`curl` needs a domain of two or three coordinates")]
    #[diagnostic(code(curl_dimension))]
    CurlDimension {
        #[label("on a domain of one")]
        at: SourceSpan,
    },
    #[error("the axis `{axis}` needs at least {least} points")]
    #[diagnostic(
        code(too_few_points),
        help("write `{axis} in …, 64 points`: a whole number known before the run")
    )]
    TooFewPoints {
        axis: String,
        least: u32,
        #[label("this is not enough")]
        at: SourceSpan,
    },
    #[error("the axis `{axis}` ends before it begins")]
    #[diagnostic(code(empty_axis), help("the lower end comes first: `{axis} in 0..1`"))]
    EmptyAxis {
        axis: String,
        #[label("from {from} to {to}")]
        at: SourceSpan,
        from: f64,
        to: f64,
    },
    #[error("the map of the axis `{axis}` {problem}")]
    #[diagnostic(
        code(invalid_map),
        help(
            "a map takes an evenly spaced coordinate to the true one: it increases and keeps both ends, like `x^2` from 0 to 1"
        )
    )]
    InvalidMap {
        axis: String,
        problem: String,
        #[label("this map")]
        at: SourceSpan,
    },
    #[error("field `{name}` has no equation")]
    #[diagnostic(
        code(field_without_equation),
        help(
            "write `dt({name}) = …`; a field without change in time is a `let`, one without initial value follows from a `constraint`"
        )
    )]
    FieldWithoutEquation {
        name: String,
        #[label("nothing changes or determines it")]
        at: SourceSpan,
    },
    #[error("a reaction happens at one place, but `{name}` does not live on the domain `{domain}`")]
    #[diagnostic(
        code(reaction_across_domains),
        help(
            "all species of a reaction live on one domain; a concentration that is the same everywhere can be a `fixed species` or a parameter"
        )
    )]
    ReactionAcrossDomains {
        name: String,
        domain: String,
        #[label("not there")]
        at: SourceSpan,
    },
    #[error("the equation has no `dt`")]
    #[diagnostic(code(rate_missing), help("{help}"))]
    RateMissing {
        help: String,
        #[label("of what is this the rate?")]
        at: SourceSpan,
    },
    #[error("`dt({name})` cannot be found from this equation: {problem}")]
    #[diagnostic(
        code(rate_not_isolated),
        help(
            "`dt({name})` must stand in it once, as a term of a sum, with a factor that is constant and not zero"
        )
    )]
    RateNotIsolated {
        name: String,
        problem: String,
        #[label("in here")]
        at: SourceSpan,
    },
    #[error("the axis `{axis}` is periodic: it has no ends")]
    #[diagnostic(
        code(periodic_face),
        help("remove the condition, or `periodic` from the axis")
    )]
    PeriodicFace {
        axis: String,
        #[label("no face here")]
        at: SourceSpan,
    },
    #[error("this is no face of the domain `{domain}`")]
    #[diagnostic(code(unknown_face), help("{help}"))]
    UnknownFace {
        domain: String,
        help: String,
        #[label("not where the domain ends")]
        at: SourceSpan,
    },
    #[error("`dn` is the derivative across a face: there is no face here")]
    #[diagnostic(
        code(normal_elsewhere),
        help("write it in a condition: `at boundary: dn(u) = 0`")
    )]
    NormalElsewhere {
        #[label("not in a condition")]
        at: SourceSpan,
    },
    #[error("a boundary condition is an equation about a field")]
    #[diagnostic(
        code(invalid_condition),
        help("write `u = 0`, `dx(u) = 0`, `dx(u) + h*u = g` or `outflow(u)`")
    )]
    InvalidCondition {
        #[label("this is not")]
        at: SourceSpan,
    },
    #[error("the constraint {problem}")]
    #[diagnostic(
        code(invalid_constraint),
        help(
            "a constraint is an equation that determines one field declared without an initial value: `field psi on square`, `constraint lap(psi) = -omega, mean(psi) = 0`"
        )
    )]
    InvalidConstraint {
        problem: String,
        #[label("here")]
        at: SourceSpan,
    },
    #[error("unknown scheme `{name}`")]
    #[diagnostic(code(unknown_scheme))]
    UnknownScheme {
        name: String,
        #[label("no scheme has this name")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },
    #[error("the scheme `{scheme}` cannot have this")]
    #[diagnostic(code(invalid_scheme), help("{expected}"))]
    InvalidScheme {
        scheme: &'static str,
        expected: &'static str,
        #[label("not understood")]
        at: SourceSpan,
    },
    #[error("`{function}` gives initial values only")]
    #[diagnostic(
        code(misplaced_point_data),
        help(
            "give it to a field that stays as it is: `field {function}0 on line = {function}(…)` with `dt({function}0) = 0`"
        )
    )]
    MisplacedPointData {
        function: String,
        #[label("has no meaning in time")]
        at: SourceSpan,
    },
    #[error("`{function}` cannot take this")]
    #[diagnostic(code(invalid_point_data), help("{expected}"))]
    InvalidPointData {
        function: String,
        expected: &'static str,
        #[label("not understood")]
        at: SourceSpan,
    },
    #[error("this is not a picture of a field")]
    #[diagnostic(code(invalid_picture), help("{help}"))]
    InvalidPicture {
        help: &'static str,
        #[label("cannot be shown so")]
        at: SourceSpan,
    },
}
