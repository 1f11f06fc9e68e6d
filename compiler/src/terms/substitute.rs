//! Replacing terms by terms.

use rustc_hash::FxHashMap;

use super::{Op, Pool, Term, View};

impl Pool {
    /// Replaces in each root every term that is a key of `map`, simultaneously: replacements are not searched again.
    /// Keys are usually symbols; a compound key matches where the term itself occurs, not inside a longer sum or product.
    pub fn substitute(&mut self, roots: &[Term], map: &FxHashMap<Term, Term>) -> Vec<Term> {
        let order = self.reachable(roots);
        let mut memo: Vec<Option<Term>> = vec![None; order.last().map_or(0, |t| t.index() + 1)];
        for t in order {
            let replaced = match map.get(&t) {
                Some(&replacement) => replacement,
                None => self.rebuild(t, |child| memo[child.index()].expect("children come first")),
            };
            memo[t.index()] = Some(replaced);
        }
        roots
            .iter()
            .map(|t| memo[t.index()].expect("roots are reachable"))
            .collect()
    }

    /// The term with its children replaced; itself when none changes.
    pub fn rebuild(&mut self, t: Term, child: impl Fn(Term) -> Term) -> Term {
        let mut is_changed = false;
        self.for_each_child(t, |c| is_changed |= child(c) != c);
        if !is_changed {
            return t;
        }
        let replace = |entries: &[(Term, _)]| {
            entries
                .iter()
                .map(|(t, n)| (child(*t), Clone::clone(n)))
                .collect::<Vec<_>>()
        };
        match self.view(t) {
            View::Number(_) | View::Symbol(_) | View::Constant(_) => t,
            View::Sum(constant, entries) => {
                let (constant, entries) = (constant.clone(), replace(entries));
                self.linear(constant, &entries)
            }
            View::Product(coefficient, factors) => {
                let (coefficient, factors) = (coefficient.clone(), replace(factors));
                self.monomial(coefficient, &factors)
            }
            View::Call(Op::Partial, args) => {
                // The coordinate says in which direction: it is no place where something stands.
                let (field, coordinate) = (child(args[0]), args[1]);
                self.call(Op::Partial, &[field, coordinate])
            }
            View::Call(op, args) => {
                let args: Vec<Term> = args.iter().map(|&a| child(a)).collect();
                self.call(op, &args)
            }
        }
    }
}
