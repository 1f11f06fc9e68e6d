//! `method = evolve`: free-form search for what the rates of a model lack. What it proposes becomes candidates, and the likelihood of
//! whole trajectories decides among them.

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::{Candidate, Constant, Discover, Form, LibraryTerm};
use ansatz_compiler::model::entities::StateId;
use ansatz_compiler::terms::{Number, Term};

use crate::discover::corrected::Correction;
use crate::discover::evolve::{
    Alphabet, Binary, Formula, NODE, Samples, Search, Summand, Unary, search,
};
use crate::discover::observations::Observations;
use crate::discover::rates::{Rate, rates};

/// Formulas for one rate that are tried in whole trajectories.
const PROPOSALS: usize = 3;
/// Epochs that a search goes on without success: trajectories decide, not the search.
const PATIENCE: [usize; 3] = [12, 15, 25];

/// The experiment with candidates made of what the search proposes, and corrections to begin with, the best first.
pub(super) fn evolved(
    program: &Program,
    discover: &Discover,
    parameters: &[f64],
    data: &Observations,
    columns: &[usize],
    noise: &[f64],
) -> (Discover, Vec<Correction>) {
    let points = Points::of(program, discover, parameters, data, columns, noise);
    let mut out = Discover {
        library: Vec::new(),
        candidates: Vec::new(),
        ..discover.clone()
    };
    let inputs: Vec<Term> = discover.library.iter().map(|t| t.term).collect();
    let mut by_rate: Vec<Vec<Vec<(usize, f64)>>> = Vec::new();
    for (k, changes) in changes(discover).iter().enumerate() {
        let seed = discover.seed.wrapping_add(k as u64);
        let samples = points.of_changes(changes);
        let formulas = samples.map_or(Vec::new(), |samples| points.formulas(&samples, seed));
        let add = |formula: &Formula| add(&mut out, program, formula, &inputs, changes);
        by_rate.push(formulas.iter().map(add).collect());
    }
    let starts = starts(&by_rate);
    let starts = starts
        .into_iter()
        .map(|mut terms| {
            terms.sort_by_key(|(candidate, _)| *candidate);
            let (candidates, coefficients) = terms.into_iter().unzip();
            Correction::of(&out, candidates, coefficients)
        })
        .collect();
    (out, starts)
}

type Changes = Vec<(StateId, Number)>;

/// The different ways in which candidates change rates: an unknown formula for each.
fn changes(discover: &Discover) -> Vec<Changes> {
    let mut out: Vec<Changes> = Vec::new();
    for candidate in &discover.candidates {
        if !out.contains(&candidate.changes) {
            out.push(candidate.changes.clone());
        }
    }
    out
}

/// The first proposal for every rate, then each of the others in the place of one of these.
fn starts(by_rate: &[Vec<Vec<(usize, f64)>>]) -> Vec<Vec<(usize, f64)>> {
    let chosen = |other: Option<(usize, usize)>| {
        let rates = by_rate.iter().enumerate();
        let terms = rates.flat_map(|(k, proposals)| {
            let at = other.filter(|(rate, _)| *rate == k).map_or(0, |(_, at)| at);
            proposals.get(at).into_iter().flatten().copied()
        });
        terms.collect()
    };
    let mut out = vec![chosen(None)];
    for (k, proposals) in by_rate.iter().enumerate() {
        out.extend((1..proposals.len()).map(|at| chosen(Some((k, at)))));
    }
    out
}

/// Adds the terms of a formula as candidates, those that are there already once; their positions and coefficients.
fn add(
    out: &mut Discover,
    program: &Program,
    formula: &Formula,
    inputs: &[Term],
    changes: &Changes,
) -> Vec<(usize, f64)> {
    let known: usize = out.library.iter().map(|t| t.constants.len()).sum();
    let mut names = (known..).map(|k| format!("‹{k}›"));
    let mut name = || names.next().expect("numbers do not end");
    program.with_pool(|pool| {
        let summands = formula.summands(pool, inputs, &mut name).into_iter();
        let mut terms = Vec::new();
        for summand in summands {
            let same = |c: &Candidate| {
                c.changes == *changes && out.library[c.term as usize].term == summand.term
            };
            let at = out.candidates.iter().position(same).unwrap_or_else(|| {
                let text = pool.display(summand.term).to_string();
                out.candidates
                    .push(candidate(out.library.len(), changes, &summand));
                out.library.push(library_term(&summand, text));
                out.candidates.len() - 1
            });
            terms.push((at, summand.coefficient));
        }
        terms
    })
}

fn candidate(term: usize, changes: &Changes, summand: &Summand) -> Candidate {
    Candidate {
        term: term as u32,
        changes: changes.clone(),
        form: Form::Term,
        unit: None,
        lower: f64::NEG_INFINITY,
        upper: f64::INFINITY,
        price: 2.0 * NODE * f64::from(summand.complexity),
    }
}

fn library_term(summand: &Summand, text: String) -> LibraryTerm {
    let constants = summand.constants.iter();
    LibraryTerm {
        term: summand.term,
        text: match is_sum(&text) {
            true => format!("({text})"),
            false => text,
        },
        constants: constants
            .map(|(name, symbol, value)| Constant {
                symbol: *symbol,
                name: name.clone(),
                like: None,
                value: *value,
            })
            .collect(),
    }
}

/// Whether a text has a sign outside of parentheses.
fn is_sum(text: &str) -> bool {
    let mut depth = 0;
    text.chars().any(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0 && (c == '+' || c == '-')
    })
}

/// What the model misses at each sample with all states, and what formulas may be made of there.
struct Points {
    /// By library term, its values.
    inputs: Vec<Vec<f64>>,
    /// By state, what its rate misses.
    missing: Vec<Vec<f64>>,
    /// By state, the standard deviation of that.
    errors: Vec<Vec<f64>>,
}

impl Points {
    fn of(
        program: &Program,
        discover: &Discover,
        parameters: &[f64],
        data: &Observations,
        columns: &[usize],
        noise: &[f64],
    ) -> Points {
        let deviations = data.deviations();
        let mut rhs = program.rhs.evaluator(parameters);
        let terms: Vec<Term> = discover.library.iter().map(|t| t.term).collect();
        let mut terms = program.terms_kernel(&terms).evaluator(parameters);
        let n = columns.len();
        let mut out = Points {
            inputs: vec![Vec::new(); discover.library.len()],
            missing: vec![Vec::new(); n],
            errors: vec![Vec::new(); n],
        };
        let (mut du, mut values) = (vec![0.0; n], vec![0.0; discover.library.len()]);
        for trajectory in &data.trajectories {
            let of = |&c: &usize| rates(trajectory, data.columns.len(), c, noise[c], deviations[c]);
            let states: Vec<Rate> = columns.iter().map(of).collect();
            for (i, &t) in trajectory.times.iter().enumerate() {
                let u: Vec<f64> = states.iter().map(|s| s.values[i]).collect();
                rhs.eval(t, &u, &mut du);
                terms.eval(t, &u, &mut values);
                let missing = states.iter().zip(&du).map(|(s, du)| s.rates[i] - du);
                let missing: Vec<f64> = missing.collect();
                if missing.iter().chain(&values).all(|v| v.is_finite()) {
                    let inputs = out.inputs.iter_mut().zip(&values);
                    inputs.for_each(|(input, value)| input.push(*value));
                    for (s, missing) in missing.into_iter().enumerate() {
                        out.missing[s].push(missing);
                        out.errors[s].push(states[s].errors[i]);
                    }
                }
            }
        }
        out
    }

    /// Samples of an unknown formula that changes these rates; `None` if it is the same everywhere.
    fn of_changes(&self, changes: &Changes) -> Option<Samples> {
        let (mut inputs, mut target) = (vec![Vec::new(); self.inputs.len()], Vec::new());
        let mut weights = Vec::new();
        for (state, share) in changes {
            let (state, share) = (state.0 as usize, share.to_f64());
            let own = inputs.iter_mut().zip(&self.inputs);
            own.for_each(|(input, values)| input.extend(values));
            target.extend(self.missing[state].iter().map(|m| m / share));
            weights.extend(self.errors[state].iter().map(|e| (share / e).powi(2)));
        }
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        let samples = Samples::weighted(inputs, target, &weights)?;
        Some(samples.with_noise(mean.recip().sqrt()))
    }

    /// The formulas with the shortest descriptions.
    fn formulas(&self, samples: &Samples, seed: u64) -> Vec<Formula> {
        let alphabet = Alphabet {
            n_inputs: self.inputs.len() as u16,
            unary: vec![Unary::Square, Unary::Sin, Unary::Cos, Unary::Exp, Unary::Ln],
            binary: vec![Binary::Add, Binary::Sub, Binary::Mul, Binary::Div],
        };
        let plan = Search {
            patience: PATIENCE,
            ..Search::new(alphabet, seed)
        };
        let found = search(&plan, samples, &mut || false);
        let mut members = found.members;
        members.sort_by(|a, b| a.score.total_cmp(&b.score));
        members.truncate(PROPOSALS);
        members.into_iter().map(|member| member.formula).collect()
    }
}
