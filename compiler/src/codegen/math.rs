//! Functions that machine code calls. Both call the definition in the operator table, so that every tier computes the same bits.

use crate::terms::Op;

/// Position of an operator in `Op::ALL`, as machine code passes it.
pub(super) fn code(op: Op) -> i64 {
    op as i64
}

/// `op(x)`
pub(super) extern "C" fn call1(code: i64, x: f64) -> f64 {
    Op::ALL[code as usize].apply(&[x])
}

/// `op(x, y)`
pub(super) extern "C" fn call2(code: i64, x: f64, y: f64) -> f64 {
    Op::ALL[code as usize].apply(&[x, y])
}

/// `op(x, y, z)`
pub(super) extern "C" fn call3(code: i64, x: f64, y: f64, z: f64) -> f64 {
    Op::ALL[code as usize].apply(&[x, y, z])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_positions_in_the_table() {
        for (i, &op) in Op::ALL.iter().enumerate() {
            assert_eq!(code(op), i as i64);
        }
    }
}
