//! What names of units mean: those of `stdlib/units.model`, with prefixes, and those that files declare.

use rustc_hash::{FxHashMap, FxHashSet};

use super::error::ModelError;
use super::measure::{Measure, Measures};
use super::nearest::{did_you_mean, nearest};
use super::scope::World;
use super::unit::{BASE, NO_DIMENSION, Scale};
use crate::diagnostic::Diagnostics;
use crate::source::{Sources, Span};
use crate::stdlib;
use crate::syntax::ast::{Ident, ItemKind, UnitExpr};
use crate::syntax::{Ast, parse};
use crate::terms::Number;

/// Names of units that are not in the language, in the singular, and what to write.
const WRITTEN_OUT: &[(&str, &str)] = &[
    ("second", "s"),
    ("sec", "s"),
    ("minute", "min"),
    ("hour", "h"),
    ("hr", "h"),
    ("meter", "m"),
    ("metre", "m"),
    ("gram", "g"),
    ("kilogram", "kg"),
    ("liter", "L"),
    ("litre", "L"),
    ("mole", "mol"),
    ("molar", "M"),
    ("millimolar", "mM"),
    ("micromolar", "uM"),
    ("nanomolar", "nM"),
    ("kelvin", "K"),
    ("joule", "J"),
    ("volt", "V"),
    ("ampere", "A"),
    ("dimensionless", "1"),
    ("unitless", "1"),
];

/// `unit prefix_k = 1e3` in `stdlib/units.model` makes `k` a prefix.
const PREFIX: &str = "prefix_";
/// `unit with_prefixes = m*g*…` there lists the units that take them.
const WITH_PREFIXES: &str = "with_prefixes";
/// `unit with_offset = degC*…` there lists what cannot be multiplied.
const WITH_OFFSET: &str = "with_offset";

/// All names of units; names with prefixes are added when first met.
#[derive(Debug, Default)]
pub(super) struct UnitNames {
    by_name: FxHashMap<String, Measure>,
    prefixes: Vec<(String, Number)>,
    takes_prefix: FxHashSet<String>,
    has_offset: FxHashSet<String>,
    /// Unknown names already reported.
    reported: FxHashSet<String>,
}

impl UnitNames {
    /// Reads the units of the standard library, then those of all files.
    pub fn read(
        world: &World,
        sources: &mut Sources,
        measures: &mut Measures,
        diagnostics: &mut Diagnostics,
    ) -> UnitNames {
        let mut names = UnitNames::default();
        let text = stdlib::module("units").expect("the standard library has its units");
        if let Some(source) = sources.add("std/units.model", text) {
            let ast = parse(&source, diagnostics);
            names.read_std(&ast, measures, diagnostics);
        }
        for file in world.file_ids() {
            // `use units` brings in nothing new: the module has been read above.
            if !is_std(world.ast(file)) {
                names.read_file(world.ast(file), measures, diagnostics);
            }
        }
        names
    }

    fn read_std(&mut self, ast: &Ast, measures: &mut Measures, diagnostics: &mut Diagnostics) {
        for (name, value) in units_of(ast) {
            let text = ast.name(name.name);
            let listed = value
                .powers
                .iter()
                .map(|(n, _)| ast.name(n.name).to_owned());
            if let Some(prefix) = text.strip_prefix(PREFIX) {
                self.prefixes.push((prefix.into(), value.factor.clone()));
            } else if text == WITH_PREFIXES {
                self.takes_prefix.extend(listed);
            } else if text == WITH_OFFSET {
                self.has_offset.extend(listed);
            } else if let Some(measure) = base_unit(text, ast, value, measures) {
                self.by_name.insert(text.into(), measure);
            } else {
                self.define(ast, name, value, measures, diagnostics);
            }
        }
    }

    fn read_file(&mut self, ast: &Ast, measures: &mut Measures, diagnostics: &mut Diagnostics) {
        let mut seen: FxHashMap<&str, Span> = FxHashMap::default();
        for (name, value) in units_of(ast) {
            if let Some(first) = seen.insert(ast.name(name.name), name.span) {
                diagnostics.push(ModelError::DuplicateName {
                    name: ast.name(name.name).into(),
                    first: first.into(),
                    second: name.span.into(),
                });
            }
            self.define(ast, name, value, measures, diagnostics);
        }
    }

    fn define(
        &mut self,
        ast: &Ast,
        name: Ident,
        value: &UnitExpr,
        measures: &mut Measures,
        diagnostics: &mut Diagnostics,
    ) {
        let text = ast.name(name.name);
        let value = self.measure(ast, value, measures, diagnostics);
        let measure = match value {
            Measure::ANY => Measure::ANY,
            value => {
                let unit = measures.unit(value);
                measures.named(text, unit.dimension, unit.scale)
            }
        };
        self.by_name.insert(text.into(), measure);
    }

    /// The measure of a unit as written; [`Measure::ANY`] if it is wrong and reported.
    pub fn measure(
        &mut self,
        ast: &Ast,
        written: &UnitExpr,
        measures: &mut Measures,
        diagnostics: &mut Diagnostics,
    ) -> Measure {
        let mut product = self.factor(written, measures);
        for (name, exponent) in &written.powers {
            let unit = self.named(ast, *name, measures, diagnostics);
            let power = measures.power(unit, exponent).unwrap_or_else(|| {
                diagnostics.push(invalid(ast, *name, "the exponent is too large"));
                Measure::ANY
            });
            product = measures.product(product, power);
        }
        product
    }

    /// The numeric factor: the parser lets only positive ones through.
    fn factor(&mut self, written: &UnitExpr, measures: &mut Measures) -> Measure {
        if written.factor.is_one() {
            return Measure::ONE;
        }
        let text = written.factor.to_string();
        *self.by_name.entry(text).or_insert_with_key(|text| {
            measures.named(text, NO_DIMENSION, Scale::new(written.factor.clone()))
        })
    }

    /// The measure of a name that is surely there.
    pub fn known(&self, name: &str) -> Option<Measure> {
        self.by_name.get(name).copied()
    }

    /// The measure of a single name.
    pub fn named(
        &mut self,
        ast: &Ast,
        name: Ident,
        measures: &mut Measures,
        diagnostics: &mut Diagnostics,
    ) -> Measure {
        let text = ast.name(name.name);
        if let Some(&known) = self.by_name.get(text) {
            return known;
        }
        if let Some(prefixed) = self.prefixed(text, measures) {
            self.by_name.insert(text.into(), prefixed);
            return prefixed;
        }
        if !self.reported.insert(text.into()) {
            return Measure::ANY;
        }
        if self.has_offset.contains(text) {
            diagnostics.push(ModelError::OffsetUnit {
                name: text.into(),
                at: name.span.into(),
            });
        } else {
            diagnostics.push(ModelError::UnknownUnit {
                name: text.into(),
                at: name.span.into(),
                help: self.help(text),
            });
        }
        Measure::ANY
    }

    /// The unit that was probably meant by an unknown one.
    fn help(&self, text: &str) -> Option<String> {
        let singular = text.strip_suffix('s').unwrap_or(text).to_lowercase();
        let written_out = WRITTEN_OUT.iter().find(|(word, _)| *word == singular);
        if let Some((_, unit)) = written_out {
            return Some(format!("write `{unit}`"));
        }
        let mut known: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
        known.sort_unstable();
        did_you_mean(nearest(text, known.into_iter()))
    }

    fn prefixed(&self, text: &str, measures: &mut Measures) -> Option<Measure> {
        let (unit, factor) = self.prefixes.iter().find_map(|(prefix, factor)| {
            let unit = text.strip_prefix(prefix.as_str())?;
            self.takes_prefix.contains(unit).then_some((unit, factor))
        })?;
        let unit = measures.unit(*self.by_name.get(unit)?);
        let scale = unit.scale.times(&Scale::new(factor.clone()))?;
        Some(measures.named(text, unit.dimension, scale))
    }
}

/// Whether a file is the standard library's module of units.
fn is_std(ast: &Ast) -> bool {
    units_of(ast).any(|(name, _)| ast.name(name.name) == WITH_PREFIXES)
}

fn units_of(ast: &Ast) -> impl Iterator<Item = (Ident, &UnitExpr)> {
    ast.items.iter().filter_map(|item| {
        let ItemKind::Unit { name, value, .. } = &item.kind else {
            return None;
        };
        Some((*name, value))
    })
}

/// `unit m = m`
fn base_unit(text: &str, ast: &Ast, value: &UnitExpr, measures: &mut Measures) -> Option<Measure> {
    let [(name, exponent)] = value.powers.as_slice() else {
        return None;
    };
    let index = BASE.iter().position(|b| *b == text)?;
    if ast.name(name.name) != text || !exponent.is_one() {
        return None;
    }
    let mut dimension = NO_DIMENSION;
    dimension[index] = Number::ONE;
    Some(measures.named(text, dimension, Scale::ONE))
}

fn invalid(ast: &Ast, name: Ident, problem: &'static str) -> ModelError {
    ModelError::InvalidUnit {
        unit: ast.name(name.name).into(),
        problem,
        at: name.span.into(),
    }
}
