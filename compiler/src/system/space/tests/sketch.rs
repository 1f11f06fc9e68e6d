//! Evolutions written as terms, and what they should give.

use rustc_hash::FxHashMap;

use crate::model::entities::{Axis, DomainId, Method, StateId};
use crate::source::Span;
use crate::system::space::evolution::{Choice, Evolution, Field};
use crate::system::space::interpret::Interpreter;
use crate::system::space::program::SpaceProgram;
use crate::terms::{Op, Pool, SymbolId, Term};

/// A domain with coordinates x, y, z and fields, in a pool.
pub struct Sketch {
    pub pool: Pool,
    pub evolution: Evolution,
}

impl Sketch {
    /// Axes from 0 to these lengths.
    pub fn new(axes: &[(u32, f64, bool)], method: Method) -> Sketch {
        let mut pool = Pool::new();
        let mut all = Vec::new();
        for ((points, length, periodic), name) in axes.iter().zip(["x", "y", "z"]) {
            let coordinate = pool.symbol(name);
            pool.set_dependence(coordinate, &[coordinate]);
            let length = crate::terms::Number::from_f64(*length).unwrap();
            all.push(Axis {
                name: name.to_owned(),
                coordinate,
                from: pool.int(0),
                to: pool.number(length),
                points: *points,
                periodic: *periodic,
                map: None,
                unit: None,
                span: span(),
            });
        }
        let reason = String::new();
        let choices = all
            .iter()
            .map(|_| Choice {
                method,
                span: span(),
                reason: reason.clone(),
            })
            .collect();
        let time = pool.symbol("t");
        let evolution = Evolution {
            least_kept: None,
            domain: DomainId(0),
            name: "box".to_owned(),
            axes: all,
            fields: Vec::new(),
            rows: Vec::new(),
            solved: Vec::new(),
            conditions: Vec::new(),
            observables: Vec::new(),
            shown: Vec::new(),
            coupled: Vec::new(),
            choices,
            given: Vec::new(),
            rules: Vec::new(),
            parameters: Vec::new(),
            varying: vec![time],
        };
        Sketch { pool, evolution }
    }

    pub fn coordinates(&self) -> Vec<SymbolId> {
        self.evolution.axes.iter().map(|a| a.coordinate).collect()
    }

    /// A field without an equation yet.
    pub fn field(&mut self, name: &str) -> Term {
        let symbol = self.pool.symbol(name);
        let coordinates = self.coordinates();
        self.pool.set_dependence(symbol, &coordinates);
        let state = StateId(self.evolution.fields.len() as u32);
        self.evolution.fields.push(Field {
            state,
            symbol,
            name: name.to_owned(),
            span: span(),
        });
        self.pool.var(symbol)
    }

    pub fn symbol(&mut self, name: &str) -> Term {
        let symbol = self.pool.symbol(name);
        self.pool.var(symbol)
    }

    /// `dx(t)`, `dxy(t)`, … by the letters.
    pub fn d(&mut self, letters: &str, mut t: Term) -> Term {
        for letter in letters.chars() {
            let coordinate = self.pool.symbol(&letter.to_string());
            t = self.pool.partial(t, coordinate);
        }
        t
    }

    /// The rows with fields replaced by terms of coordinates: exact right-hand sides.
    pub fn exact(&mut self, fields: &[Term]) -> Vec<Term> {
        let mut map = FxHashMap::default();
        for (field, value) in self.evolution.symbols().into_iter().zip(fields) {
            map.insert(self.pool.var(field), *value);
        }
        let rows = self.evolution.rows.clone();
        self.pool.substitute(&rows, &map)
    }

    /// A term of coordinates at all nodes of a program.
    pub fn sample(&self, program: &SpaceProgram, t: Term) -> Vec<f64> {
        let scalars = scalars(&self.pool, program);
        let interpreter = Interpreter::new(program, &self.pool, &scalars);
        interpreter.sample(t)
    }

    /// The rates that a program gives for fields, and the exact ones.
    pub fn rates(
        &mut self,
        program: &SpaceProgram,
        fields: &[Term],
    ) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
        let exact = self.exact(fields);
        let inputs: Vec<Vec<f64>> = fields.iter().map(|t| self.sample(program, *t)).collect();
        let exact = exact.iter().map(|t| self.sample(program, *t)).collect();
        let scalars = scalars(&self.pool, program);
        let mut interpreter = Interpreter::new(program, &self.pool, &scalars);
        (interpreter.rates(&inputs), exact)
    }
}

/// Time is 0; parameters have the value 0.7.
pub fn scalars(pool: &Pool, program: &SpaceProgram) -> Vec<f64> {
    let value = |s: &SymbolId| {
        if pool.symbol_name(*s) == "t" {
            0.0
        } else {
            0.7
        }
    };
    program.scalars.iter().map(value).collect()
}

pub fn span() -> Span {
    Span::default()
}

/// The largest difference.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

/// `exp(sin(x)·a)`-like smooth periodic fields of period 2π.
pub fn bump(pool: &mut Pool, x: Term, shift: i64) -> Term {
    let shift = pool.int(shift);
    let angle = pool.add(x, shift);
    let sin = pool.call(Op::Sin, &[angle]);
    pool.call(Op::Exp, &[sin])
}
