//! What can be wrong with field equations.

/// A mistake in field equations, or something not supported.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpaceError {
    /// Schemes that cannot stand side by side.
    #[error("these schemes cannot be combined on one domain")]
    SchemesDoNotMix,
    /// Constraints that determine each other's fields.
    #[error("constraints that depend on each other's fields are not supported")]
    CoupledConstraints,
}
