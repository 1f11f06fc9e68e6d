//! A space program as stable text.

use std::fmt::{self, Display, Formatter};

use super::program::{
    ArrayKind, Closure, Cut, Flux, GridAxis, Mean, Multiplier, NodeKind, NumericalFlux, Read,
    Reduction, Side, SpaceProgram, Split, Step,
};
use crate::terms::{Number, Pool, SymbolId, Term};

/// Something of a space program with the pool of its terms.
pub struct SpaceText<'a, T> {
    pool: &'a Pool,
    what: &'a T,
}

impl SpaceProgram {
    /// As text, one step per line.
    pub fn display<'a>(&'a self, pool: &'a Pool) -> SpaceText<'a, SpaceProgram> {
        SpaceText { pool, what: self }
    }
}

impl Split {
    /// As text: the multipliers, then the program of the rest.
    pub fn display<'a>(&'a self, pool: &'a Pool) -> SpaceText<'a, Split> {
        SpaceText { pool, what: self }
    }
}

impl<'a, T> SpaceText<'a, T> {
    fn of<U>(&self, what: &'a U) -> SpaceText<'a, U> {
        SpaceText {
            pool: self.pool,
            what,
        }
    }

    fn term(&self, term: Term) -> impl Display + 'a {
        self.pool.display(term)
    }

    fn name(&self, symbol: SymbolId) -> &'a str {
        self.pool.symbol_name(symbol)
    }

    fn reads(&self, reads: &[Read]) -> String {
        let text = reads.iter().map(|r| {
            format!(
                "{} = a{}{}",
                self.name(r.symbol),
                r.array.0,
                offset(r.offset)
            )
        });
        text.collect::<Vec<_>>().join(", ")
    }
}

impl Display for SpaceText<'_, SpaceProgram> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let program = self.what;
        for axis in &program.grid.axes {
            write!(f, "{}", self.of(axis))?;
        }
        for (symbol, term) in &program.constants {
            writeln!(f, "constant {} = {}", self.name(*symbol), self.term(*term))?;
        }
        write!(f, "inputs")?;
        for array in &program.inputs {
            let kind = match program.kind(*array) {
                ArrayKind::Nodes => "nodes",
                ArrayKind::Modes => "modes",
            };
            write!(f, " a{}: {kind}", array.0)?;
        }
        writeln!(f)?;
        for closure in &program.closures {
            write!(f, "{}", self.of(closure))?;
        }
        for step in &program.setup {
            write!(f, "once {}", self.of(step))?;
        }
        for step in &program.steps {
            write!(f, "{}", self.of(step))?;
        }
        write!(f, "outputs")?;
        program
            .outputs
            .iter()
            .try_for_each(|a| write!(f, " a{}", a.0))?;
        program
            .reductions
            .iter()
            .try_for_each(|s| write!(f, " {}", self.name(*s)))?;
        writeln!(f)
    }
}

impl Display for SpaceText<'_, Split> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (row, column, multiplier) in &self.what.linear {
            writeln!(f, "linear {row}, {column}: {}", self.of(multiplier))?;
        }
        writeln!(f, "keep {}", self.what.keep)?;
        write!(f, "{}", self.of(&self.what.nonlinear))
    }
}

impl Display for SpaceText<'_, GridAxis> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let axis = self.what;
        let nodes = match axis.nodes {
            NodeKind::Ends => "ends",
            NodeKind::Periodic => "periodic",
            NodeKind::Cells { periodic: false } => "cells",
            NodeKind::Cells { periodic: true } => "cells, periodic",
            NodeKind::Lobatto => "lobatto",
        };
        let (from, to) = (self.term(axis.from), self.term(axis.to));
        write!(
            f,
            "axis {} in {from}..{to}, {} points, {nodes}",
            axis.name, axis.points
        )?;
        if let Some((_, map)) = axis.map {
            write!(f, ", map {}", self.term(map))?;
        }
        writeln!(
            f,
            "{}",
            if axis.transformed {
                ", transformed"
            } else {
                ""
            }
        )
    }
}

impl Display for SpaceText<'_, Closure> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let closure = self.what;
        let side = match closure.side {
            Side::Lower => "lower",
            Side::Upper => "upper",
        };
        writeln!(
            f,
            "close a{} at the {side} end of axis {} with {}",
            closure.array.0,
            closure.axis,
            self.reads(&closure.reads)
        )?;
        if let Some(node) = closure.node {
            writeln!(f, "  node = {}", self.term(node))?;
        }
        for (layer, ghost) in closure.ghosts.iter().enumerate() {
            writeln!(f, "  ghost {} = {}", layer + 1, self.term(*ghost))?;
        }
        Ok(())
    }
}

impl Display for SpaceText<'_, Step> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.what {
            Step::Pointwise { reads, outputs } => {
                writeln!(f, "pointwise {}", self.reads(reads))?;
                for (array, term) in outputs {
                    writeln!(f, "  a{} = {}", array.0, self.term(*term))?;
                }
                Ok(())
            }
            Step::Forward { from, to } => writeln!(f, "a{} = forward a{}", to.0, from.0),
            Step::Inverse { from, to } => writeln!(f, "a{} = inverse a{}", to.0, from.0),
            Step::Diagonal {
                terms,
                to,
                keep,
                mean,
            } => {
                write!(f, "a{} = diagonal", to.0)?;
                for (i, (array, multiplier)) in terms.iter().enumerate() {
                    write!(
                        f,
                        "{} ({})*a{}",
                        if i == 0 { "" } else { " +" },
                        self.of(multiplier),
                        array.0
                    )?;
                }
                write!(f, ", keep {keep}")?;
                match mean {
                    Mean::Computed => writeln!(f),
                    Mean::Raised(mean) => writeln!(f, ", mean raised by {}", self.term(*mean)),
                    Mean::Set(mean) => writeln!(f, ", mean {}", self.term(*mean)),
                }
            }
            Step::Along {
                axis,
                from,
                to,
                order,
            } => {
                writeln!(
                    f,
                    "a{} = derivative {order} along axis {axis} of a{}",
                    to.0, from.0
                )
            }
            Step::Flux(flux) => write!(f, "{}", self.of(flux)),
            Step::Reduce { from, kind, to } => {
                let kind = match kind {
                    Reduction::Mean => "mean",
                    Reduction::Integral => "integral",
                    Reduction::Minimum => "minimum",
                    Reduction::Maximum => "maximum",
                };
                writeln!(f, "{} = {kind} a{}", self.name(*to), from.0)
            }
            Step::Solve(solve) => {
                write!(f, "a{} = solve", solve.to.0)?;
                for (o, coefficient) in &solve.operator {
                    write!(f, " ({})*[{}]", self.term(*coefficient), offset(*o))?;
                }
                write!(f, " = a{}", solve.from.0)?;
                solve
                    .mean
                    .iter()
                    .try_for_each(|mean| write!(f, ", mean {}", self.term(*mean)))?;
                writeln!(f)
            }
        }
    }
}

impl Display for SpaceText<'_, Flux> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let flux = self.what;
        let kind = match flux.kind {
            NumericalFlux::LaxFriedrichs => "lax_friedrichs",
            NumericalFlux::Hll => "hll",
        };
        let (slow, fast) = (self.term(flux.speeds.0), self.term(flux.speeds.1));
        writeln!(
            f,
            "flux {kind} along axis {} of {}, speeds {slow} to {fast}",
            flux.axis,
            self.reads(&flux.states)
        )?;
        for ((array, term), state) in flux.to.iter().zip(&flux.flux).zip(&flux.conserved) {
            let state = self.name(flux.states[*state].symbol);
            writeln!(f, "  a{} from {state} by {}", array.0, self.term(*term))?;
        }
        Ok(())
    }
}

impl Display for SpaceText<'_, Multiplier> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let is_zero = |t| self.pool.as_number(t).is_some_and(Number::is_zero);
        let (re, im) = (self.term(self.what.re), self.term(self.what.im));
        match (is_zero(self.what.re), is_zero(self.what.im)) {
            (_, true) => write!(f, "{re}"),
            (true, false) => write!(f, "i*({im})"),
            (false, false) => write!(f, "{re} + i*({im})"),
        }
    }
}

impl Display for Cut {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Cut::All => write!(f, "all"),
            Cut::Fraction(fraction) => write!(f, "{fraction}"),
            Cut::Filter { order } => write!(f, "filter {order}"),
        }
    }
}

/// `(1, 0, 0)` as `[+1]`, nothing for the node itself.
fn offset(offset: [i8; 3]) -> String {
    if offset == [0; 3] {
        return String::new();
    }
    let used = offset
        .iter()
        .rposition(|o| *o != 0)
        .map_or(0, |last| last + 1);
    let parts: Vec<String> = offset[..used].iter().map(|o| format!("{o:+}")).collect();
    format!("[{}]", parts.join(","))
}
