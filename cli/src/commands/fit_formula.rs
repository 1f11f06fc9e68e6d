//! `ansatz fit-formula`: from a table to a formula for one of its columns.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use ansatz_compiler::pipeline::standard_rules;
use ansatz_compiler::simplify::{Facts, Simplifier};
use ansatz_compiler::terms::Pool;
use ansatz_runtime::discover::evolve::{
    Alphabet, Binary, Constants, Dimension, Dimensions, Found, Member, Samples, Search, Unary,
    search,
};
use serde_json::json;

use crate::args::FitFormulaArgs;
use crate::columns::Table;
use crate::csv_out::create_folder;
use crate::failure::Failure;
use crate::plot::{Axis, Curve, Figure, Mark};
use crate::progress::{catch_interrupts, is_interrupted};
use crate::render;
use crate::study::Study;

pub fn fit_formula(args: &FitFormulaArgs) -> Result<(), Failure> {
    let start = Instant::now();
    let mut table = Table::open(&args.data)?;
    let question = Question::read(&args.formula, &table)?;
    let mut samples = question.samples(&mut table)?;
    if let Some(noise) = args.noise {
        if !(noise > 0.0 && noise.is_finite()) {
            return Err(Failure::usage(
                "`--noise` is a standard deviation: positive",
            ));
        }
        samples = samples.with_noise(noise);
    }
    let alphabet = alphabet(&args.operators, question.inputs.len())?;
    let dimensions = dimensions(args, &question)?;
    render::to_stderr(std::mem::take(&mut table.diagnostics), &table.sources);
    let plan = Search {
        dimensions,
        ..Search::new(alphabet, args.seed)
    };
    catch_interrupts();
    let found = search(&plan, &samples, &mut is_interrupted);
    let report = Report {
        texts: texts(&found, &question),
        seconds: start.elapsed().as_secs_f64(),
        args,
        question,
        samples,
        found,
    };
    let files = report.write_files()?;
    let text = if args.json {
        format!("{}\n", report.to_json(&files))
    } else {
        let wrote = files.iter().map(|file| format!("wrote {file}\n"));
        report.text() + &wrote.collect::<String>()
    };
    let written = std::io::stdout().write_all(text.as_bytes());
    written.map_err(|e| Failure::write(Path::new("standard output"), e))?;
    report.stop_if_constant()
}

/// What is to be explained by what.
struct Question {
    target: String,
    inputs: Vec<String>,
}

/// Rows that a formula needs at least: so many per column.
const ROWS_PER_COLUMN: usize = 8;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum DataError {
    #[error("{rows} rows with values are too few for a formula with {inputs} inputs")]
    #[diagnostic(
        code(too_few_rows),
        help("at least {needed} are needed: {} more", needed - rows)
    )]
    TooFewRows {
        rows: usize,
        inputs: usize,
        needed: usize,
    },
    #[error("`{name}` is {value} in every row")]
    #[diagnostic(
        code(constant_column),
        help(
            "what does not vary explains nothing and needs no explanation: vary it, or leave it out"
        )
    )]
    ConstantColumn { name: String, value: f64 },
}

impl Question {
    /// Reads `y ~ x1, x2`.
    fn read(text: &str, table: &Table) -> Result<Question, Failure> {
        let help =
            "say what to explain by what: \"y ~ x1, x2\", or \"y ~ .\" for all other columns";
        let Some((target, inputs)) = text.split_once('~') else {
            return Err(Failure::usage(format!("`{text}` has no `~`; {help}")));
        };
        let target = target.trim().to_owned();
        let inputs: Vec<String> = match inputs.trim() {
            "." => table
                .header
                .iter()
                .filter(|h| **h != target)
                .cloned()
                .collect(),
            list => list.split(',').map(|name| name.trim().to_owned()).collect(),
        };
        for (k, name) in inputs.iter().chain([&target]).enumerate() {
            let is_name = name.starts_with(|c: char| c.is_alphabetic())
                && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            if !is_name {
                return Err(Failure::usage(format!(
                    "`{name}` is not a name of the language, which has letters, digits and `_`, a letter first: rename the column; {help}"
                )));
            }
            if inputs[..k.min(inputs.len())].contains(name) {
                return Err(Failure::usage(format!("`{name}` is given twice; {help}")));
            }
        }
        Ok(Question { target, inputs })
    }

    /// The data, if they are enough.
    fn samples(&self, table: &mut Table) -> Result<Samples, Failure> {
        let names: Vec<String> = self.inputs.iter().chain([&self.target]).cloned().collect();
        let mut columns = table.numbers(&names)?;
        let (rows, needed) = (columns[0].len(), ROWS_PER_COLUMN * names.len());
        if rows < needed {
            table.diagnostics.push(DataError::TooFewRows {
                rows,
                inputs: self.inputs.len(),
                needed,
            });
            table.stop_on_errors()?;
        }
        for (name, column) in names.iter().zip(&columns) {
            if column.iter().all(|v| *v == column[0]) {
                let (name, value) = (name.clone(), column[0]);
                table
                    .diagnostics
                    .push(DataError::ConstantColumn { name, value });
            }
        }
        table.stop_on_errors()?;
        let target = columns.pop().expect("the target is the last column");
        let samples = Samples::new(columns, target);
        samples
            .ok_or_else(|| Failure::usage(format!("the values of `{}` are too large", self.target)))
    }
}

/// The operators by name.
fn alphabet(names: &[String], n_inputs: usize) -> Result<Alphabet, Failure> {
    let (mut unary, mut binary) = (Vec::new(), Vec::new());
    for name in names {
        let name = name.trim();
        let one = Unary::ALL.iter().find(|op| op.name() == name);
        let two = Binary::ALL.iter().find(|op| op.name() == name);
        unary.extend(one);
        binary.extend(two);
        if one.is_none() && two.is_none() {
            let unary = Unary::ALL.iter().map(|op| op.name());
            let known: Vec<&str> = Binary::ALL
                .iter()
                .map(|op| op.name())
                .chain(unary)
                .collect();
            return Err(Failure::usage(format!(
                "unknown operator `{name}`; there are: {}",
                known.join(" ")
            )));
        }
    }
    if binary.is_empty() {
        return Err(Failure::usage("`--operators` needs one of + - * / ^"));
    }
    Ok(Alphabet {
        n_inputs: n_inputs as u16,
        unary,
        binary,
    })
}

/// The dimensions; what has no unit is a pure number. `None` without any unit.
fn dimensions(args: &FitFormulaArgs, question: &Question) -> Result<Option<Dimensions>, Failure> {
    if args.units.is_empty() {
        return Ok(None);
    }
    // The target's stands last.
    let names = || question.inputs.iter().chain([&question.target]);
    let mut all: Vec<Dimension> = vec![[0; 8]; names().count()];
    for text in &args.units {
        let pair = text.split_once('=');
        let Some((name, unit)) = pair.map(|(name, unit)| (name.trim(), unit.trim())) else {
            return Err(Failure::usage(format!("`{text}` is not NAME=UNIT")));
        };
        let Some(index) = names().position(|known| known == name) else {
            return Err(Failure::usage(format!("`{name}` is not in the formula")));
        };
        all[index] = dimension(unit)?;
    }
    let target = all.pop().expect("the target's is among them");
    Ok(Some(Dimensions {
        inputs: all,
        constants: if args.pure {
            Constants::Numbers(target)
        } else {
            Constants::Quantities
        },
    }))
}

/// The dimension of a unit as the language knows it.
fn dimension(unit: &str) -> Result<Dimension, Failure> {
    let mut study = Study::of_text("--units", format!("param unit_: {unit} = 1"))?;
    let model = study.elaborate()?;
    let unit_of = model.parameters.first().and_then(|p| p.unit.as_ref());
    let mut out = [0; 8];
    for (slot, exponent) in out
        .iter_mut()
        .zip(unit_of.iter().flat_map(|u| &u.dimension))
    {
        let twelfths = exponent.as_ratio().filter(|(_, q)| 12 % q == 0);
        let Some((p, q)) = twelfths else {
            return Err(Failure::usage(format!(
                "the exponents of `{unit}` are not simple enough"
            )));
        };
        *slot = (12 / q * p) as i32;
    }
    Ok(out)
}

/// The formulas as text, simplified where that makes them shorter.
fn texts(found: &Found, question: &Question) -> Vec<String> {
    let simplifier = Simplifier::new(&standard_rules());
    let text = |member: &Member| {
        let mut pool = Pool::new();
        let symbols: Vec<_> = question
            .inputs
            .iter()
            .map(|name| pool.symbol(name))
            .collect();
        let term = member.formula.term(&mut pool, &symbols);
        let simple = simplifier.simplify(&mut pool, &[term], &Facts::default());
        // What is cheaper to compute may be longer to read.
        let texts = [term, simple[0]].map(|term| pool.display(term).to_string());
        let shortest = texts.into_iter().min_by_key(String::len);
        shortest.expect("there are two")
    };
    found.members.iter().map(text).collect()
}

/// All there is to say.
struct Report<'a> {
    args: &'a FitFormulaArgs,
    question: Question,
    samples: Samples,
    found: Found,
    /// By member of the front.
    texts: Vec<String>,
    seconds: f64,
}

impl Report<'_> {
    /// Root of the mean squared error.
    fn deviation(&self, member: &Member) -> f64 {
        (member.loss * self.samples.variance).sqrt()
    }

    /// `fn f(x1, x2) = …`
    fn function(&self) -> String {
        let inputs = self.question.inputs.join(", ");
        format!("fn f({inputs}) = {}", self.texts[self.found.best])
    }

    /// For people.
    fn text(&self) -> String {
        let mut out = format!(
            "{} rows; {} formulas in {:.2} s\n\n  complexity        R²   rms error  {}\n",
            self.samples.count(),
            self.found.formulas,
            self.seconds,
            self.question.target
        );
        for (k, (member, text)) in self.found.members.iter().zip(&self.texts).enumerate() {
            let mark = if k == self.found.best { '*' } else { ' ' };
            out += &format!(
                "{mark} {:10}  {:8.6}  {:10.3e}  {text}\n",
                member.complexity,
                1.0 - member.loss,
                self.deviation(member)
            );
        }
        out + &format!("\n{}\n", self.function())
    }

    fn to_json(&self, files: &[String]) -> serde_json::Value {
        let member = |(member, text): (&Member, &String)| {
            json!({
                "complexity": member.complexity,
                "r2": 1.0 - member.loss,
                "rms_error": self.deviation(member),
                "description_length": member.score,
                "formula": text,
            })
        };
        let members = self.found.members.iter().zip(&self.texts);
        json!({
            "data": self.args.data.display().to_string(),
            "target": self.question.target,
            "inputs": self.question.inputs,
            "rows": self.samples.count(),
            "seed": self.args.seed,
            "seconds": self.seconds,
            "formulas": self.found.formulas,
            "node_evaluations": self.found.evaluations,
            "front": members.map(member).collect::<Vec<_>>(),
            "best": self.found.best,
            "function": self.function(),
            "files": files,
        })
    }

    /// Writes what `--out` asks for; returns the paths.
    fn write_files(&self) -> Result<Vec<String>, Failure> {
        let Some(folder) = &self.args.out else {
            return Ok(Vec::new());
        };
        create_folder(folder)?;
        let svg = self.figure().to_svg();
        let svg = svg.map_err(|e| Failure::write(&folder.join("formula.svg"), e))?;
        let mut paths = Vec::new();
        for (name, text) in [("formula.model", self.model()), ("formula.svg", svg)] {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(|e| Failure::write(&path, e))?;
            paths.push(path.display().to_string());
        }
        Ok(paths)
    }

    fn model(&self) -> String {
        let best = &self.found.members[self.found.best];
        format!(
            "# {}, found in {} by `ansatz fit-formula` with seed {}.\n# R² = {:.6}, rms error {:.3e}, {} rows.\n{}\n",
            self.question.target,
            self.args.data.display(),
            self.args.seed,
            1.0 - best.loss,
            self.deviation(best),
            self.samples.count(),
            self.function()
        )
    }

    /// The data and the formula, against the input if there is only one, else against the values of the formula.
    fn figure(&self) -> Figure {
        const MOST_DOTS: usize = 2000;
        let shown = self.samples.thinned(MOST_DOTS);
        let shown = shown.as_ref().unwrap_or(&self.samples);
        let best = &self.found.members[self.found.best].formula;
        let fitted = best.values(&shown.inputs, shown.count());
        let (abscissas, label) = match &shown.inputs[..] {
            [only] => (only, self.question.inputs[0].clone()),
            _ => (&fitted, format!("f({})", self.question.inputs.join(", "))),
        };
        let mut order: Vec<usize> = (0..shown.count()).collect();
        order.sort_by(|&a, &b| abscissas[a].total_cmp(&abscissas[b]));
        let sorted = |values: &[f64]| order.iter().map(|&i| values[i]).collect();
        let curve = |label: &str, values: &[f64], mark| Curve {
            label: label.into(),
            note: String::new(),
            values: sorted(values),
            mark,
        };
        let axis = |label| Axis { label, log: false };
        Figure {
            title: self.function(),
            x: axis(label),
            y: axis(self.question.target.clone()),
            abscissas: sorted(abscissas),
            curves: vec![
                curve("data", &shown.target, Mark::Dots),
                curve("formula", &fitted, Mark::Line),
            ],
            ..Figure::default()
        }
    }

    /// A formula that uses no input is none.
    fn stop_if_constant(&self) -> Result<(), Failure> {
        if !self.found.members[self.found.best].formula.is_constant() {
            return Ok(());
        }
        eprintln!(
            "no formula of {} describes `{}` better than a constant does",
            self.question.inputs.join(", "),
            self.question.target
        );
        Err(Failure::NothingFound)
    }
}
