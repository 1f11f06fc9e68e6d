//! Row kernels over grids: reads at neighbours along any axis become rows, coordinates become fixed values or a row.

use super::kernel::{RowInputs, RowKernel, RowOptions, RowRead, compile_rows};
use crate::terms::{Pool, SymbolId, Term};

/// The value of an array at a node or a neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Neighbour {
    /// Its name in the outputs.
    pub symbol: SymbolId,
    /// Which array; the caller's numbering.
    pub array: u32,
    /// In nodes, by axis.
    pub offset: [i8; 3],
}

/// Which symbol stands where.
#[derive(Debug, Clone, Default)]
pub struct StencilInputs {
    /// Stay for many sweeps.
    pub parameters: Vec<SymbolId>,
    /// Stay during a sweep.
    pub scalars: Vec<SymbolId>,
    /// Axis and name; axes may have several.
    pub coordinates: Vec<(usize, SymbolId)>,
    /// Values at nodes.
    pub reads: Vec<Neighbour>,
}

/// Where a row of a kernel comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowSource {
    /// The row of an array that is so many rows away along the second and third axis.
    Array {
        /// Which.
        array: u32,
        /// In rows.
        offset: [i8; 2],
    },
    /// A coordinate of the first axis, by position in the coordinates.
    Coordinate(u32),
}

/// A kernel and its rows.
#[derive(Clone)]
pub struct Stencil {
    /// Its coordinates are those of the second and third axis.
    pub kernel: RowKernel,
    /// By row argument of the kernel.
    pub rows: Vec<RowSource>,
}

/// Compiles outputs at a node from values at its neighbours.
///
/// # Panics
/// If a symbol of the outputs is not among the inputs.
pub fn compile_stencil(
    pool: &Pool,
    outputs: &[Term],
    inputs: &StencilInputs,
    options: RowOptions,
) -> Stencil {
    let mut rows = Vec::new();
    let mut row = |source| {
        let known = rows.iter().position(|&row| row == source);
        known.unwrap_or_else(|| {
            rows.push(source);
            rows.len() - 1
        }) as u32
    };
    let used = pool.symbols_in(outputs);
    let mut reads = Vec::new();
    for read in inputs
        .reads
        .iter()
        .filter(|read| used.contains(&read.symbol))
    {
        let [along, across @ ..] = read.offset;
        reads.push(RowRead {
            symbol: read.symbol,
            row: row(RowSource::Array {
                array: read.array,
                offset: across,
            }),
            offset: i32::from(along),
        });
    }
    let coordinates = inputs.coordinates.iter().enumerate();
    for (i, &(_, symbol)) in coordinates.filter(|(_, (axis, s))| *axis == 0 && used.contains(s)) {
        reads.push(RowRead {
            symbol,
            row: row(RowSource::Coordinate(i as u32)),
            offset: 0,
        });
    }
    let across = inputs.coordinates.iter().filter(|(axis, _)| *axis > 0);
    let row_inputs = RowInputs {
        parameters: inputs.parameters.clone(),
        scalars: inputs.scalars.clone(),
        coordinates: across.map(|&(_, symbol)| symbol).collect(),
        reads,
    };
    Stencil {
        kernel: compile_rows(pool, outputs, &row_inputs, options),
        rows,
    }
}
