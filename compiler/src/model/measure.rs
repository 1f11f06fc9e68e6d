//! The units of expressions: products of powers of named units and of units still unknown, interned.

mod unify;

use rustc_hash::FxHashMap;

use super::scope::EntityId;
use super::unit::{Dimension, NO_DIMENSION, Scale, Unit};
use crate::terms::{Number, Term};

/// A unit of an expression, in [`Measures`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Measure(u32);

impl Measure {
    /// A pure number.
    pub const ONE: Measure = Measure(0);
    /// What fits any unit: zero, and what is wrong and reported already.
    pub const ANY: Measure = Measure(1);
}

/// A factor of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Atom(u32);

#[derive(Debug, Clone)]
enum AtomKind {
    /// A named unit, or a number.
    Unit {
        text: String,
        dimension: Dimension,
        scale: Scale,
    },
    /// The unit of something undeclared.
    Unknown {
        of: EntityId,
        solution: Option<Measure>,
    },
    /// A unit to a power that only a run decides, as in `K^n`.
    Power { base: Measure, exponent: Exponent },
}

/// An exponent without a fixed value, by what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Exponent {
    Entity(EntityId),
    Term(Term),
}

type Powers = Box<[(Atom, Number)]>;

#[derive(Debug, Clone)]
struct Content {
    /// Sorted by atom, exponents not zero.
    powers: Powers,
    /// Of the named units alone.
    dimension: Dimension,
    scale: Scale,
    /// All factors are named units.
    is_plain: bool,
}

/// All measures of a model.
#[derive(Debug, Clone)]
pub(super) struct Measures {
    atoms: Vec<AtomKind>,
    list: Vec<Content>,
    ids: FxHashMap<Powers, Measure>,
    quotients: FxHashMap<(Measure, Measure), Measure>,
    products: FxHashMap<(Measure, Measure), Measure>,
    /// The atom of a dimension to an open power, whatever the size of the unit.
    powers: FxHashMap<(Dimension, Exponent), Atom>,
}

impl Measures {
    pub fn new() -> Self {
        let mut measures = Measures {
            atoms: Vec::new(),
            list: Vec::new(),
            ids: FxHashMap::default(),
            quotients: FxHashMap::default(),
            products: FxHashMap::default(),
            powers: FxHashMap::default(),
        };
        let one = measures.intern(Vec::new());
        assert_eq!(one, Some(Measure::ONE));
        measures.list.push(measures.list[0].clone());
        measures
    }

    /// A new named unit.
    pub fn named(&mut self, text: &str, dimension: Dimension, scale: Scale) -> Measure {
        self.atom(AtomKind::Unit {
            text: text.into(),
            dimension,
            scale,
        })
    }

    /// A new unknown.
    pub fn unknown(&mut self, of: EntityId) -> Measure {
        self.atom(AtomKind::Unknown { of, solution: None })
    }

    fn atom(&mut self, kind: AtomKind) -> Measure {
        let atom = Atom(self.atoms.len() as u32);
        self.atoms.push(kind);
        let measure = self.intern(vec![(atom, Number::ONE)]);
        measure.expect("a first power is small")
    }

    /// `None`: an exponent is too large.
    fn intern(&mut self, mut powers: Vec<(Atom, Number)>) -> Option<Measure> {
        powers.retain(|(_, n)| !n.is_zero());
        let powers = powers.into_boxed_slice();
        if let Some(&id) = self.ids.get(&powers) {
            return Some(id);
        }
        let mut content = Content {
            powers: powers.clone(),
            dimension: NO_DIMENSION,
            scale: Scale::ONE,
            is_plain: true,
        };
        for (atom, n) in &powers {
            match &self.atoms[atom.0 as usize] {
                AtomKind::Unit {
                    dimension, scale, ..
                } => {
                    for (sum, d) in content.dimension.iter_mut().zip(dimension) {
                        *sum = &*sum + &(d * n);
                    }
                    content.scale = content.scale.times(&scale.power(n)?)?;
                }
                AtomKind::Unknown { .. } | AtomKind::Power { .. } => content.is_plain = false,
            }
        }
        let id = Measure(self.list.len() as u32);
        self.list.push(content);
        self.ids.insert(powers, id);
        Some(id)
    }

    fn content(&self, m: Measure) -> &Content {
        &self.list[m.0 as usize]
    }

    /// The unit of a product. A unit beyond all bounds becomes [`Measure::ANY`].
    pub fn product(&mut self, a: Measure, b: Measure) -> Measure {
        match (a, b) {
            (Measure::ONE, m) | (m, Measure::ONE) => return m,
            (Measure::ANY, _) | (_, Measure::ANY) => return Measure::ANY,
            _ => {}
        }
        if let Some(&known) = self.products.get(&(a, b)) {
            return known;
        }
        let merged = merge(
            &self.content(a).powers,
            &self.content(b).powers,
            &Number::ONE,
        );
        let product = self.intern(merged).unwrap_or(Measure::ANY);
        self.products.insert((a, b), product);
        product
    }

    /// The unit of a quotient.
    pub fn quotient(&mut self, a: Measure, b: Measure) -> Measure {
        match (a, b) {
            (m, Measure::ONE) => return m,
            (Measure::ANY, _) | (_, Measure::ANY) => return Measure::ANY,
            _ => {}
        }
        if let Some(&known) = self.quotients.get(&(a, b)) {
            return known;
        }
        let merged = merge(
            &self.content(a).powers,
            &self.content(b).powers,
            &Number::MINUS_ONE,
        );
        let quotient = self.intern(merged).unwrap_or(Measure::ANY);
        self.quotients.insert((a, b), quotient);
        quotient
    }

    /// The unit of a power; `None` if the exponent is too large for a unit.
    pub fn power(&mut self, a: Measure, exponent: &Number) -> Option<Measure> {
        if a == Measure::ONE || a == Measure::ANY || exponent.is_one() {
            return Some(a);
        }
        let raised = self.content(a).powers.iter();
        let raised: Vec<_> = raised.map(|(atom, n)| (*atom, n * exponent)).collect();
        self.intern(raised)
    }

    /// The unit of `base^exponent` when the exponent has no fixed value, and the unit in which the base must be.
    pub fn open_power(&mut self, base: Measure, exponent: Exponent) -> (Measure, Measure) {
        let base = self.resolve(base);
        if base == Measure::ANY || self.is_number(base) {
            return (Measure::ONE, Measure::ONE);
        }
        let content = self.content(base);
        let kind = AtomKind::Power { base, exponent };
        if !content.is_plain {
            let atom = self.find_power(base, exponent);
            let power = match atom {
                Some(atom) => self.of_atom(atom),
                None => self.atom(kind),
            };
            return (power, base);
        }
        let key = (content.dimension.clone(), exponent);
        if let Some(&atom) = self.powers.get(&key) {
            let AtomKind::Power { base, .. } = self.atoms[atom.0 as usize] else {
                unreachable!("only powers are remembered as powers")
            };
            return (self.of_atom(atom), base);
        }
        self.powers.insert(key, Atom(self.atoms.len() as u32));
        (self.atom(kind), base)
    }

    fn of_atom(&mut self, atom: Atom) -> Measure {
        let measure = self.intern(vec![(atom, Number::ONE)]);
        measure.expect("a first power is small")
    }

    /// The power of a base that holds unknowns, if it was made before.
    fn find_power(&self, wanted: Measure, with: Exponent) -> Option<Atom> {
        let is_it = |kind: &AtomKind| matches!(kind, AtomKind::Power { base, exponent } if *base == wanted && *exponent == with);
        let at = self.atoms.iter().position(is_it)?;
        Some(Atom(at as u32))
    }

    /// The measure with everything put in that is known of its unknowns.
    pub fn resolve(&mut self, m: Measure) -> Measure {
        let mut m = m;
        loop {
            if self.content(m).is_plain {
                return m;
            }
            let Some((atom, n, value)) = self.next_known(m) else {
                return m;
            };
            let whole = self.of_atom(atom);
            let Some(old) = self.power(whole, &n) else {
                return Measure::ANY;
            };
            let Some(new) = self.power(value, &n) else {
                return Measure::ANY;
            };
            let rest = self.quotient(m, old);
            m = self.product(rest, new);
        }
    }

    /// A factor that has become known, with its exponent and what it stands for.
    fn next_known(&mut self, m: Measure) -> Option<(Atom, Number, Measure)> {
        for i in 0..self.content(m).powers.len() {
            let (atom, n) = self.content(m).powers[i].clone();
            match self.atoms[atom.0 as usize] {
                AtomKind::Unit { .. } => {}
                AtomKind::Unknown { solution, .. } => {
                    if let Some(solution) = solution {
                        return Some((atom, n, solution));
                    }
                }
                AtomKind::Power { base, exponent } => {
                    if !self.content(base).is_plain {
                        let (now, _) = self.open_power(base, exponent);
                        if now != self.of_atom(atom) {
                            return Some((atom, n, now));
                        }
                    }
                }
            }
        }
        None
    }

    /// Whether the measure is a pure number, possibly of another size (`percent`, `nM/uM`).
    pub fn is_number(&self, m: Measure) -> bool {
        let content = self.content(m);
        content.is_plain && content.dimension == NO_DIMENSION
    }

    /// Whether numbers in one are numbers in the other times a factor.
    pub fn converts(&mut self, a: Measure, b: Measure) -> bool {
        let ratio = self.quotient(a, b);
        let ratio = self.resolve(ratio);
        self.is_number(ratio)
    }

    /// A number in `from` times this is the number in `to`; 1 if either fits anything.
    pub fn conversion(&mut self, from: Measure, to: Measure) -> Scale {
        if from == to || from == Measure::ANY || to == Measure::ANY {
            return Scale::ONE;
        }
        let ratio = self.quotient(from, to);
        let ratio = self.resolve(ratio);
        self.content(ratio).scale.clone()
    }

    /// Whether the unknowns in a measure have all been found; those that have not are listed.
    pub fn unknowns(&mut self, m: Measure) -> Vec<EntityId> {
        let m = self.resolve(m);
        let unknown = |(atom, _): &(Atom, Number)| match self.atoms[atom.0 as usize] {
            AtomKind::Unknown { of, .. } => Some(of),
            AtomKind::Unit { .. } | AtomKind::Power { .. } => None,
        };
        self.content(m).powers.iter().filter_map(unknown).collect()
    }

    /// The measure as a unit of its own.
    pub fn unit(&mut self, m: Measure) -> Unit {
        let m = self.resolve(m);
        let content = self.content(m);
        Unit {
            scale: content.scale.clone(),
            dimension: content.dimension.clone(),
            text: self.text(m),
        }
    }

    /// `uM/s`, `1/(uM*s)`, `kg*m^2/s^2`; `1` for a pure number.
    pub fn text(&self, m: Measure) -> String {
        let part = |(atom, n): &(Atom, Number)| {
            let base = self.atom_text(*atom);
            if n.is_one() {
                base
            } else if n.is_integer() {
                format!("{base}^{n}")
            } else {
                let (n, d) = (n.numerator(), n.denominator());
                format!("{base}^({n}/{d})")
            }
        };
        let powers = &self.content(m).powers;
        let (above, below): (Vec<_>, Vec<_>) =
            powers.iter().cloned().partition(|(_, n)| n.signum() > 0);
        let above: Vec<String> = above.iter().map(part).collect();
        let below = below.into_iter().map(|(atom, n)| (atom, -n));
        let below: Vec<String> = below.map(|power| part(&power)).collect();
        let above = if above.is_empty() {
            "1".into()
        } else {
            above.join("*")
        };
        match below.len() {
            0 => above,
            1 => format!("{above}/{}", below[0]),
            _ => format!("{above}/({})", below.join("*")),
        }
    }

    fn atom_text(&self, atom: Atom) -> String {
        match &self.atoms[atom.0 as usize] {
            AtomKind::Unit { text, .. } => text.clone(),
            AtomKind::Unknown { .. } => "?".into(),
            AtomKind::Power { base, .. } => format!("({})^n", self.text(*base)),
        }
    }
}

/// The sorted powers of `a·b^exponent`.
fn merge(a: &[(Atom, Number)], b: &[(Atom, Number)], exponent: &Number) -> Vec<(Atom, Number)> {
    let mut out: Vec<(Atom, Number)> = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let take_a = j == b.len() || (i < a.len() && a[i].0 <= b[j].0);
        let take_b = i == a.len() || (j < b.len() && b[j].0 <= a[i].0);
        if take_a && take_b {
            out.push((a[i].0, &a[i].1 + &(&b[j].1 * exponent)));
        } else if take_a {
            out.push(a[i].clone());
        } else {
            out.push((b[j].0, &b[j].1 * exponent));
        }
        i += usize::from(take_a);
        j += usize::from(take_b);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(i: usize) -> Dimension {
        let mut d = NO_DIMENSION;
        d[i] = Number::ONE;
        d
    }

    #[test]
    fn an_undeclared_rate_constant_takes_unit_and_size_of_its_equation() {
        let mut m = Measures::new();
        let minute = m.named("min", base(2), Scale::new(Number::integer(60)));
        let gram = m.named("g", base(1), Scale::new(Number::ratio(1, 1000).expect("")));
        let k = m.unknown(EntityId(0));
        let rate = m.quotient(gram, minute);
        let square = m.power(gram, &Number::integer(2)).expect("small");
        let law = m.product(k, square);
        assert!(m.unify(law, rate));
        let found = m.resolve(k);
        assert_eq!(m.text(found), "1/(min*g)");
        assert!(m.conversion(law, rate).is_one());
    }

    #[test]
    fn open_powers_of_units_of_one_dimension_agree() {
        let mut m = Measures::new();
        let gram = m.named("g", base(1), Scale::new(Number::ratio(1, 1000).expect("")));
        let kilogram = m.named("kg", base(1), Scale::ONE);
        let second = m.named("s", base(2), Scale::ONE);
        let n = Exponent::Entity(EntityId(7));
        let (a, _) = m.open_power(gram, n);
        let (b, converted_to) = m.open_power(kilogram, n);
        assert_eq!((a, converted_to), (b, gram));
        let (c, _) = m.open_power(second, n);
        assert!(!m.unify(a, c));
        let unknown = m.unknown(EntityId(3));
        let (d, _) = m.open_power(unknown, n);
        assert!(m.unify(a, d));
        assert_eq!(m.resolve(unknown), gram);
    }
}
