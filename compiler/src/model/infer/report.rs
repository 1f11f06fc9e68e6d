//! Saying what does not fit: both units, and the declarations that brought them in.

use miette::LabeledSpan;

use super::{Inference, Source, places};
use crate::model::error::ModelError;
use crate::model::measure::Measure;
use crate::model::nodes::{At, as_name, post_order};
use crate::model::scope::EntityId;
use crate::source::Span;
use crate::syntax::ast::ExprKind;

impl Inference<'_, '_, '_> {
    /// Reports that operand number `b.1` of a node differs from number `a.1`, once for each `b`.
    pub(super) fn report_mismatch(
        &mut self,
        at: At,
        what: &str,
        a: (Measure, usize),
        b: (Measure, usize),
    ) {
        let places = places(self.world, at);
        let differing = At {
            expr: places[b.1],
            ..at
        };
        if !self.seen_operands.insert(differing) {
            return;
        }
        let place = |i: usize| {
            Source::Expression(At {
                expr: places.get(i).copied().unwrap_or(at.expr),
                ..at
            })
        };
        let (left, right) = ((a.0, place(a.1)), (b.0, place(b.1)));
        let problem = ModelError::UnitMismatch {
            what: what.into(),
            left: self.text(a.0),
            right: self.text(b.0),
            labels: self.labels(left, Some(right)),
            help: self.help(left, right),
        };
        self.problems.push(problem);
    }

    pub(super) fn text(&mut self, m: Measure) -> String {
        let m = self.units.measures.resolve(m);
        self.units.measures.text(m)
    }

    /// The unit in backticks; `None` for a pure number.
    pub(super) fn phrase(&mut self, m: Measure) -> Option<String> {
        let text = self.text(m);
        (text != "1").then(|| format!("`{text}`"))
    }

    /// Both places, and the declarations that brought the units in.
    pub(super) fn labels(
        &mut self,
        one: (Measure, Source),
        other: Option<(Measure, Source)>,
    ) -> Vec<LabeledSpan> {
        let mut labels: Vec<LabeledSpan> = Vec::new();
        let mut origins: Vec<EntityId> = Vec::new();
        for (measure, source) in [Some(one), other].into_iter().flatten() {
            let text = Some(format!("`{}`", self.text(measure)));
            let (span, origin) = match source {
                Source::Expression(at) => (Some(self.span(at)), self.origin(at)),
                Source::Entity(id, mention) => (mention, Some(id)),
                Source::Written(span) => (Some(span), None),
            };
            origins.extend(origin);
            if let Some(span) = span {
                labels.push(match labels.is_empty() {
                    true => LabeledSpan::new_primary_with_span(text, span),
                    false => LabeledSpan::new_with_span(text, span),
                });
            }
        }
        origins.dedup();
        for id in origins {
            let name = self.world.name(id).into_owned();
            let unit = self.text(self.units.of[id.0 as usize]);
            let text = format!("`{name}` is in `{unit}`");
            labels.push(LabeledSpan::new_with_span(Some(text), self.world.span(id)));
        }
        if let Some(&call) = self.calls.last() {
            let span = self.span(call);
            labels.push(LabeledSpan::new_with_span(
                Some("in this call".into()),
                span,
            ));
        }
        labels
    }

    pub(super) fn span(&self, at: At) -> Span {
        self.world.ast(at.file).expr(at.expr).span
    }

    /// The first name in an expression that has a unit.
    fn origin(&self, at: At) -> Option<EntityId> {
        let ast = self.world.ast(at.file);
        let mut nodes = Vec::new();
        post_order(ast, at.expr, &mut nodes);
        nodes.into_iter().find_map(|e| {
            let name = as_name(ast, e)?.name;
            let id = self.world.entity_named(at.file, name)?;
            let measure = self.units.of[id.0 as usize];
            (measure != Measure::ONE && measure != Measure::ANY).then_some(id)
        })
    }

    /// What would mend a mismatch.
    pub(super) fn help(
        &mut self,
        found: (Measure, Source),
        needed: (Measure, Source),
    ) -> Option<String> {
        for (one, other) in [(found, needed), (needed, found)] {
            if let Source::Expression(at) = one.1
                && let ExprKind::Number(n) = &self.world.ast(at.file).expr(at.expr).kind
            {
                let unit = self.text(other.0);
                return Some(format!(
                    "write `{n} [{unit}]` if the number is meant in this unit"
                ));
            }
        }
        let factor = self.units.measures.quotient(needed.0, found.0);
        let factor = self.text(factor);
        Some(format!("the two differ by a factor in `{factor}`"))
    }
}
