//! THE table of operators and functions: name, arity, value, derivative, facts.

/// What a call node applies. Arithmetic (sums, products, rational powers) has its own node kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Op {
    // elementary functions of one argument
    Exp,
    Ln,
    Log10,
    Log2,
    Sqrt,
    Cbrt,
    Abs,
    Sign,
    Floor,
    Ceil,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Erf,
    Erfc,
    Gamma,
    LnGamma,
    Step,
    Smoothstep,
    Expm1,
    Ln1p,
    // of two arguments
    Pow,
    Atan2,
    Mod,
    BesselJ,
    // n-ary, sorted
    Min,
    Max,
    // comparisons (value 1 or 0) and logic
    Less,
    LessEqual,
    Equal,
    NotEqual,
    And,
    Or,
    Not,
    /// `if(condition, then, else)`; only the chosen branch counts.
    If,
}

impl Op {
    /// Every operator, in table order.
    pub const ALL: &'static [Op] = &[];
    /// The name users write.
    pub fn name(self) -> &'static str {
        todo!()
    }
    /// Looks a function up by the name users write (`log` is `ln`).
    pub fn by_name(_name: &str) -> Option<Op> {
        todo!()
    }
    /// Least and greatest number of arguments.
    pub fn arity(self) -> (usize, usize) {
        todo!()
    }
    /// The value, as the reference interpreter defines it.
    pub fn apply(self, _args: &[f64]) -> f64 {
        todo!()
    }
    /// Whether it is defined and finite for all finite real arguments.
    pub fn is_total(self) -> bool {
        todo!()
    }
}
