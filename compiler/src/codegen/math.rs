//! Functions that machine code calls. Both call the definition in the operator table, so that every tier computes the same bits.

use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{AbiParam, Signature};
use cranelift_codegen::isa::CallConv;

use crate::terms::Op;

/// Position of an operator in `Op::ALL`, as machine code passes it.
pub(super) fn code(op: Op) -> i64 {
    op as i64
}

/// Signature of the functions of so many arguments.
pub(super) fn signature(call_conv: CallConv, n_args: usize) -> Signature {
    let mut signature = Signature::new(call_conv);
    signature.params.push(AbiParam::new(I64));
    signature
        .params
        .extend(std::iter::repeat_n(AbiParam::new(F64), n_args));
    signature.returns.push(AbiParam::new(F64));
    signature
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

/// `x = op(x)`, lane by lane.
pub(super) extern "C" fn vector1(code: i64, x: &mut [f64; 4]) {
    let op = Op::ALL[code as usize];
    *x = x.map(|x| op.apply(&[x]));
}

/// `x = op(x, y)`, lane by lane.
pub(super) extern "C" fn vector2(code: i64, x: &mut [f64; 4], y: &[f64; 4]) {
    let op = Op::ALL[code as usize];
    for (x, y) in x.iter_mut().zip(y) {
        *x = op.apply(&[*x, *y]);
    }
}

/// `x = op(x, y, z)`, lane by lane.
pub(super) extern "C" fn vector3(code: i64, x: &mut [f64; 4], y: &[f64; 4], z: &[f64; 4]) {
    let op = Op::ALL[code as usize];
    for (x, (y, z)) in x.iter_mut().zip(y.iter().zip(z)) {
        *x = op.apply(&[*x, *y, *z]);
    }
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
