//! The first tier: a tape as tables of operand positions, walked by loops. Ready at once.
//!
//! All values stand in one array, the workspace. Instructions are sorted by level (as late as their users allow) and by kind; equal neighbours form a
//! [`Batch`] whose results stand side by side, so that a batch is one tight loop over operand positions. A batch of one costs little more than
//! an interpreted instruction, so small and deep tapes need no engine of their own. Short sums run four rows at a time.

use super::layout::{Layout, Levels, MINUS_ZERO, ZERO};
use super::tape::{Instruction, LANES, Tape, is_interleaved};
use crate::terms::Op;

/// What the instructions of a batch do. The operand positions of one instruction stand side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Neg,
    Recip,
    Sqrt,
    Add,
    Sub,
    Mul,
    Div,
    Select,
    Call1(Op),
    Call2(Op),
    /// A sum from left to right.
    Sum {
        n_positive: u32,
        n_negative: u32,
    },
    /// [`LANES`] sums at once; the operand positions of the same rank stand side by side.
    Sums {
        n_positive: u32,
        n_negative: u32,
    },
    /// One sum as interleaved partial sums.
    InterleavedSum {
        n_positive: u32,
        n_negative: u32,
    },
}

/// Equal instructions with results side by side.
#[derive(Debug, Clone, Copy)]
struct Batch {
    kind: Kind,
    /// Position of the first result.
    result: u32,
    /// Number of instructions, or of groups of four for [`Kind::Sums`].
    len: u32,
    /// First of its operand positions.
    operands: u32,
}

/// Executable tables.
#[derive(Debug, Clone)]
pub(super) struct Tables {
    batches: Vec<Batch>,
    operands: Vec<u32>,
}

impl Tables {
    /// Tables for a piece of code whose results stand as `levels` of the layout say.
    pub(super) fn new(
        tape: &Tape,
        code: &[Instruction],
        layout: &Layout,
        levels: &Levels,
    ) -> Tables {
        let mut writer = Writer {
            tape,
            code,
            layout,
            tables: Tables {
                batches: Vec::new(),
                operands: Vec::new(),
            },
        };
        let mut start = 0;
        for &end in &levels.ends {
            writer.write_level(
                &levels.order[start as usize..end as usize],
                levels.start + start,
            );
            start = end;
        }
        writer.tables
    }

    /// Computes all results in the workspace.
    pub(super) fn run(&self, workspace: &mut [f64]) {
        for batch in &self.batches {
            let (values, results) = workspace.split_at_mut(batch.result as usize);
            batch.run(values, results, &self.operands[batch.operands as usize..]);
        }
    }
}

/// Start in the operand list, number of added and number of subtracted operands.
type Shape = (u32, u32, u32);

struct Writer<'a> {
    tape: &'a Tape,
    code: &'a [Instruction],
    layout: &'a Layout,
    tables: Tables,
}

impl Writer<'_> {
    fn write_level(&mut self, level: &[u32], first_result: u32) {
        let mut done = 0;
        while done < level.len() {
            let result = first_result + done as u32;
            let may_extend = done > 0;
            done += match self.similar_sums(&level[done..]) {
                Some(sums) => self.write_sums(&sums, result, may_extend),
                None => self.write_one(self.code[level[done] as usize], result, may_extend),
            };
        }
    }

    /// The next [`LANES`] instructions if they are short sums, similar enough to run together.
    fn similar_sums(&self, level: &[u32]) -> Option<[Shape; LANES]> {
        let mut sums = [(0, 0, 0); LANES];
        for (sum, &i) in sums.iter_mut().zip(level.first_chunk::<LANES>()?) {
            match self.code[i as usize] {
                Instruction::Sum {
                    start,
                    n_positive,
                    n_negative,
                } if !is_interleaved(n_positive + n_negative) => {
                    *sum = (start, n_positive, n_negative);
                }
                Instruction::Sum { .. }
                | Instruction::Neg(_)
                | Instruction::Recip(_)
                | Instruction::Sqrt(_)
                | Instruction::Add(..)
                | Instruction::Sub(..)
                | Instruction::Mul(..)
                | Instruction::Div(..)
                | Instruction::Select(..)
                | Instruction::Call1(..)
                | Instruction::Call2(..) => return None,
            }
        }
        let (n_positive, n_negative) = padded_shape(&sums);
        let padded = (n_positive + n_negative) * LANES as u32;
        let needed = sums.iter().map(|s| s.1 + s.2).sum::<u32>();
        (padded <= needed + needed / 3).then_some(sums)
    }

    fn write_sums(&mut self, sums: &[Shape; LANES], result: u32, may_extend: bool) -> usize {
        let (n_positive, n_negative) = padded_shape(sums);
        self.start(
            Kind::Sums {
                n_positive,
                n_negative,
            },
            result,
            may_extend,
        );
        for rank in 0..n_positive {
            for &(start, n, _) in sums {
                self.operand_or(rank < n, start + rank, MINUS_ZERO);
            }
        }
        for rank in 0..n_negative {
            for &(start, skip, n) in sums {
                self.operand_or(rank < n, start + skip + rank, ZERO);
            }
        }
        LANES
    }

    fn operand_or(&mut self, exists: bool, index: u32, neutral: u32) {
        let place = if exists {
            self.layout.place(self.tape.operands[index as usize])
        } else {
            neutral
        };
        self.tables.operands.push(place);
    }

    fn write_one(&mut self, instruction: Instruction, result: u32, may_extend: bool) -> usize {
        self.start(kind_of(instruction), result, may_extend);
        let operands = &mut self.tables.operands;
        self.tape
            .for_each_operand(instruction, |slot| operands.push(self.layout.place(slot)));
        1
    }

    /// Lengthens the last batch, if it is of this level and kind, or begins one.
    fn start(&mut self, kind: Kind, result: u32, may_extend: bool) {
        match self.tables.batches.last_mut() {
            Some(batch) if may_extend && batch.kind == kind => batch.len += 1,
            Some(_) | None => {
                let operands = self.tables.operands.len() as u32;
                self.tables.batches.push(Batch {
                    kind,
                    result,
                    len: 1,
                    operands,
                });
            }
        }
    }
}

fn padded_shape(sums: &[Shape; LANES]) -> (u32, u32) {
    sums.iter().fold((0, 0), |shape, sum| {
        (shape.0.max(sum.1), shape.1.max(sum.2))
    })
}

fn kind_of(instruction: Instruction) -> Kind {
    match instruction {
        Instruction::Neg(_) => Kind::Neg,
        Instruction::Recip(_) => Kind::Recip,
        Instruction::Sqrt(_) => Kind::Sqrt,
        Instruction::Add(..) => Kind::Add,
        Instruction::Sub(..) => Kind::Sub,
        Instruction::Mul(..) => Kind::Mul,
        Instruction::Div(..) => Kind::Div,
        Instruction::Select(..) => Kind::Select,
        Instruction::Call1(op, _) => Kind::Call1(op),
        Instruction::Call2(op, ..) => Kind::Call2(op),
        Instruction::Sum {
            n_positive,
            n_negative,
            ..
        } if is_interleaved(n_positive + n_negative) => Kind::InterleavedSum {
            n_positive,
            n_negative,
        },
        Instruction::Sum {
            n_positive,
            n_negative,
            ..
        } => Kind::Sum {
            n_positive,
            n_negative,
        },
    }
}

impl Batch {
    /// `values` is the workspace before the first result, `results` the rest; `operands` begins with those of this batch.
    fn run(&self, values: &[f64], results: &mut [f64], operands: &[u32]) {
        let len = self.len as usize;
        let get = |place: u32| values[place as usize];
        match self.kind {
            Kind::Neg => unary(results, operands, len, |a| -get(a)),
            Kind::Recip => unary(results, operands, len, |a| 1.0 / get(a)),
            Kind::Sqrt => unary(results, operands, len, |a| get(a).sqrt()),
            Kind::Call1(op) => unary(results, operands, len, |a| op.apply(&[get(a)])),
            Kind::Add => binary(results, operands, len, |a, b| get(a) + get(b)),
            Kind::Sub => binary(results, operands, len, |a, b| get(a) - get(b)),
            Kind::Mul => binary(results, operands, len, |a, b| get(a) * get(b)),
            Kind::Div => binary(results, operands, len, |a, b| get(a) / get(b)),
            Kind::Call2(op) => binary(results, operands, len, |a, b| op.apply(&[get(a), get(b)])),
            Kind::Select => {
                let groups = operands.as_chunks::<3>().0.iter().take(len);
                for (result, &[c, a, b]) in results.iter_mut().zip(groups) {
                    *result = if get(c) != 0.0 { get(a) } else { get(b) };
                }
            }
            Kind::Sum {
                n_positive,
                n_negative,
            } => {
                let rows = operands
                    .chunks_exact((n_positive + n_negative) as usize)
                    .take(len);
                for (result, row) in results.iter_mut().zip(rows) {
                    let (positive, negative) = row.split_at(n_positive as usize);
                    let sum = positive[1..]
                        .iter()
                        .fold(get(positive[0]), |sum, &a| sum + get(a));
                    *result = negative.iter().fold(sum, |sum, &a| sum - get(a));
                }
            }
            Kind::Sums {
                n_positive,
                n_negative,
            } => {
                let groups = operands
                    .chunks_exact(LANES * (n_positive + n_negative) as usize)
                    .take(len);
                for (result, group) in results.as_chunks_mut::<LANES>().0.iter_mut().zip(groups) {
                    let mut sums = [-0.0; LANES];
                    accumulate(&mut sums, group, n_positive as usize, &get);
                    *result = sums;
                }
            }
            Kind::InterleavedSum {
                n_positive,
                n_negative,
            } => {
                let rows = operands
                    .chunks_exact((n_positive + n_negative) as usize)
                    .take(len);
                for (result, row) in results.iter_mut().zip(rows) {
                    *result = interleaved_sum(row, n_positive as usize, &get);
                }
            }
        }
    }
}

fn unary(results: &mut [f64], operands: &[u32], len: usize, f: impl Fn(u32) -> f64) {
    for (result, &a) in results[..len].iter_mut().zip(operands) {
        *result = f(a);
    }
}

fn binary(results: &mut [f64], operands: &[u32], len: usize, f: impl Fn(u32, u32) -> f64) {
    for (result, &[a, b]) in results[..len].iter_mut().zip(operands.as_chunks::<2>().0) {
        *result = f(a, b);
    }
}

/// Adds the first `n_positive` ranks of operands to four sums and subtracts the others.
#[inline(always)]
fn accumulate(
    sums: &mut [f64; LANES],
    operands: &[u32],
    n_positive: usize,
    get: &impl Fn(u32) -> f64,
) {
    let (positive, negative) = operands.as_chunks::<LANES>().0.split_at(n_positive);
    for rank in positive {
        for (sum, &a) in sums.iter_mut().zip(rank) {
            *sum += get(a);
        }
    }
    for rank in negative {
        for (sum, &a) in sums.iter_mut().zip(rank) {
            *sum -= get(a);
        }
    }
}

/// See [`is_interleaved`].
fn interleaved_sum(operands: &[u32], n_positive: usize, get: &impl Fn(u32) -> f64) -> f64 {
    let mut sums = [-0.0; LANES];
    for (rank, group) in operands.chunks(LANES).enumerate() {
        for (lane, (sum, &a)) in sums.iter_mut().zip(group).enumerate() {
            *sum += if rank * LANES + lane < n_positive {
                get(a)
            } else {
                -get(a)
            };
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}
