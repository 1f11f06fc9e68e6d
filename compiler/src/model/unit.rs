//! Units: dimension vectors with rational exponents and an exact factor to SI.
use crate::terms::Number;

/// A unit: exact factor to the coherent SI unit and exponents of the base dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Unit {
    /// One of this unit is `factor` coherent SI units.
    pub factor: Number,
    /// Exponents of m, kg, s, A, K, mol, cd and counted items (`molecule`), exact.
    pub dimension: [Number; 8],
    /// As the user wrote it, for output (`uM`).
    pub text: String,
}
