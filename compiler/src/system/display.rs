//! A system as stable text: what `show --stage system` and snapshots print.
use std::fmt::{self, Display, Formatter};

use super::System;
use super::conservation::ConservedTotal;
use super::equations::Block;
use super::jacobian::Jacobian;
use crate::model::entities::StateKind;
use crate::terms::{Number, Outputs, Pool, latex_name};

impl Display for System {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "system {}", self.name)?;
        for p in &self.parameters {
            let keyword = if p.is_const { "const" } else { "param" };
            writeln!(f, "{keyword} {} = {}", p.name, self.pool.display(p.value))?;
        }
        for s in &self.states {
            let keyword = match s.kind {
                StateKind::Species => "species",
                StateKind::FixedSpecies => "fixed species",
                StateKind::Variable => "var",
            };
            writeln!(f, "{keyword} {} = {}", s.name, self.pool.display(s.initial))?;
        }
        for o in &self.observables {
            writeln!(f, "let {} = {}", o.name, self.pool.display(o.value))?;
        }
        for block in &self.blocks {
            match block {
                Block::Network(network) => {
                    writeln!(f, "network")?;
                    write!(f, "{}", self.rates_text(network))?;
                }
                Block::Grid(grid) => write!(f, "{}", grid.display(&self.pool))?,
                Block::Scalar(rows) => {
                    writeln!(f, "scalar")?;
                    for (state, term) in rows {
                        let name = &self.states[state.0 as usize].name;
                        writeln!(f, "  dt({name}) += {}", self.pool.display(*term))?;
                    }
                }
            }
        }
        for total in &self.conserved {
            write!(f, "conserved ")?;
            self.total(total, f)?;
            writeln!(f)?;
        }
        Ok(())
    }
}

impl System {
    /// The network blocks: shared values, then one row per state that they change.
    pub fn network_text(&self) -> String {
        self.networks()
            .map(|n| self.rates_text(n).to_string())
            .collect()
    }

    /// The programs of the grid blocks.
    pub fn space_text(&self) -> String {
        let programs = self
            .grids()
            .map(|grid| grid.programs.display(&self.pool).to_string());
        programs.collect()
    }

    /// The equations as LaTeX lines, one per state that changes; shared values are written out.
    pub fn latex(&self) -> String {
        let mut pool = self.pool.clone();
        let rhs = self.right_hand_side();
        let mut text = String::from("\\begin{align*}\n");
        for (i, state) in self.states.iter().enumerate() {
            if rhs.row(i).is_empty() {
                continue;
            }
            let rate = rhs.row_term(&mut pool, i);
            let (name, rate) = (latex_name(&state.name), pool.latex(rate));
            text += &format!("\\frac{{\\mathrm{{d}}{name}}}{{\\mathrm{{d}}t}} &= {rate} \\\\\n");
        }
        text + "\\end{align*}\n"
    }

    fn rates_text<'a>(&'a self, outputs: &'a Outputs) -> OutputsText<'a> {
        let rows = self.states.iter().map(|s| format!("dt({})", s.name));
        self.outputs_text(outputs, rows.collect())
    }

    fn outputs_text<'a>(&'a self, outputs: &'a Outputs, rows: Vec<String>) -> OutputsText<'a> {
        let pool = &self.pool;
        OutputsText {
            pool,
            outputs,
            rows,
        }
    }

    fn total(&self, total: &ConservedTotal, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, (state, weight)) in total.weights.iter().enumerate() {
            sign(i, *weight < 0.0, f)?;
            if weight.abs() != 1.0 {
                write!(f, "{}*", weight.abs())?;
            }
            f.write_str(&self.states[*state as usize].name)?;
        }
        Ok(())
    }
}

impl Jacobian {
    /// The shared partial derivatives, then one entry of the pattern per line, column by column.
    pub fn text(&self, system: &System) -> String {
        let name = |i: u32| system.states[i as usize].name.as_str();
        let columns = self.pattern.column_starts.windows(2).zip(0..);
        let rows = columns.flat_map(|(range, column)| {
            let entries = &self.pattern.row_indices[range[0] as usize..range[1] as usize];
            entries
                .iter()
                .map(move |&row| format!("d dt({})/d {}", name(row), name(column)))
        });
        system
            .outputs_text(&self.values, rows.collect())
            .to_string()
    }
}

/// Outputs as stable text: `v0 = …` for the shared values, then `NAME = v0 - 2*v3` for the rows that are not empty.
struct OutputsText<'a> {
    pool: &'a Pool,
    outputs: &'a Outputs,
    rows: Vec<String>,
}

impl Display for OutputsText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (k, value) in self.outputs.values.iter().enumerate() {
            writeln!(f, "  v{k} = {}", self.pool.display(*value))?;
        }
        for (i, name) in self.rows.iter().enumerate() {
            if !self.outputs.row(i).is_empty() {
                write!(f, "  {name} = ")?;
                combination(self.outputs.row(i), f)?;
                writeln!(f)?;
            }
        }
        Ok(())
    }
}

fn combination(row: &[(u32, Number)], f: &mut Formatter<'_>) -> fmt::Result {
    for (i, (k, coefficient)) in row.iter().enumerate() {
        let negative = coefficient.signum() < 0;
        sign(i, negative, f)?;
        let size = if negative {
            -coefficient
        } else {
            coefficient.clone()
        };
        if !size.is_one() {
            write!(f, "{size}*")?;
        }
        write!(f, "v{k}")?;
    }
    Ok(())
}

fn sign(position: usize, negative: bool, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(match (position, negative) {
        (0, false) => "",
        (0, true) => "-",
        (_, false) => " + ",
        (_, true) => " - ",
    })
}
