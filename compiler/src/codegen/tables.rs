//! The first tier: a tape as tables of operand positions, walked by loops. Ready at once.
//!
//! All values stand in one array, the workspace. Steps are sorted by level (as late as their users allow) and by kind; equal neighbours form a
//! [`Batch`] whose results stand side by side, so that a batch is one tight loop over operand positions. A batch of one costs little more than
//! an interpreted instruction, so small and deep tapes need no engine of their own. Short sums run four rows at a time.

use super::fuse::{Kind, Step, Steps};
use super::layout::{Layout, Levels, MINUS_ZERO, ZERO};
use super::tape::{LANES, Slot, is_interleaved};

/// How the steps of a batch are laid out and run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// The operand positions of one step stand side by side.
    Each(Kind),
    /// [`LANES`] sums at once: the operand positions of the same rank stand side by side. Number of added and of subtracted ranks.
    FourSums(u32, u32),
}

/// Equal steps with results side by side.
#[derive(Debug, Clone, Copy)]
struct Batch {
    shape: Shape,
    /// Position of the first result.
    result: u32,
    /// Number of steps, or of groups of four sums.
    len: u32,
    /// First of its operand positions.
    operands: u32,
}

/// Executable tables.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    batches: Vec<Batch>,
    operands: Vec<u32>,
}

impl Tables {
    /// Tables for steps whose results stand as `levels` of the layout say.
    pub(super) fn new(steps: &Steps, layout: &Layout, levels: &Levels) -> Tables {
        let mut writer = Writer {
            steps,
            layout,
            tables: Tables::default(),
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

/// Added and subtracted operands of a sum.
type Sum<'a> = (&'a [Slot], &'a [Slot]);

struct Writer<'a> {
    steps: &'a Steps,
    layout: &'a Layout,
    tables: Tables,
}

impl<'a> Writer<'a> {
    fn write_level(&mut self, level: &[u32], first_result: u32) {
        let mut done = 0;
        while done < level.len() {
            let result = first_result + done as u32;
            let may_extend = done > 0;
            done += match self.similar_sums(&level[done..]) {
                Some(sums) => self.write_four_sums(&sums, result, may_extend),
                None => self.write_one(self.step(level[done]), result, may_extend),
            };
        }
    }

    fn step(&self, i: u32) -> &'a Step {
        &self.steps.steps[i as usize]
    }

    /// The next [`LANES`] steps if they are short sums, similar enough to run together.
    fn similar_sums(&self, level: &[u32]) -> Option<[Sum<'a>; LANES]> {
        let mut sums = [Sum::default(); LANES];
        for (sum, &i) in sums.iter_mut().zip(level.first_chunk::<LANES>()?) {
            let step = self.step(i);
            let Kind::Sum(n_positive, n_negative) = step.kind else {
                return None;
            };
            if is_interleaved(n_positive + n_negative) {
                return None;
            }
            *sum = self.steps.operands(step).split_at(n_positive as usize);
        }
        let (n_positive, n_negative) = padded_shape(&sums);
        let padded = (n_positive + n_negative) * LANES;
        let needed = sums
            .iter()
            .map(|sum| sum.0.len() + sum.1.len())
            .sum::<usize>();
        (padded <= needed + needed / 3).then_some(sums)
    }

    fn write_four_sums(&mut self, sums: &[Sum; LANES], result: u32, may_extend: bool) -> usize {
        let (n_positive, n_negative) = padded_shape(sums);
        self.start(
            Shape::FourSums(n_positive as u32, n_negative as u32),
            result,
            may_extend,
        );
        for rank in 0..n_positive {
            sums.iter()
                .for_each(|sum| self.write_operand(sum.0.get(rank), MINUS_ZERO));
        }
        for rank in 0..n_negative {
            sums.iter()
                .for_each(|sum| self.write_operand(sum.1.get(rank), ZERO));
        }
        LANES
    }

    fn write_operand(&mut self, slot: Option<&Slot>, neutral: u32) {
        let place = slot.map_or(neutral, |&slot| self.layout.place(slot));
        self.tables.operands.push(place);
    }

    fn write_one(&mut self, step: &Step, result: u32, may_extend: bool) -> usize {
        self.start(Shape::Each(step.kind), result, may_extend);
        let places = self
            .steps
            .operands(step)
            .iter()
            .map(|&slot| self.layout.place(slot));
        self.tables.operands.extend(places);
        1
    }

    /// Lengthens the last batch, if it is of this level and shape, or begins one.
    fn start(&mut self, shape: Shape, result: u32, may_extend: bool) {
        match self.tables.batches.last_mut() {
            Some(batch) if may_extend && batch.shape == shape => batch.len += 1,
            Some(_) | None => {
                let operands = self.tables.operands.len() as u32;
                self.tables.batches.push(Batch {
                    shape,
                    result,
                    len: 1,
                    operands,
                });
            }
        }
    }
}

fn padded_shape(sums: &[Sum; LANES]) -> (usize, usize) {
    sums.iter().fold((0, 0), |shape, sum| {
        (shape.0.max(sum.0.len()), shape.1.max(sum.1.len()))
    })
}

impl Batch {
    /// `values` is the workspace before the first result, `results` the rest; `operands` begins with those of this batch.
    fn run(&self, values: &[f64], results: &mut [f64], operands: &[u32]) {
        let len = self.len as usize;
        match self.shape {
            Shape::FourSums(n_positive, n_negative) => {
                four_sums(
                    values,
                    &mut results[..len * LANES],
                    operands,
                    n_positive as usize,
                    n_negative as usize,
                );
            }
            Shape::Each(kind) => run_each(kind, values, &mut results[..len], operands),
        }
    }
}

fn run_each(kind: Kind, values: &[f64], results: &mut [f64], operands: &[u32]) {
    let get = |place: u32| values[place as usize];
    let product2 = |[a, b]: [u32; 2]| get(a) * get(b);
    let product3 = |[a, b, c]: [u32; 3]| get(a) * get(b) * get(c);
    match kind {
        Kind::Neg => each(results, operands, |[a]| -get(a)),
        Kind::Recip => each(results, operands, |[a]| 1.0 / get(a)),
        Kind::Sqrt => each(results, operands, |[a]| get(a).sqrt()),
        Kind::Call1(op) => each(results, operands, |[a]| op.apply(&[get(a)])),
        Kind::Div => each(results, operands, |[a, b]| get(a) / get(b)),
        Kind::Call2(op) => each(results, operands, |[a, b]| op.apply(&[get(a), get(b)])),
        Kind::Call3(op) => each(results, operands, |[a, b, c]| {
            op.apply(&[get(a), get(b), get(c)])
        }),
        Kind::Select => each(results, operands, |[c, a, b]| {
            if get(c) != 0.0 { get(a) } else { get(b) }
        }),
        Kind::Product2 => each(results, operands, product2),
        Kind::Product3 => each(results, operands, product3),
        Kind::Total11 => each(results, operands, |[a, b]| get(a) + get(b)),
        Kind::Total21 => each(results, operands, |[a, b, c]| product2([a, b]) + get(c)),
        Kind::Total22 => each(results, operands, |[a, b, c, d]| {
            product2([a, b]) + product2([c, d])
        }),
        Kind::Total31 => each(results, operands, |[a, b, c, d]| {
            product3([a, b, c]) + get(d)
        }),
        Kind::Total32 => each(results, operands, |[a, b, c, d, e]| {
            product3([a, b, c]) + product2([d, e])
        }),
        Kind::Total33 => each(results, operands, |[a, b, c, d, e, f]| {
            product3([a, b, c]) + product3([d, e, f])
        }),
        Kind::Difference11 => each(results, operands, |[a, b]| get(a) - get(b)),
        Kind::Difference12 => each(results, operands, |[a, b, c]| get(a) - product2([b, c])),
        Kind::Difference13 => each(results, operands, |[a, b, c, d]| {
            get(a) - product3([b, c, d])
        }),
        Kind::Difference21 => each(results, operands, |[a, b, c]| product2([a, b]) - get(c)),
        Kind::Difference22 => each(results, operands, |[a, b, c, d]| {
            product2([a, b]) - product2([c, d])
        }),
        Kind::Difference23 => each(results, operands, |[a, b, c, d, e]| {
            product2([a, b]) - product3([c, d, e])
        }),
        Kind::Difference31 => each(results, operands, |[a, b, c, d]| {
            product3([a, b, c]) - get(d)
        }),
        Kind::Difference32 => each(results, operands, |[a, b, c, d, e]| {
            product3([a, b, c]) - product2([d, e])
        }),
        Kind::Difference33 => each(results, operands, |[a, b, c, d, e, f]| {
            product3([a, b, c]) - product3([d, e, f])
        }),
        Kind::Sum(n_positive, n_negative) => {
            let rows = operands.chunks_exact((n_positive + n_negative) as usize);
            let sum = if is_interleaved(n_positive + n_negative) {
                interleaved_sum
            } else {
                sum_in_order
            };
            for (result, row) in results.iter_mut().zip(rows) {
                *result = sum(row, n_positive as usize, values);
            }
        }
    }
}

#[inline(always)]
fn each<const N: usize>(results: &mut [f64], operands: &[u32], compute: impl Fn([u32; N]) -> f64) {
    for (result, &operands) in results.iter_mut().zip(operands.as_chunks::<N>().0) {
        *result = compute(operands);
    }
}

fn four_sums(
    values: &[f64],
    results: &mut [f64],
    operands: &[u32],
    n_positive: usize,
    n_negative: usize,
) {
    let get = |place: u32| values[place as usize];
    let groups = operands.chunks_exact(LANES * (n_positive + n_negative));
    for (result, group) in results.as_chunks_mut::<LANES>().0.iter_mut().zip(groups) {
        let (positive, negative) = group.as_chunks::<LANES>().0.split_at(n_positive);
        // Every sum has an added operand.
        let mut sums = positive[0].map(get);
        for rank in &positive[1..] {
            sums = std::array::from_fn(|lane| sums[lane] + get(rank[lane]));
        }
        for rank in negative {
            sums = std::array::from_fn(|lane| sums[lane] - get(rank[lane]));
        }
        *result = sums;
    }
}

fn sum_in_order(operands: &[u32], n_positive: usize, values: &[f64]) -> f64 {
    let get = |&place: &u32| values[place as usize];
    let (positive, negative) = operands.split_at(n_positive);
    let sum = positive[1..]
        .iter()
        .fold(get(&positive[0]), |sum, a| sum + get(a));
    negative.iter().fold(sum, |sum, a| sum - get(a))
}

/// See [`is_interleaved`].
fn interleaved_sum(operands: &[u32], n_positive: usize, values: &[f64]) -> f64 {
    let get = |place: u32| values[place as usize];
    let (groups, rest) = operands.as_chunks::<LANES>();
    let (positive, others) = groups.split_at(n_positive / LANES);
    // Adding to -0.0 and subtracting from it are exact.
    let mut sums = [-0.0; LANES];
    for group in positive {
        sums = std::array::from_fn(|lane| sums[lane] + get(group[lane]));
    }
    // The group in which the subtracted operands begin, then only subtracted ones.
    let n_added = n_positive % LANES;
    let (mixed, negative) = others.split_at(others.len().min(1));
    for group in mixed {
        sums = std::array::from_fn(|lane| {
            let value = get(group[lane]);
            if lane < n_added {
                sums[lane] + value
            } else {
                sums[lane] - value
            }
        });
    }
    for group in negative {
        sums = std::array::from_fn(|lane| sums[lane] - get(group[lane]));
    }
    let n_added = if others.is_empty() { n_added } else { 0 };
    for (lane, (sum, &a)) in sums.iter_mut().zip(rest).enumerate() {
        *sum += if lane < n_added { get(a) } else { -get(a) };
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}
