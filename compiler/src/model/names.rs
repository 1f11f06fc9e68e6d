//! Checking that names and calls in expressions mean something, and noting what is used.

use rustc_hash::FxHashSet;

use super::error::ModelError;
use super::nearest::{did_you_mean, nearest};
use super::nodes::{At, post_order, rate_of};
use super::scope::{EntityId, EntityKind, File, FileId, Meaning, Origin, World};
use super::space::{SPACE_CALLS, SpaceError, boundary_values, misplaced_text, space_call};
use super::walk::takes;
use super::warnings::push_first;
use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::syntax::Ast;
use crate::syntax::ast::{DeclKind, Expr, ExprKind, Function, Ident, Item, ItemKind, NameId};
use crate::terms::Op;

/// Only so many unknown names get a suggestion: each is compared with all known names.
const MAX_SUGGESTIONS: usize = 20;

/// What has been seen so far.
pub(super) struct Names {
    /// By entity: whether a file other than those of the standard library mentions it.
    pub used: Vec<bool>,
    reported: FxHashSet<(FileId, NameId)>,
    /// How many unknown names have been compared with all known ones.
    suggested: usize,
    nodes: Vec<Expr>,
    /// Whether `dt(x)` may stand for any state: in an equation about it.
    rates_allowed: bool,
}

/// Checks every expression of every file but those of experiments, which are checked where their settings are read.
pub(super) fn check_names(world: &World, diagnostics: &mut Diagnostics) -> Names {
    let mut names = Names {
        used: vec![false; world.entities.len()],
        reported: FxHashSet::default(),
        suggested: 0,
        nodes: Vec::new(),
        rates_allowed: false,
    };
    for file in world.file_ids() {
        let unread = world.ast(file).unread.iter();
        names.reported.extend(unread.map(|&name| (file, name)));
        for item in &world.ast(file).items {
            names.check_item(world, file, item, diagnostics);
        }
    }
    names
}

impl Names {
    fn check_item(
        &mut self,
        world: &World,
        file: FileId,
        item: &Item,
        diagnostics: &mut Diagnostics,
    ) {
        let mut check = |expr| self.check(world, At { file, expr }, None, diagnostics);
        match &item.kind {
            ItemKind::Declare(d) => {
                d.value.into_iter().chain(d.diffusion).for_each(check);
            }
            ItemKind::Function(f) => self.check_function(world, file, f, diagnostics),
            ItemKind::Reaction(r) => r.rates.iter().for_each(|&rate| check(rate)),
            ItemKind::Equation(e) => check(e.value),
            ItemKind::Init { value, .. } => check(*value),
            ItemKind::Balance { left, right } => {
                let rates = self.rates_allowed;
                self.rates_allowed = true;
                for &expr in [left, right] {
                    self.check(world, At { file, expr }, None, diagnostics);
                }
                self.rates_allowed = rates;
            }
            ItemKind::Domain(domain) => {
                for axis in &domain.axes {
                    let counted = [Some(axis.from), Some(axis.to), axis.points, axis.map];
                    counted.into_iter().flatten().for_each(&mut check);
                }
            }
            ItemKind::Constraint(relations) => {
                for relation in relations {
                    check(relation.left);
                    relation.right.into_iter().for_each(&mut check);
                }
            }
            ItemKind::Boundary(boundary) => {
                boundary_values(world.ast(file), boundary).for_each(check);
            }
            ItemKind::Model { .. }
            | ItemKind::Use(_)
            | ItemKind::Unit { .. }
            | ItemKind::Simulate(_)
            | ItemKind::Discover(_)
            | ItemKind::Plot(_)
            | ItemKind::Scheme(_)
            | ItemKind::Rule(_)
            | ItemKind::Unsupported { .. } => {}
        }
    }

    fn check_function(
        &mut self,
        world: &World,
        file: FileId,
        function: &Function,
        diagnostics: &mut Diagnostics,
    ) {
        let ast = world.ast(file);
        for (i, (param, _)) in function.params.iter().enumerate() {
            let meaning = match world.meaning(file, param.name) {
                Meaning::Time => Some("time"),
                Meaning::Pi => Some("the number π"),
                Meaning::Unknown | Meaning::Euler | Meaning::Entity(_) => None,
            };
            if let Some(meaning) = meaning {
                diagnostics.push(ModelError::ReservedName {
                    name: ast.name(param.name).into(),
                    meaning,
                    at: param.span.into(),
                });
            }
            let before = &function.params[..i];
            if let Some((first, _)) = before.iter().find(|(p, _)| p.name == param.name) {
                diagnostics.push(ModelError::DuplicateName {
                    name: ast.name(param.name).into(),
                    first: first.span.into(),
                    second: param.span.into(),
                });
            }
        }
        let body = At {
            file,
            expr: function.body,
        };
        self.check(world, body, Some(function), diagnostics);
    }

    /// Checks one expression; the parameters of `inside` are known in it.
    pub fn check(
        &mut self,
        world: &World,
        root: At,
        inside: Option<&Function>,
        diagnostics: &mut Diagnostics,
    ) {
        let ast = world.ast(root.file);
        let mut nodes = std::mem::take(&mut self.nodes);
        post_order(ast, root.expr, &mut nodes);
        for expr in nodes.drain(..) {
            let node = ast.expr(expr);
            match &node.kind {
                ExprKind::Name(name) => {
                    let is_param = inside.is_some_and(|f| has_param(f, *name));
                    if !is_param {
                        let name = Ident {
                            name: *name,
                            span: node.span,
                        };
                        self.check_value(world, root.file, name, diagnostics);
                    }
                }
                ExprKind::Call(function, args) => match rate_of(ast, expr) {
                    Some(state) => self.check_rate(world, root.file, state, diagnostics),
                    None => {
                        self.check_call(world, root.file, *function, args.len(), diagnostics);
                        if let Some(problem) = misplaced_text(world, root.file, *function, args) {
                            diagnostics.push(problem);
                        }
                    }
                },
                ExprKind::Number(_)
                | ExprKind::Quantity(..)
                | ExprKind::Unary(..)
                | ExprKind::Binary(..)
                | ExprKind::If(..)
                | ExprKind::Tuple(_)
                | ExprKind::Text(_)
                | ExprKind::Error => {}
            }
        }
        self.nodes = nodes;
    }

    fn check_value(
        &mut self,
        world: &World,
        file: FileId,
        name: Ident,
        diagnostics: &mut Diagnostics,
    ) {
        let Some(id) = self.entity(world, file, name, diagnostics) else {
            return;
        };
        let kind = world.entity(id).kind;
        let is_value = !matches!(kind, EntityKind::Function | EntityKind::Domain);
        if is_value || !self.reported.insert((file, name.name)) {
            return;
        }
        let at = name.span.into();
        let name = world.ast(file).name(name.name).into();
        if kind == EntityKind::Domain {
            diagnostics.push(SpaceError::DomainAsValue { name, at });
        } else {
            diagnostics.push(ModelError::NotAValue { name, at });
        }
    }

    /// The entity a name stands for; reports it, once, when there is none. Time and numbers are no entities.
    pub fn entity(
        &mut self,
        world: &World,
        file: FileId,
        name: Ident,
        diagnostics: &mut Diagnostics,
    ) -> Option<EntityId> {
        match world.meaning(file, name.name) {
            Meaning::Entity(id) => {
                self.mark(world, file, id);
                Some(id)
            }
            Meaning::Time | Meaning::Pi | Meaning::Euler => None,
            Meaning::Unknown => self.unknown(world, file, name, diagnostics),
        }
    }

    /// Reports an unknown name, once; always `None`.
    pub fn unknown(
        &mut self,
        world: &World,
        file: FileId,
        name: Ident,
        diagnostics: &mut Diagnostics,
    ) -> Option<EntityId> {
        let help = self.suggest(world, file, name.name, &[])?;
        let text = world.ast(file).name(name.name);
        diagnostics.push(ModelError::UnknownName {
            name: text.into(),
            at: name.span.into(),
            help,
        });
        None
    }

    /// `dt(x)` in an expression: `x` must have a `dtt` equation.
    fn check_rate(
        &mut self,
        world: &World,
        file: FileId,
        (name, span): (NameId, Span),
        diagnostics: &mut Diagnostics,
    ) {
        let name = Ident { name, span };
        let Some(id) = self.entity(world, file, name, diagnostics) else {
            return;
        };
        let parts = world.space.parts(id);
        let has_velocity = parts.iter().all(|part| world.velocities.contains_key(part));
        let is_known = self.rates_allowed || has_velocity;
        if !is_known && self.reported.insert((file, name.name)) {
            let text = world.ast(file).name(name.name);
            diagnostics.push(ModelError::NotSupported {
                feature: format!(
                    "`dt({text})` in an expression, without a `dtt({text}) = …` that makes it a state,"
                ),
                at: span.into(),
            });
        }
    }

    fn check_call(
        &mut self,
        world: &World,
        file: FileId,
        name: Ident,
        found: usize,
        diagnostics: &mut Diagnostics,
    ) {
        let text = world.ast(file).name(name.name);
        if let Meaning::Entity(id) = world.meaning(file, name.name) {
            self.mark(world, file, id);
            match world.function(id) {
                Some(f) if f.params.len() == found => {}
                Some(f) => {
                    let expected = count(f.params.len(), f.params.len());
                    let declared = Some(world.span(id));
                    diagnostics.push(wrong_count(text, expected, found, name.span, declared));
                }
                None => diagnostics.push(ModelError::NotAFunction {
                    name: text.into(),
                    what: world.describe(id),
                    at: name.span.into(),
                    declared: world.span(id).into(),
                }),
            }
            return;
        }
        match Op::by_name(text) {
            Some(op) if takes(op, found) => {}
            Some(op) => {
                let (least, most) = op.arity();
                diagnostics.push(wrong_count(
                    text,
                    count(least, most),
                    found,
                    name.span,
                    None,
                ));
            }
            None => {
                if let Some(call) = space_call(world, text) {
                    let arity = call.arity();
                    if arity != found {
                        let expected = count(arity, arity);
                        diagnostics.push(wrong_count(text, expected, found, name.span, None));
                    }
                    return;
                }
                let written = |name: &&str| name.starts_with(|c: char| c.is_ascii_alphabetic());
                let built_in = Op::ALL.iter().map(|op| op.name()).filter(written);
                let mut built_in: Vec<&str> = built_in.collect();
                if !world.space.domains.is_empty() {
                    built_in.extend(SPACE_CALLS);
                }
                if let Some(help) = self.suggest(world, file, name.name, &built_in) {
                    diagnostics.push(ModelError::UnknownFunction {
                        name: text.into(),
                        at: name.span.into(),
                        help,
                    });
                }
            }
        }
    }

    fn mark(&mut self, world: &World, file: FileId, id: EntityId) {
        if world.file(file).origin != Origin::Std {
            self.used[id.0 as usize] = true;
            self.used[world.space.owner(id).0 as usize] = true;
        }
    }

    /// The help for an unknown name; `None` if it has been reported already. `built_in`: looked for instead of values.
    fn suggest(
        &mut self,
        world: &World,
        file: FileId,
        name: NameId,
        built_in: &[&str],
    ) -> Option<Option<String>> {
        if !self.reported.insert((file, name)) {
            return None;
        }
        self.suggested += 1;
        if self.suggested > MAX_SUGGESTIONS {
            return Some(None);
        }
        let File { ast, meanings, .. } = world.file(file);
        let want_function = !built_in.is_empty();
        let known = meanings.iter().enumerate().filter_map(|(i, m)| match m {
            Meaning::Entity(id) => {
                let is_function = world.entity(*id).kind == EntityKind::Function;
                (is_function == want_function).then(|| ast.name(NameId(i as u32)))
            }
            Meaning::Unknown | Meaning::Time | Meaning::Pi | Meaning::Euler => None,
        });
        let known = known.chain(built_in.iter().copied());
        let text = ast.name(name);
        let help = did_you_mean(nearest(text, known)).or_else(|| explain(text));
        Some(help.or_else(|| how_to_declare(ast, name, want_function)))
    }
}

/// Whether a function has a parameter of this name.
pub(super) fn has_param(function: &Function, name: NameId) -> bool {
    function.params.iter().any(|(p, _)| p.name == name)
}

/// Where names of the standard library that a file mentions without `use` come from.
fn explain(name: &str) -> Option<String> {
    let module = crate::stdlib::declaring(name)?;
    Some(format!("write `use {module}: {name}` to have it"))
}

/// How a name could be declared that is used as this one is.
fn how_to_declare(ast: &Ast, name: NameId, is_function: bool) -> Option<String> {
    let text = ast.name(name);
    if text.contains('.') {
        return None;
    }
    let reacts = |item: &Item| {
        let ItemKind::Reaction(r) = &item.kind else {
            return false;
        };
        let mut participants = r.reactants.iter().chain(&r.products);
        participants.any(|p| p.species.name == name)
    };
    let changes =
        |item: &Item| matches!(&item.kind, ItemKind::Equation(e) if e.target.name == name);
    let keyword = if is_function {
        return Some(format!("declare it with `fn {text}(…) = …`"));
    } else if ast.items.iter().any(reacts) {
        "species"
    } else if ast.items.iter().any(changes) {
        "var"
    } else {
        "param"
    };
    Some(format!("declare it with `{keyword} {text} = …`"))
}

/// `2 arguments`, `1 to 2 arguments`.
pub(super) fn count(least: usize, most: usize) -> String {
    let plural = if most == 1 { "" } else { "s" };
    if least == most {
        format!("{least} argument{plural}")
    } else if most >= u32::MAX as usize {
        format!("{least} or more arguments")
    } else {
        format!("{least} to {most} arguments")
    }
}

/// `1 is`, `2 are`.
pub(super) fn are(found: usize) -> String {
    match found {
        0 => "none is".into(),
        1 => "1 is".into(),
        n => format!("{n} are"),
    }
}

/// A call with the wrong number of arguments.
pub(super) fn wrong_count(
    name: &str,
    expected: String,
    found: usize,
    at: Span,
    declared: Option<Span>,
) -> ModelError {
    ModelError::WrongArgumentCount {
        name: name.into(),
        expected,
        found: are(found),
        at: at.into(),
        declared: declared.map(Into::into),
    }
}

/// Warns of constants, parameters and functions that nobody uses. Files that others may use are no one's to judge, nor is one
/// of functions alone, which is there for others.
pub(super) fn report_unused(world: &World, names: &Names, diagnostics: &mut Diagnostics) {
    let own = || {
        let ids = world.entity_ids();
        ids.filter(|&id| world.file(world.entity(id).file).origin == Origin::Root)
    };
    if own().all(|id| world.entity(id).kind == EntityKind::Function) {
        return;
    }
    let unused = own().filter(|&id| !names.used[id.0 as usize]);
    let warnings = unused.filter_map(|id| {
        Some(ModelError::Unused {
            kind: useful(world.entity(id).kind)?,
            name: world.name(id).into_owned(),
            at: world.span(id).into(),
        })
    });
    push_first(warnings, diagnostics);
}

/// What is of no use unless it is used, and what it is called.
fn useful(kind: EntityKind) -> Option<&'static str> {
    match kind {
        EntityKind::Value(DeclKind::Const) => Some("constant"),
        EntityKind::Value(DeclKind::Param) => Some("parameter"),
        EntityKind::Function => Some("function"),
        EntityKind::Value(
            DeclKind::Species
            | DeclKind::FixedSpecies
            | DeclKind::Var
            | DeclKind::Field
            | DeclKind::Let,
        )
        | EntityKind::Velocity
        | EntityKind::Domain
        | EntityKind::Coordinate
        | EntityKind::Component => None,
    }
}
