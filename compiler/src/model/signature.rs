//! What functions do with units.

use crate::terms::Op;

/// How the unit of a call follows from those of its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signature {
    /// Pure numbers in, a pure number out.
    Numbers,
    /// Arguments of one unit, which is that of the result.
    Alike,
    /// Arguments of one unit; the result is a pure number.
    AlikeToNumber,
    /// Any unit in, a pure number out: only the sign counts.
    SignToNumber,
    /// The root of this degree.
    Root(i64),
    /// The first to the power of the second.
    Power,
    /// A condition and two values of one unit, which is that of the result.
    Choice,
    /// The result has the unit of the first over the second.
    Quotient,
}

/// The signature of an operator.
pub(super) fn signature(op: Op) -> Signature {
    match op {
        Op::Exp
        | Op::Ln
        | Op::Log10
        | Op::Log2
        | Op::Floor
        | Op::Ceil
        | Op::Sin
        | Op::Cos
        | Op::Tan
        | Op::Asin
        | Op::Acos
        | Op::Atan
        | Op::Sinh
        | Op::Cosh
        | Op::Tanh
        | Op::Asinh
        | Op::Acosh
        | Op::Atanh
        | Op::Erf
        | Op::Erfc
        | Op::Gamma
        | Op::LnGamma
        | Op::Smoothstep
        | Op::Expm1
        | Op::Ln1p
        | Op::BesselJ
        | Op::PolyGamma
        | Op::KummerRatio
        | Op::And
        | Op::Or
        | Op::Not => Signature::Numbers,
        Op::Abs | Op::Min | Op::Max | Op::Mod => Signature::Alike,
        // What an integral has beyond the unit of its argument is known where its domain is.
        Op::Mean | Op::Integral | Op::Minimum | Op::Maximum => Signature::Alike,
        Op::Partial => Signature::Quotient,
        Op::Atan2 | Op::Less | Op::LessEqual | Op::Equal | Op::NotEqual => Signature::AlikeToNumber,
        Op::Sign | Op::Step => Signature::SignToNumber,
        Op::Sqrt => Signature::Root(2),
        Op::Cbrt => Signature::Root(3),
        Op::Pow => Signature::Power,
        Op::If => Signature::Choice,
    }
}
