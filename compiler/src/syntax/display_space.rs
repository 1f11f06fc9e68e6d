//! Domains, boundary conditions and schemes as text.

use std::fmt::{self, Display, Formatter};

use super::ast::{Ast, Axis, Boundary, Domain, Method, Relation};
use super::display::{Doc, Shown, comma, write_unit};

impl Display for Shown<'_, &Domain> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Shown(ast, it) = *self;
        write!(f, "domain {}: ", ast.name(it.name.name))?;
        for (i, axis) in it.axes.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            write!(f, "{separator}{}", Shown(ast, axis))?;
        }
        Doc(&it.doc).fmt(f)
    }
}

impl Display for Shown<'_, &Axis> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Shown(ast, it) = *self;
        f.write_str(ast.name(it.name.name))?;
        write_unit(f, ast, it.unit.as_deref())?;
        write!(f, " in {}..{}", ast.show(it.from), ast.show(it.to))?;
        if let Some(points) = it.points {
            write!(f, ", {} points", ast.show(points))?;
        }
        if it.periodic {
            f.write_str(", periodic")?;
        }
        match it.map {
            Some(map) => write!(f, ", map {}", ast.show(map)),
            None => Ok(()),
        }
    }
}

impl Display for Shown<'_, &Boundary> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Shown(ast, it) = *self;
        f.write_str("at ")?;
        write_relations(f, ast, &it.faces)?;
        f.write_str(": ")?;
        write_relations(f, ast, &it.conditions)
    }
}

pub(super) fn write_relations(
    f: &mut Formatter<'_>,
    ast: &Ast,
    relations: &[Relation],
) -> fmt::Result {
    for (i, relation) in relations.iter().enumerate() {
        write!(f, "{}{}", comma(i), ast.show(relation.left))?;
        if let Some(right) = relation.right {
            write!(f, " = {}", ast.show(right))?;
        }
    }
    Ok(())
}

pub(super) fn write_methods(f: &mut Formatter<'_>, ast: &Ast, methods: &[Method]) -> fmt::Result {
    f.write_str("scheme ")?;
    for (i, method) in methods.iter().enumerate() {
        f.write_str(comma(i))?;
        if let Some(axis) = method.axis {
            write!(f, "{}: ", ast.name(axis.name))?;
        }
        f.write_str(ast.name(method.name.name))?;
        if method.settings.is_empty() {
            continue;
        }
        for (i, (key, value)) in method.settings.iter().enumerate() {
            let open = if i == 0 { "(" } else { ", " };
            write!(f, "{open}{} = {}", ast.name(key.name), ast.show(*value))?;
        }
        f.write_str(")")?;
    }
    Ok(())
}
