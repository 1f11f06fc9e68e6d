//! Derivatives by coordinates and reductions over a domain, made canonical.
//!
//! Which symbols vary in space is known to the pool ([`Pool::set_dependence`]): a coordinate depends on itself, a field on all
//! coordinates of its domain, everything else on none. `Partial` is linear and commutes with itself: factors that do not depend on the
//! coordinate stand in front, nested coordinates are sorted, what contains no field is differentiated. Products and powers of what
//! does depend stay together, so that conservation laws keep their form. Fields are taken to be smooth.

use super::{Number, Op, Pool, SymbolId, Term, View};

/// What must be known of a term to differentiate it by a coordinate.
#[derive(Debug, Clone, Copy, Default)]
struct Dependence {
    /// Whether it varies with the coordinate.
    varies: bool,
    /// Whether its derivative is only a name: it holds a field.
    has_field: bool,
}

impl Pool {
    /// Tells on which coordinates a symbol depends: itself for a coordinate, those of its domain for a field.
    pub fn set_dependence(&mut self, symbol: SymbolId, coordinates: &[SymbolId]) {
        self.dependence.insert(symbol, coordinates.into());
    }

    /// The coordinates on which a symbol depends.
    pub fn dependence(&self, symbol: SymbolId) -> &[SymbolId] {
        self.dependence.get(&symbol).map_or(&[], |c| c)
    }

    /// The coordinates on which a term depends, sorted. Reductions depend on none.
    pub fn coordinates_of(&self, t: Term) -> Vec<SymbolId> {
        let mut found = Vec::new();
        let mut seen = vec![false; t.index() + 1];
        let mut todo = vec![t];
        while let Some(t) = todo.pop() {
            if std::mem::replace(&mut seen[t.index()], true) {
                continue;
            }
            match self.view(t) {
                View::Symbol(s) => found.extend(self.dependence(s)),
                View::Call(Op::Mean | Op::Integral | Op::Minimum | Op::Maximum, _) => {}
                View::Call(Op::Partial, args) => todo.push(args[0]),
                View::Number(_)
                | View::Constant(_)
                | View::Sum(..)
                | View::Product(..)
                | View::Call(..) => self.for_each_child(t, |child| todo.push(child)),
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether a term is the same everywhere.
    pub fn is_uniform(&self, t: Term) -> bool {
        self.coordinates_of(t).is_empty()
    }

    /// `∂t/∂coordinate`, where symbols vary as [`Pool::set_dependence`] says.
    pub fn partial(&mut self, t: Term, coordinate: SymbolId) -> Term {
        let order = self.reachable(&[t]);
        let dependence = self.dependence_of(&order, coordinate);
        let needed = self.needed_partials(&order, &dependence, coordinate);
        let zero = self.int(0);
        let mut partials = vec![zero; t.index() + 1];
        for &part in order.iter().filter(|t| needed[t.index()]) {
            partials[part.index()] = if dependence[part.index()].has_field {
                self.partial_of_field(part, coordinate, &dependence, &partials)
            } else {
                self.derivative(part, coordinate)
            };
        }
        partials[t.index()]
    }

    fn dependence_of(&self, order: &[Term], coordinate: SymbolId) -> Vec<Dependence> {
        let size = order.last().map_or(0, |t| t.index() + 1);
        let mut found = vec![Dependence::default(); size];
        for &t in order {
            found[t.index()] = match self.view(t) {
                View::Symbol(s) => Dependence {
                    varies: self.dependence(s).contains(&coordinate),
                    has_field: self.dependence(s).iter().any(|&c| c != s),
                },
                View::Call(Op::Mean | Op::Integral | Op::Minimum | Op::Maximum, _) => {
                    Dependence::default()
                }
                View::Call(Op::Partial, args) => found[args[0].index()],
                View::Number(_)
                | View::Constant(_)
                | View::Sum(..)
                | View::Product(..)
                | View::Call(..) => {
                    let mut all = Dependence::default();
                    self.for_each_child(t, |child| {
                        let child = found[child.index()];
                        all.varies |= child.varies;
                        all.has_field |= child.varies && child.has_field;
                    });
                    all
                }
            };
        }
        found
    }

    /// The parts whose derivatives the derivative of the last term is made of, by term index.
    fn needed_partials(
        &self,
        order: &[Term],
        dependence: &[Dependence],
        coordinate: SymbolId,
    ) -> Vec<bool> {
        let mut needed = vec![false; dependence.len()];
        if let Some(root) = order.last() {
            needed[root.index()] = dependence[root.index()].varies;
        }
        for &t in order.iter().rev() {
            let of_t = dependence[t.index()];
            if !needed[t.index()] || !of_t.has_field {
                continue;
            }
            match self.view(t) {
                View::Sum(_, entries) => {
                    for (part, _) in entries {
                        needed[part.index()] |= dependence[part.index()].varies;
                    }
                }
                View::Product(..) => {
                    if let Some(factor) = self.only_varying_factor(t, dependence) {
                        needed[factor.index()] = true;
                    }
                }
                View::Call(Op::Partial, _) => {
                    let (inner, outer) = self.split_partial(t, coordinate);
                    needed[inner.index()] |= !outer.is_empty();
                }
                View::Number(_) | View::Symbol(_) | View::Constant(_) | View::Call(..) => {}
            }
        }
        needed
    }

    /// The derivative of a term with a field in it, given those of its parts that it needs.
    fn partial_of_field(
        &mut self,
        t: Term,
        coordinate: SymbolId,
        dependence: &[Dependence],
        partials: &[Term],
    ) -> Term {
        match self.view(t) {
            View::Sum(_, entries) => {
                let parts: Vec<(Term, Number)> = entries
                    .iter()
                    .filter(|(part, _)| dependence[part.index()].varies)
                    .map(|(part, n)| (partials[part.index()], n.clone()))
                    .collect();
                self.linear(Number::ZERO, &parts)
            }
            View::Product(..) => self.partial_of_product(t, coordinate, dependence, partials),
            View::Call(Op::Partial, _) => {
                let (inner, outer) = self.split_partial(t, coordinate);
                if outer.is_empty() {
                    return self.named_partial(t, coordinate);
                }
                outer
                    .into_iter()
                    .fold(partials[inner.index()], |t, c| self.partial(t, c))
            }
            View::Number(_) | View::Symbol(_) | View::Constant(_) | View::Call(..) => {
                self.named_partial(t, coordinate)
            }
        }
    }

    /// Constant factors in front of the derivative of the rest.
    fn partial_of_product(
        &mut self,
        t: Term,
        coordinate: SymbolId,
        dependence: &[Dependence],
        partials: &[Term],
    ) -> Term {
        let View::Product(coefficient, factors) = self.view(t) else {
            unreachable!("asked of products only")
        };
        let coefficient = coefficient.clone();
        let (varying, mut fixed): (Vec<_>, Vec<_>) = factors
            .iter()
            .cloned()
            .partition(|(base, _)| dependence[base.index()].varies);
        let derivative = match self.only_varying_factor(t, dependence) {
            Some(factor) => partials[factor.index()],
            None => {
                let rest = self.monomial(Number::ONE, &varying);
                self.named_partial(rest, coordinate)
            }
        };
        fixed.push((derivative, Number::ONE));
        self.monomial(coefficient, &fixed)
    }

    /// The only factor of a product that varies, if it stands to the power 1.
    fn only_varying_factor(&self, t: Term, dependence: &[Dependence]) -> Option<Term> {
        let View::Product(_, factors) = self.view(t) else {
            return None;
        };
        let mut varying = factors.iter().filter(|(b, _)| dependence[b.index()].varies);
        match (varying.next(), varying.next()) {
            (Some((base, exponent)), None) if exponent.is_one() => Some(*base),
            (_, _) => None,
        }
    }

    fn named_partial(&mut self, t: Term, coordinate: SymbolId) -> Term {
        let coordinate = self.var(coordinate);
        self.intern_call(Op::Partial, &[t, coordinate])
    }

    /// Takes off the outer derivatives by coordinates after `coordinate`: what is inside, and those coordinates from the inside out.
    fn split_partial(&self, mut t: Term, coordinate: SymbolId) -> (Term, Vec<SymbolId>) {
        let mut outer = Vec::new();
        while let View::Call(Op::Partial, args) = self.view(t)
            && let Some(by) = self.as_symbol(args[1])
            && by > coordinate
        {
            outer.push(by);
            t = args[0];
        }
        outer.reverse();
        (t, outer)
    }

    /// Takes nested derivatives apart: what is differentiated, and by which coordinates, from the inside out. No coordinates for
    /// any other term.
    pub fn nested_partial(&self, mut t: Term) -> (Term, Vec<SymbolId>) {
        let mut coordinates = Vec::new();
        while let View::Call(Op::Partial, args) = self.view(t) {
            coordinates.extend(self.as_symbol(args[1]));
            t = args[0];
        }
        coordinates.reverse();
        (t, coordinates)
    }

    /// The mean, integral, least or greatest value over the domain. Uniform factors stand in front of means and integrals; what is
    /// uniform altogether is its own mean and extremum.
    ///
    /// # Panics
    /// If `op` is none of these.
    pub fn reduction(&mut self, op: Op, t: Term) -> Term {
        assert!(
            Op::REDUCTIONS.contains(&op),
            "`{}` reduces nothing",
            op.name()
        );
        if self.as_number(t).is_some_and(Number::is_zero) {
            return t;
        }
        if self.is_uniform(t) {
            if op != Op::Integral {
                return t;
            }
            let one = self.int(1);
            let volume = self.intern_call(Op::Integral, &[one]);
            return self.mul(t, volume);
        }
        let View::Product(coefficient, factors) = self.view(t) else {
            return self.intern_call(op, &[t]);
        };
        if matches!(op, Op::Minimum | Op::Maximum) {
            return self.intern_call(op, &[t]);
        }
        let (coefficient, factors) = (coefficient.clone(), factors.to_vec());
        let (mut uniform, varying): (Vec<_>, Vec<_>) =
            factors.into_iter().partition(|(b, _)| self.is_uniform(*b));
        let rest = self.monomial(Number::ONE, &varying);
        let reduced = self.intern_call(op, &[rest]);
        uniform.push((reduced, Number::ONE));
        self.monomial(coefficient, &uniform)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pool with coordinates x and y, fields u and v on both, and a parameter k.
    fn plane() -> (Pool, [SymbolId; 5]) {
        let mut pool = Pool::new();
        let [x, y, u, v, k] = ["x", "y", "u", "v", "k"].map(|name| pool.symbol(name));
        pool.set_dependence(x, &[x]);
        pool.set_dependence(y, &[y]);
        pool.set_dependence(u, &[x, y]);
        pool.set_dependence(v, &[x, y]);
        (pool, [x, y, u, v, k])
    }

    #[test]
    fn partials_are_linear_and_sorted() {
        let (mut p, [x, y, u, v, k]) = plane();
        let [xt, ut, vt, kt] = [x, u, v, k].map(|s| p.var(s));
        let dxy = p.partial(ut, x);
        let dxy = p.partial(dxy, y);
        let dyx = p.partial(ut, y);
        let dyx = p.partial(dyx, x);
        assert_eq!(dxy, dyx);
        assert_eq!(p.display(dxy).to_string(), "dxy(u)");
        let ku = p.mul(kt, ut);
        let sum = p.linear(
            3.into(),
            &[(ku, 2.into()), (vt, Number::ONE), (kt, Number::ONE)],
        );
        let derivative = p.partial(sum, x);
        assert_eq!(p.display(derivative).to_string(), "2*k*dx(u) + dx(v)");
        let nested = p.mul(kt, sum);
        let derivative = p.partial(nested, y);
        assert_eq!(p.display(derivative).to_string(), "k*(2*k*dy(u) + dy(v))");
        let flux = p.product(&[kt, ut, vt]);
        let derivative = p.partial(flux, x);
        assert_eq!(p.display(derivative).to_string(), "k*dx(u*v)");
        let sin = p.call(Op::Sin, &[xt]);
        let sin_u = p.mul(sin, ut);
        let derivative = p.partial(sin_u, y);
        assert_eq!(p.display(derivative).to_string(), "sin(x)*dy(u)");
        let derivative = p.partial(sin, x);
        assert_eq!(p.display(derivative).to_string(), "cos(x)");
        for (t, expected) in [(xt, 1), (kt, 0)] {
            let derivative = p.partial(t, x);
            assert_eq!(p.as_number(derivative), Some(&expected.into()));
        }
    }

    #[test]
    fn derivatives_and_substitution_go_through() {
        let (mut p, [x, _, u, v, k]) = plane();
        let [xt, ut, vt, kt] = [x, u, v, k].map(|s| p.var(s));
        let square = p.mul(ut, ut);
        let ku = p.mul(kt, square);
        let flux = p.partial(ku, x);
        let direction = [(u, vt)].into_iter().collect();
        let along = p.derivation(&[flux], &direction)[0];
        assert_eq!(p.display(along).to_string(), "2*k*dx(u*v)");
        let by_k = p.derivative(flux, k);
        assert_eq!(p.display(by_k).to_string(), "dx(u^2)");
        let zero = p.int(0);
        let replaced = p.substitute(&[flux], &[(ut, vt), (xt, zero)].into_iter().collect())[0];
        assert_eq!(p.display(replaced).to_string(), "k*dx(v^2)");
        assert!(p.eval(&[flux], &[1.0; 5])[0].is_nan());
        let difference = p.sub(flux, flux);
        assert_eq!(difference, zero);
        let text = "k\\,\\partial_{x} \\left(u^{2}\\right)";
        assert_eq!(p.latex(flux).to_string(), text);
    }

    #[test]
    fn reductions_take_uniform_factors_out() {
        let (mut p, [x, _, u, _, k]) = plane();
        let [ut, kt] = [u, k].map(|s| p.var(s));
        let square = p.mul(ut, ut);
        let scaled = p.product(&[kt, square]);
        let mean = p.reduction(Op::Mean, scaled);
        assert_eq!(p.display(mean).to_string(), "k*mean(u^2)");
        assert!(p.is_uniform(mean));
        assert_eq!(p.reduction(Op::Mean, mean), mean);
        let moved = p.mul(mean, ut);
        let derivative = p.partial(moved, x);
        assert_eq!(p.display(derivative).to_string(), "k*dx(u)*mean(u^2)");
        let volume = p.reduction(Op::Integral, kt);
        assert_eq!(p.display(volume).to_string(), "k*integral(1)");
    }

    #[test]
    fn deep_terms_do_not_recurse() {
        let (mut p, [x, y, u, _, k]) = plane();
        let [mut t, kt, yt] = [u, k, y].map(|s| p.var(s));
        for i in 0..10_000 {
            t = p.add(t, yt);
            t = p.mul(t, kt);
            if i % 1000 == 0 {
                t = p.partial(t, if i % 2000 == 0 { x } else { y });
            }
        }
        let derivative = p.partial(t, x);
        assert!(!p.is_uniform(derivative));
    }
}
