//! The text of a corrected model: what was found becomes parameters, terms and reactions in the user's own file.

use ansatz_compiler::model::discovery::{Candidate, Discover, Form};
use ansatz_compiler::model::entities::State;
use ansatz_compiler::source::Source;
use ansatz_compiler::syntax::Ast;
use ansatz_compiler::syntax::amend::{Amendments, amend, new_name};
use ansatz_compiler::terms::Number;
use ansatz_runtime::experiment::{Finding, Found};

/// Standard errors on each side of a 95 % credible interval of a normal posterior.
const INTERVAL_95: f64 = 1.959_964;
/// Digits kept below the first of the standard error.
const DIGITS_BELOW: i32 = 2;
/// Significant digits of a number.
const MAX_DIGITS: i32 = 16;

/// A found term, as text.
pub struct Line {
    /// Its parameter.
    pub name: String,
    /// Where it stands: `dt(x)`, or the reaction.
    pub place: String,
    /// What the coefficient multiplies: `x*y`, constants by their names in the corrected model.
    pub term: String,
    /// The coefficient.
    pub value: f64,
    /// Its standard error.
    pub deviation: f64,
    /// Share of resampled data in which it is chosen.
    pub inclusion: Option<f64>,
    /// Constants inside of the term.
    pub constants: Vec<Inside>,
    candidate: usize,
}

/// A constant inside of a term.
pub struct Inside {
    /// Its parameter.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Its standard error.
    pub deviation: f64,
    /// Its unit, unless it is a pure number.
    unit: Option<String>,
}

impl Inside {
    /// 95 % credible interval.
    pub fn interval(&self) -> (f64, f64) {
        interval(self.value, self.deviation)
    }
}

/// 95 % credible interval.
fn interval(value: f64, deviation: f64) -> (f64, f64) {
    let margin = INTERVAL_95 * deviation;
    (value - margin, value + margin)
}

impl Line {
    /// 95 % credible interval.
    pub fn interval(&self) -> (f64, f64) {
        interval(self.value, self.deviation)
    }

    /// `x*y in dt(z)`, or the reaction.
    pub fn what(&self) -> String {
        if self.place.contains("->") {
            return self.place.clone();
        }
        let joint = if self.place.contains("=>") { "@" } else { "in" };
        let term = &self.term;
        match joint {
            "@" => format!("{} @ {}*{term}", self.place, self.name),
            _ => format!("{term} in {}", self.place),
        }
    }

    /// The coefficient with the digits that mean something.
    pub fn rounded(&self) -> String {
        rounded(self.value, self.deviation)
    }
}

/// What was found, line by line.
pub fn lines(ast: &Ast, states: &[State], finding: &Finding) -> Vec<Line> {
    let mut taken = Vec::new();
    let mut new = || {
        let name = new_name(ast, &taken);
        taken.push(name.clone());
        name
    };
    let discover = &finding.experiment;
    let mut line = |found: &Found| {
        let candidate = &discover.candidates[found.candidate];
        let library = &discover.library[candidate.term as usize];
        let name = new();
        let mut term = library.text.clone();
        let mut constants = Vec::new();
        for (constant, &(value, deviation)) in library.constants.iter().zip(&found.constants) {
            let name = new();
            term = term.replace(&constant.name, &name);
            let like = constant.like.map(|s| &states[s.0 as usize]);
            let unit = like.and_then(|state| state.unit.as_ref());
            constants.push(Inside {
                name,
                value,
                deviation,
                unit: unit.filter(|u| !u.is_one()).map(|u| u.text.clone()),
            });
        }
        Line {
            name,
            place: place(candidate, states),
            term,
            value: found.coefficient,
            deviation: found.deviation,
            inclusion: found.inclusion,
            constants,
            candidate: found.candidate,
        }
    };
    finding.found.iter().map(&mut line).collect()
}

/// `dt(x)`, or the reaction.
pub fn place(candidate: &Candidate, states: &[State]) -> String {
    match &candidate.form {
        Form::Reaction(text) | Form::RateLaw(text) => text.clone(),
        Form::Term => {
            let changed = candidate.changes.iter();
            let rates = changed.map(|(s, _)| rate_of(&states[s.0 as usize].name));
            rates.collect::<Vec<_>>().join(", ")
        }
    }
}

/// `dt(x)`; `dtt(x)` for the state `dt(x)`.
fn rate_of(state: &str) -> String {
    match state.strip_prefix("dt(") {
        Some(rest) => format!("dtt({rest}"),
        None => format!("dt({state})"),
    }
}

/// The model with what was found.
pub fn corrected_text(
    source: &Source,
    ast: &Ast,
    states: &[State],
    discover: &Discover,
    lines: &[Line],
    provenance: Vec<String>,
) -> String {
    let mut amendments = Amendments {
        provenance,
        ..Amendments::default()
    };
    for line in lines {
        let candidate = &discover.candidates[line.candidate];
        amendments.parameters.push(parameter(line, candidate));
        amendments
            .parameters
            .extend(line.constants.iter().map(|c| constant(line, c)));
        match &candidate.form {
            Form::Reaction(text) => amendments.reactions.push(format!("{text} @ {}", line.name)),
            Form::RateLaw(text) => {
                let law = format!("{text} @ {}*{}", line.name, line.term);
                amendments.reactions.push(law);
            }
            Form::Term => {
                for (state, share) in &candidate.changes {
                    let state = states[state.0 as usize].name.clone();
                    amendments.terms.push((state, term(share, line)));
                }
            }
        }
    }
    amend(source, ast, &amendments)
}

fn parameter(line: &Line, candidate: &Candidate) -> String {
    let unit = candidate.unit.as_ref().filter(|unit| !unit.is_one());
    let unit = unit.map(|unit| unit.text.as_str());
    declaration(&line.name, unit, line.value, line.deviation, &line.what())
}

fn constant(line: &Line, constant: &Inside) -> String {
    let Inside {
        name,
        value,
        deviation,
        unit,
    } = constant;
    let what = format!("in {}", line.what());
    declaration(name, unit.as_deref(), *value, *deviation, &what)
}

/// `param c1: 1/s = 0.52 "x*y in dt(z); 95 %: 0.50 … 0.54"`
fn declaration(name: &str, unit: Option<&str>, value: f64, deviation: f64, what: &str) -> String {
    let unit = unit.map_or(String::new(), |unit| format!(": {unit}"));
    let (low, high) = interval(value, deviation);
    let [low, value, high] = [low, value, high].map(|v| rounded(v, deviation));
    format!("param {name}{unit} = {value} \"{what}; 95 %: {low} … {high}\"")
}

/// `-2*c1*x*y`
fn term(share: &Number, line: &Line) -> String {
    let sign = if share.signum() < 0 { "-" } else { "" };
    let size = share.abs();
    let mut factors = Vec::new();
    if !size.is_one() {
        factors.push(match size.is_integer() {
            true => size.to_string(),
            false => format!("({size})"),
        });
    }
    factors.push(line.name.clone());
    if line.term != "1" {
        factors.push(line.term.clone());
    }
    format!("{sign}{}", factors.join("*"))
}

/// A number with the digits that its standard error leaves meaning to.
pub fn rounded(value: f64, deviation: f64) -> String {
    let digits = match deviation > 0.0 && value != 0.0 {
        true => (value / deviation).abs().log10().ceil() as i32 + DIGITS_BELOW,
        false => MAX_DIGITS,
    };
    let digits = digits.clamp(DIGITS_BELOW, MAX_DIGITS) as usize;
    let value: f64 = format!("{value:.*e}", digits - 1)
        .parse()
        .expect("it is a number as we wrote it");
    match value == 0.0 || (1e-4..1e7).contains(&value.abs()) {
        true => format!("{value}"),
        false => format!("{value:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn digits_end_where_the_error_begins() {
        assert_eq!(rounded(1.234_567_89, 0.001), "1.23457");
        assert_eq!(rounded(-1_234.567_89, 1.0), "-1234.57");
        assert_eq!(rounded(2.0, 0.0), "2");
        assert_eq!(rounded(1.234e-9, 1e-11), "1.234e-9");
    }
}
