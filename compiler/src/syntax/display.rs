//! The tree as text: statements of the language, one per line, in order. Reading it again gives the same tree.

use std::fmt::{self, Display, Formatter};

use super::ast::{
    Arrow, Ast, DeclKind, Declaration, Expr, Function, Ident, ItemKind, Participant, Plot,
    PlotForm, Reaction, Rule, SettingValue, Simulate, UnitExpr, Use, UsePath,
};
use super::display_space::{write_methods, write_relations};

impl Display for Ast {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut in_block = false;
        for item in &self.items {
            let needs_block = matches!(&item.kind, ItemKind::Reaction(r) if !r.combinatoric);
            if needs_block != in_block {
                f.write_str(match needs_block {
                    true => "reactions combinatoric off {\n",
                    false => "}\n",
                })?;
            }
            in_block = needs_block;
            let indent = if in_block { "    " } else { "" };
            writeln!(f, "{indent}{}", Shown(self, &item.kind))?;
        }
        match in_block {
            true => f.write_str("}\n"),
            false => Ok(()),
        }
    }
}

/// Something of a tree, for printing.
pub(super) struct Shown<'a, T>(pub &'a Ast, pub T);

impl Ast {
    /// An expression as text, with the fewest parentheses.
    pub fn show(&self, e: Expr) -> impl Display + '_ {
        Shown(self, e)
    }
}

impl Display for Shown<'_, &ItemKind> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Shown(ast, item) = *self;
        match item {
            ItemKind::Model { name, doc } => write!(f, "model {}{}", ast.name(name.name), Doc(doc)),
            ItemKind::Use(it) => Shown(ast, it).fmt(f),
            ItemKind::Declare(it) => Shown(ast, it).fmt(f),
            ItemKind::Unit { name, value, doc } => {
                let unit = Shown(ast, value);
                write!(f, "unit {} = {unit}{}", ast.name(name.name), Doc(doc))
            }
            ItemKind::Function(it) => Shown(ast, it).fmt(f),
            ItemKind::Reaction(it) => Shown(ast, it).fmt(f),
            ItemKind::Equation(it) => {
                let (dt, name) = (derivative(it.order), ast.name(it.target.name));
                let equals = if it.adds { "+=" } else { "=" };
                write!(f, "{dt}({name}) {equals} {}", ast.show(it.value))
            }
            ItemKind::Balance { left, right } => {
                write!(f, "{} = {}", ast.show(*left), ast.show(*right))
            }
            ItemKind::Domain(it) => Shown(ast, it).fmt(f),
            ItemKind::Boundary(it) => Shown(ast, it).fmt(f),
            ItemKind::Constraint(relations) => {
                f.write_str("constraint ")?;
                write_relations(f, ast, relations)
            }
            ItemKind::Scheme(methods) => write_methods(f, ast, methods),
            ItemKind::Init {
                target,
                order,
                value,
            } => {
                let (name, value) = (ast.name(target.name), ast.show(*value));
                match order {
                    0 => write!(f, "init {name} = {value}"),
                    _ => write!(f, "init {}({name}) = {value}", derivative(*order)),
                }
            }
            ItemKind::Simulate(it) => write_experiment(f, ast, "simulate", it),
            ItemKind::Discover(it) => write_experiment(f, ast, "discover", it),
            ItemKind::Plot(it) => Shown(ast, it).fmt(f),
            ItemKind::Rule(it) => Shown(ast, it).fmt(f),
            ItemKind::Unsupported { feature } => write!(f, "# {feature} not supported yet"),
        }
    }
}

fn derivative(order: u8) -> &'static str {
    match order {
        1 => "dt",
        _ => "dtt",
    }
}

/// Documentation after a statement.
pub(super) struct Doc<'a>(pub &'a Option<String>);

impl Display for Doc<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(doc) => write!(f, " {}", Quoted(doc)),
            None => Ok(()),
        }
    }
}

/// Text in quotes; a text has no line ends, they become spaces.
pub(super) struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let escaped = self.0.replace('\\', "\\\\").replace('"', "\\\"");
        write!(f, "\"{}\"", escaped.replace('\n', " "))
    }
}

impl Display for Shown<'_, &Use> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Shown(ast, it) = *self;
        match &it.path {
            UsePath::Std(name) => write!(f, "use {}", ast.name(name.name))?,
            UsePath::File { path, .. } => write!(f, "use {}", Quoted(path))?,
        }
        if let Some(alias) = it.alias {
            write!(f, " as {}", ast.name(alias.name))?;
        }
        if !it.names.is_empty() {
            f.write_str(": ")?;
            write_names(f, ast, &it.names)?;
        }
        Ok(())
    }
}

fn write_names(f: &mut Formatter<'_>, ast: &Ast, names: &[Ident]) -> fmt::Result {
    for (i, name) in names.iter().enumerate() {
        write!(f, "{}{}", comma(i), ast.name(name.name))?;
    }
    Ok(())
}

pub(super) fn write_exprs(f: &mut Formatter<'_>, ast: &Ast, exprs: &[Expr]) -> fmt::Result {
    for (i, &e) in exprs.iter().enumerate() {
        write!(f, "{}{}", comma(i), ast.show(e))?;
    }
    Ok(())
}

pub(super) fn comma(i: usize) -> &'static str {
    match i {
        0 => "",
        _ => ", ",
    }
}

/// `: unit`
pub(super) fn write_unit(f: &mut Formatter<'_>, ast: &Ast, unit: Option<&UnitExpr>) -> fmt::Result {
    match unit {
        Some(unit) => write!(f, ": {}", Shown(ast, unit)),
        None => Ok(()),
    }
}

impl Display for Shown<'_, &Declaration> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Shown(ast, it) = *self;
        let kind = match it.kind {
            DeclKind::Const => "const",
            DeclKind::Param => "param",
            DeclKind::Species => "species",
            DeclKind::FixedSpecies => "fixed species",
            DeclKind::Var => "var",
            DeclKind::Let => "let",
            DeclKind::Field => "field",
        };
        write!(f, "{kind} {}", ast.name(it.name.name))?;
        write_unit(f, ast, it.unit.as_deref())?;
        if let Some(domain) = it.domain {
            write!(f, " on {}", ast.name(domain.name))?;
        }
        if let Some(value) = it.value {
            write!(f, " = {}", ast.show(value))?;
        }
        if let Some(diffusion) = it.diffusion {
            write!(f, ", diffusion = {}", ast.show(diffusion))?;
        }
        Doc(&it.doc).fmt(f)
    }
}

impl Display for Shown<'_, &Function> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Shown(ast, it) = *self;
        write!(f, "fn {}(", ast.name(it.name.name))?;
        for (i, (name, unit)) in it.params.iter().enumerate() {
            write!(f, "{}{}", comma(i), ast.name(name.name))?;
            write_unit(f, ast, unit.as_deref())?;
        }
        f.write_str(")")?;
        write_unit(f, ast, it.unit.as_deref())?;
        write!(f, " = {}{}", ast.show(it.body), Doc(&it.doc))
    }
}

impl Display for Shown<'_, &Reaction> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Shown(ast, it) = *self;
        if let Some(name) = it.name {
            write!(f, "{}: ", ast.name(name.name))?;
        }
        write_side(f, ast, &it.reactants)?;
        f.write_str(match it.arrow {
            Arrow::MassAction => " -> ",
            Arrow::ReversibleMassAction => " <-> ",
            Arrow::Law => " => ",
            Arrow::ReversibleLaw => " <=> ",
        })?;
        write_side(f, ast, &it.products)?;
        if !it.rates.is_empty() {
            f.write_str(" @ ")?;
            write_exprs(f, ast, &it.rates)?;
        }
        Doc(&it.doc).fmt(f)
    }
}

fn write_side(f: &mut Formatter<'_>, ast: &Ast, side: &[Participant]) -> fmt::Result {
    if side.is_empty() {
        return f.write_str("0");
    }
    for (i, participant) in side.iter().enumerate() {
        f.write_str(if i == 0 { "" } else { " + " })?;
        if !participant.stoichiometry.is_one() {
            write!(f, "{} ", participant.stoichiometry)?;
        }
        f.write_str(ast.name(participant.species.name))?;
    }
    Ok(())
}

impl Display for Shown<'_, &Rule> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Shown(ast, it) = *self;
        let (lhs, rhs) = (ast.show(it.lhs), ast.show(it.rhs));
        write!(f, "rule {}: {lhs} => {rhs}", ast.name(it.name.name))?;
        if let Some(condition) = it.condition {
            write!(f, " if {}", ast.show(condition))?;
        }
        Doc(&it.doc).fmt(f)
    }
}

/// `word NAME {`
fn write_header(f: &mut Formatter<'_>, ast: &Ast, word: &str, name: Option<Ident>) -> fmt::Result {
    match name {
        Some(name) => writeln!(f, "{word} {} {{", ast.name(name.name)),
        None => writeln!(f, "{word} {{"),
    }
}

fn write_experiment(f: &mut Formatter<'_>, ast: &Ast, word: &str, it: &Simulate) -> fmt::Result {
    write_header(f, ast, word, it.name)?;
    for setting in &it.settings {
        let value = Shown(ast, &setting.value);
        writeln!(f, "    {} = {value}", ast.name(setting.key.name))?;
    }
    f.write_str("}")
}

impl Display for Shown<'_, &SettingValue> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Shown(ast, value) = *self;
        match value {
            SettingValue::Expr(e) => ast.show(*e).fmt(f),
            SettingValue::List(list, _) => {
                f.write_str("[")?;
                write_exprs(f, ast, list)?;
                f.write_str("]")
            }
            SettingValue::Names(names) => write_names(f, ast, names),
            SettingValue::Texts(texts, _) => match &texts[..] {
                [text] => Quoted(text).fmt(f),
                texts => {
                    let quoted: Vec<String> = texts.iter().map(|t| Quoted(t).to_string()).collect();
                    write!(f, "[{}]", quoted.join(", "))
                }
            },
            SettingValue::Options(name, options, _) => {
                let options = options.iter();
                let options: Vec<String> = options
                    .map(|&(key, e)| format!("{} = {}", ast.name(key.name), ast.show(e)))
                    .collect();
                write!(f, "{}({})", ast.name(name.name), options.join(", "))
            }
            SettingValue::Table(entries, _) => {
                f.write_str("{")?;
                for (i, &(key, e)) in entries.iter().enumerate() {
                    let comma = if i == 0 { " " } else { ", " };
                    write!(f, "{comma}{} = {}", ast.name(key.name), ast.show(e))?;
                }
                f.write_str(" }")
            }
        }
    }
}

impl Display for Shown<'_, &Plot> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Shown(ast, it) = *self;
        write_header(f, ast, "plot", it.name)?;
        if !it.curves.is_empty() {
            f.write_str(match it.form {
                PlotForm::Curves => "    ",
                PlotForm::Heatmap => "    heatmap ",
                PlotForm::Space => "    space ",
                PlotForm::Line(_) => "    line ",
                PlotForm::Movie => "    movie ",
            })?;
            write_exprs(f, ast, &it.curves)?;
            if let PlotForm::Line(times) = &it.form {
                f.write_str(" at [")?;
                write_exprs(f, ast, times)?;
                f.write_str("]")?;
            }
            if let Some(against) = it.against {
                write!(f, " against {}", ast.show(against))?;
            }
            f.write_str("\n")?;
        }
        for (word, _) in [("logx", it.log_x), ("logy", it.log_y)]
            .iter()
            .filter(|w| w.1)
        {
            writeln!(f, "    {word}")?;
        }
        if let Some(of) = it.of {
            writeln!(f, "    of = {}", ast.name(of.name))?;
        }
        if let Some(title) = &it.title {
            writeln!(f, "    title = {}", Quoted(title))?;
        }
        f.write_str("}")
    }
}
