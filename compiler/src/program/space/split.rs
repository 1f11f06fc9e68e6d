//! Splits with their terms compiled: for steppers that treat the linear part exactly or implicitly.

use super::keep::keep;
use super::{SpaceCode, Unsupported, compile_space};
use crate::codegen::Tier;
use crate::codegen::row::{Arithmetic, RowInputs, RowKernel, RowOptions, RowRead, compile_rows};
use crate::system::space::program::{Cut, GridAxis, Mirror, Multiplier, Split};
use crate::terms::{Pool, SymbolId, Term};

/// A compiled split: a linear part, diagonal in modes, and the rest.
#[derive(Clone)]
pub struct SplitCode {
    /// The rest: modes of the fields to modes of the rest.
    pub nonlinear: SpaceCode,
    /// Row and column of the entries of the linear part that are not 0.
    pub entries: Vec<(usize, usize)>,
    /// Real and imaginary part of each; rows are the wavenumbers of all axes.
    pub multipliers: RowKernel,
    /// Which modes of the state are kept.
    pub keep: Cut,
    /// How the grid goes on beyond walls.
    pub mirror: Option<Mirror>,
}

/// Compiles a split whose scalars include these parameters.
///
/// # Errors
/// If it has a step that cannot be executed.
pub fn compile_split(
    pool: &Pool,
    split: &Split,
    parameters: &[SymbolId],
    options: RowOptions,
) -> Result<SplitCode, Unsupported> {
    let constants = split.nonlinear.constants.iter().map(|(symbol, _)| *symbol);
    let fixed: Vec<SymbolId> = parameters.iter().copied().chain(constants).collect();
    let multipliers = split.linear.iter().map(|(_, _, multiplier)| multiplier);
    let entries = split.linear.iter();
    let mut nonlinear = compile_space(pool, &split.nonlinear, parameters, options)?;
    nonlinear.keep = keep(&split.nonlinear, &split.keep);
    Ok(SplitCode {
        nonlinear,
        entries: entries
            .map(|&(row, column, _)| (row as usize, column as usize))
            .collect(),
        multipliers: multiplier_kernel(pool, multipliers, &split.nonlinear.grid.axes, &fixed),
        keep: split.keep.clone(),
        mirror: split.mirror.clone(),
    })
}

/// A kernel for multipliers: outputs the real and imaginary part of each, rows the wavenumbers of all axes.
pub(super) fn multiplier_kernel<'m>(
    pool: &Pool,
    multipliers: impl Iterator<Item = &'m Multiplier>,
    axes: &[GridAxis],
    parameters: &[SymbolId],
) -> RowKernel {
    let outputs: Vec<Term> = multipliers.flat_map(|m| [m.re, m.im]).collect();
    let reads = axes.iter().enumerate().map(|(row, axis)| RowRead {
        symbol: axis.wavenumber,
        row: row as u32,
        offset: 0,
    });
    let inputs = RowInputs {
        parameters: parameters.to_vec(),
        reads: reads.collect(),
        ..RowInputs::default()
    };
    let options = RowOptions {
        arithmetic: Arithmetic::Exact,
        tier: Tier::Tables,
    };
    compile_rows(pool, &outputs, &inputs, options)
}
