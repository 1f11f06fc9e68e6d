//! Ansatz, the compiler: from model text to compiled right-hand sides and Jacobians.
//!
//! One way through the house; each arrow is one function, each product prints as stable text (`ansatz show --stage`):
//! ```text
//! text ─parse→ Ast ─elaborate→ Model ─assemble→ System ─simplify→ System ─compile→ Program
//! ```
//! | stage | entry | product |
//! |---|---|---|
//! | [`syntax`], [`import`] | [`read`] | [`syntax::Ast`] |
//! | [`model`] | [`model::elaborate`] | [`model::Model`]: names resolved, units checked |
//! | [`system`] | [`system::assemble`] | [`system::System`]: blocks of equations, never scalarised |
//! | [`simplify`] | [`pipeline::simplified`] | the same system, cheaper |
//! | [`codegen`] | [`program::compile`] | [`Program`]: kernels and all that a solver needs |
//!
//! [`terms`] is the algebra they share. The compiler is a pure function of its sources: no clocks, no files
//! (a [`model::Loader`] passes used files in), no globals; the same text gives the same machine code.
//!
//! Deliberately absent for now, and refused by name: events, modules, arrays, stochastic interpretations, algebraic constraints.

pub mod codegen;
pub mod diagnostic;
pub mod import;
pub mod model;
pub mod pipeline;
pub mod program;
pub mod show;
pub mod simplify;
pub mod source;
pub mod stdlib;
pub mod syntax;
pub mod system;
pub mod terms;

pub use program::Program;

use codegen::Tier;
use diagnostic::Diagnostics;
use model::{Loader, Model, ModelError};
use source::{Source, Sources};
use syntax::Ast;
use system::System;

/// Reads a source: a BioNetGen `.net` by its name, anything else as `.model` text.
pub fn read(source: &Source, diagnostics: &mut Diagnostics) -> Ast {
    if source.name.ends_with(".net") {
        import::import_net(source, diagnostics)
    } else {
        syntax::parse(source, diagnostics)
    }
}

/// The equations of a model, not yet simplified; `None` when it has errors.
pub fn assemble(model: Model, diagnostics: &mut Diagnostics) -> Option<System> {
    let system = system::assemble(model, diagnostics);
    (!diagnostics.has_errors()).then_some(system)
}

/// The system, if it has no fields: what works on numbers only asks for that, and it is reported once.
pub fn without_fields(system: System, diagnostics: &mut Diagnostics) -> Option<System> {
    let Some(field) = system.states.iter().find(|s| s.domain.is_some()) else {
        return Some(system);
    };
    diagnostics.push(ModelError::NotSupported {
        feature: "this command on a model with fields".into(),
        at: field.span.into(),
    });
    None
}

/// The whole way, from a source to a program; `None` when it has errors.
pub fn compile(
    source: &Source,
    sources: &mut Sources,
    loader: &dyn Loader,
    tier: Tier,
    diagnostics: &mut Diagnostics,
) -> Option<Program> {
    let ast = read(source, diagnostics);
    let model = model::elaborate(&ast, sources, loader, diagnostics);
    if diagnostics.has_errors() {
        return None;
    }
    let system = assemble(model, diagnostics)?;
    Some(program::compile(pipeline::simplified(system), tier))
}
