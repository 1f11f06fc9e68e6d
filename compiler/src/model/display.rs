//! A model as stable text: what `show --stage terms` prints.

use std::fmt::{self, Display, Formatter};

use super::entities::{
    Model, Parameter, Plot, Rate, Reaction, Save, Simulate, State, StateId, StateKind,
};
use super::unit::Unit;
use crate::terms::{Number, Term};

impl Display for Model {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "model {}", self.name)?;
        if let Some(doc) = &self.doc {
            write!(f, " {doc:?}")?;
        }
        writeln!(f)?;
        if let Some(unit) = &self.time_unit {
            writeln!(f, "time in {}", unit.text)?;
        }
        for p in &self.parameters {
            self.write_parameter(f, p)?;
        }
        for s in &self.states {
            self.write_state(f, s)?;
        }
        for o in &self.observables {
            let unit = WithUnit(&o.unit);
            writeln!(f, "let {}{unit} = {}", o.name, self.term(o.value))?;
        }
        for r in &self.reactions {
            self.write_reaction(f, r)?;
        }
        for (state, rate) in &self.rates {
            writeln!(f, "dt({}) += {}", self.state(*state), self.term(*rate))?;
        }
        for x in &self.experiments {
            self.write_simulate(f, x)?;
        }
        for p in &self.plots {
            self.write_plot(f, p)?;
        }
        for r in &self.rules {
            writeln!(f, "rule {}", r.name)?;
        }
        Ok(())
    }
}

struct WithUnit<'a>(&'a Option<Unit>);

impl Display for WithUnit<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(unit) => write!(f, ": {}", unit.text),
            None => Ok(()),
        }
    }
}

impl Model {
    fn term(&self, term: Term) -> impl Display + '_ {
        self.pool.display(term)
    }

    fn state(&self, id: StateId) -> &str {
        &self.states[id.0 as usize].name
    }

    fn write_parameter(&self, f: &mut Formatter<'_>, p: &Parameter) -> fmt::Result {
        let keyword = if p.is_const { "const" } else { "param" };
        let unit = WithUnit(&p.unit);
        writeln!(f, "{keyword} {}{unit} = {}", p.name, self.term(p.value))
    }

    fn write_state(&self, f: &mut Formatter<'_>, s: &State) -> fmt::Result {
        let keyword = match s.kind {
            StateKind::Species => "species",
            StateKind::FixedSpecies => "fixed species",
            StateKind::Variable => "var",
        };
        let unit = WithUnit(&s.unit);
        writeln!(f, "{keyword} {}{unit} = {}", s.name, self.term(s.initial))
    }

    fn write_reaction(&self, f: &mut Formatter<'_>, r: &Reaction) -> fmt::Result {
        if let Some(name) = &r.name {
            write!(f, "{name}: ")?;
        }
        self.write_side(f, &r.reactants)?;
        f.write_str(match r.rate {
            Rate::MassAction { .. } => " -> ",
            Rate::Law(_) => " => ",
        })?;
        self.write_side(f, &r.products)?;
        match r.rate {
            Rate::MassAction { constant, .. } => writeln!(f, " @ {}", self.term(constant)),
            Rate::Law(law) => writeln!(f, " @ {}", self.term(law)),
        }
    }

    fn write_side(&self, f: &mut Formatter<'_>, side: &[(StateId, Number)]) -> fmt::Result {
        if side.is_empty() {
            return f.write_str("0");
        }
        for (i, (state, n)) in side.iter().enumerate() {
            if i > 0 {
                f.write_str(" + ")?;
            }
            if !n.is_one() {
                write!(f, "{n} ")?;
            }
            f.write_str(self.state(*state))?;
        }
        Ok(())
    }

    fn write_simulate(&self, f: &mut Formatter<'_>, x: &Simulate) -> fmt::Result {
        write!(f, "simulate {} {{ until = {}", x.name, self.term(x.until))?;
        write!(f, "; save = {}; solver = {}", x.save, x.solver)?;
        write!(f, "; rtol = {:e}; atol = {:e}", x.rtol, x.atol)?;
        for (state, atol) in &x.atol_of {
            write!(f, "; atol {} = {atol:e}", self.state(*state))?;
        }
        if let Some(n) = x.max_steps {
            write!(f, "; max_steps = {n}")?;
        }
        if !x.outputs.is_empty() {
            write!(f, "; output = {}", x.outputs.join(", "))?;
        }
        writeln!(f, " }}")
    }

    fn write_plot(&self, f: &mut Formatter<'_>, p: &Plot) -> fmt::Result {
        write!(f, "plot {} {{ ", p.name)?;
        for (i, curve) in p.curves.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{:?}: {}", curve.label, self.term(curve.value))?;
        }
        if let Some(x) = &p.against {
            write!(f, " against {:?}: {}", x.label, self.term(x.value))?;
        }
        if p.log_x {
            f.write_str("; logx")?;
        }
        if p.log_y {
            f.write_str("; logy")?;
        }
        if let Some(of) = p.of {
            write!(f, "; of {}", self.experiments[of].name)?;
        }
        if let Some(title) = &p.title {
            write!(f, "; {title:?}")?;
        }
        writeln!(f, " }}")
    }
}

impl Display for Save {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Save::Points(n) => write!(f, "points({n})"),
            Save::Every(dt) => write!(f, "every({dt})"),
            Save::Log(from, to, n) => write!(f, "log({from:e}, {to:e}, {n})"),
            Save::List(times) => write!(f, "{times:?}"),
            Save::Steps => f.write_str("steps"),
        }
    }
}
