//! A model as stable text: what `show --stage terms` prints.

use std::fmt::{self, Display, Formatter};

use super::entities::{
    Axis, Condition, ConditionKind, Domain, DomainId, FieldFormat, Method, Model, NumericalFlux,
    Parameter, Plot, PlotKind, PointDataKind, Rate, Reaction, Save, Side, Simulate, State, StateId,
    StateKind,
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
        for d in &self.domains {
            self.write_domain(f, d)?;
        }
        for s in &self.states {
            self.write_state(f, s)?;
        }
        for s in &self.solved {
            let (unit, on) = (WithUnit(&s.unit), self.on(s.domain));
            writeln!(f, "field {}{unit}{on}", s.name)?;
        }
        for o in &self.observables {
            let (unit, on) = (WithUnit(&o.unit), self.on(o.domain));
            writeln!(f, "let {}{unit}{on} = {}", o.name, self.term(o.value))?;
        }
        for r in &self.reactions {
            self.write_reaction(f, r)?;
        }
        for (state, rate) in &self.rates {
            writeln!(f, "dt({}) += {}", self.state(*state), self.term(*rate))?;
        }
        for (state, diffusion) in &self.diffusion {
            let diffusion = self.term(*diffusion);
            writeln!(f, "diffusion of {} = {diffusion}", self.state(*state))?;
        }
        for c in &self.constraints {
            let (unknown, residual) = (&self.solved[c.unknown].name, self.term(c.residual));
            write!(f, "constraint for {unknown}: {residual} = 0")?;
            if let Some(mean) = c.mean {
                write!(f, ", mean({unknown}) = {}", self.term(mean))?;
            }
            writeln!(f)?;
        }
        for c in &self.conditions {
            self.write_condition(f, c)?;
        }
        for s in &self.schemes {
            match &s.axis {
                Some(axis) => writeln!(f, "scheme {axis}: {}", s.method)?,
                None => writeln!(f, "scheme {}", s.method)?,
            }
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
            StateKind::Variable if s.domain.is_some() => "field",
            StateKind::Variable => "var",
        };
        let (unit, on, initial) = (WithUnit(&s.unit), self.on(s.domain), self.term(s.initial));
        writeln!(f, "{keyword} {}{unit}{on} = {initial}", s.name)
    }

    /// ` on line`
    fn on(&self, domain: Option<DomainId>) -> String {
        match domain {
            Some(domain) => format!(" on {}", self.domains[domain.0 as usize].name),
            None => String::new(),
        }
    }

    fn write_domain(&self, f: &mut Formatter<'_>, d: &Domain) -> fmt::Result {
        write!(f, "domain {}:", d.name)?;
        for (i, axis) in d.axes.iter().enumerate() {
            f.write_str(if i == 0 { " " } else { "; " })?;
            self.write_axis(f, axis)?;
        }
        writeln!(f)
    }

    fn write_axis(&self, f: &mut Formatter<'_>, axis: &Axis) -> fmt::Result {
        let unit = WithUnit(&axis.unit);
        let (from, to) = (self.term(axis.from), self.term(axis.to));
        write!(f, "{}{unit} in {from}..{to}", axis.name)?;
        write!(f, ", {} points", axis.points)?;
        if axis.periodic {
            f.write_str(", periodic")?;
        }
        match axis.map {
            Some(map) => write!(f, ", map {}", self.term(map)),
            None => Ok(()),
        }
    }

    fn write_condition(&self, f: &mut Formatter<'_>, c: &Condition) -> fmt::Result {
        let axis = &self.domains[c.face.domain.0 as usize].axes[c.face.axis];
        let place = match c.face.side {
            Side::Lower => axis.from,
            Side::Upper => axis.to,
        };
        write!(f, "at {} = {}: ", axis.name, self.term(place))?;
        match c.kind {
            ConditionKind::Equation(residual) => writeln!(f, "{} = 0", self.term(residual)),
            ConditionKind::Outflow(state) => writeln!(f, "outflow({})", self.state(state)),
        }
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
        if let Some(dt) = x.dt {
            write!(f, "; dt = {dt:e}")?;
        }
        if let Some(format) = x.fields {
            write!(f, "; fields = {}", format.name())?;
        }
        writeln!(f, " }}")
    }

    fn write_plot(&self, f: &mut Formatter<'_>, p: &Plot) -> fmt::Result {
        write!(f, "plot {} {{ ", p.name)?;
        f.write_str(match p.kind {
            PlotKind::Curves => "",
            PlotKind::Heatmap => "heatmap ",
            PlotKind::SpaceTime => "space ",
            PlotKind::Lines(_) => "line ",
            PlotKind::Movie => "movie ",
        })?;
        for (i, curve) in p.curves.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{:?}: {}", curve.label, self.term(curve.value))?;
        }
        if let PlotKind::Lines(times) = &p.kind {
            write!(f, " at {times:?}")?;
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

impl Display for PointDataKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            PointDataKind::Normal(seed) => write!(f, "noise({seed})"),
            PointDataKind::Uniform(seed) => write!(f, "uniform({seed})"),
            PointDataKind::File { path, variable } => write!(f, "data({path:?}, {variable:?})"),
        }
    }
}

impl Display for Method {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Method::Fourier => f.write_str("fourier"),
            Method::Chebyshev => f.write_str("chebyshev"),
            Method::Central { order } => write!(f, "central(order = {order})"),
            Method::Upwind { order } => write!(f, "upwind(order = {order})"),
            Method::Weno { flux } => write!(f, "weno(order = 5, flux = {})", flux.name()),
        }
    }
}

impl NumericalFlux {
    /// As users write it.
    pub fn name(self) -> &'static str {
        match self {
            NumericalFlux::LaxFriedrichs => "lax_friedrichs",
            NumericalFlux::Hll => "hll",
        }
    }
}

impl FieldFormat {
    /// As users write it.
    pub fn name(self) -> &'static str {
        match self {
            FieldFormat::Npz => "npz",
            FieldFormat::Zarr => "zarr",
            FieldFormat::Csv => "csv",
            FieldFormat::None => "none",
        }
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
