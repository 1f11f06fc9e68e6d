//! The products of the stages as stable text: what `ansatz show` prints and snapshot tests read.

use crate::codegen::Tier;
use crate::diagnostic::Diagnostics;
use crate::model::{self, Loader};
use crate::source::{Source, Sources};
use crate::syntax::Ast;
use crate::system::jacobian;
use crate::{assemble, pipeline, program, read, without_fields};

/// A product that can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The syntax tree.
    Ast,
    /// Names resolved, everything as terms.
    Terms,
    /// The equations that are integrated.
    System,
    /// The equations after simplification.
    Simplified,
    /// The sparse analytic Jacobian.
    Jacobian,
    /// Reactions grouped by net stoichiometry, factored.
    Network,
    /// The straight-line program of the right-hand side.
    Kernel,
    /// The equations as LaTeX.
    Latex,
}

/// Stages with the names users write, in the order of the pipeline.
pub const STAGES: &[(&str, Stage)] = &[
    ("ast", Stage::Ast),
    ("terms", Stage::Terms),
    ("system", Stage::System),
    ("simplified", Stage::Simplified),
    ("jacobian", Stage::Jacobian),
    ("network", Stage::Network),
    ("kernel", Stage::Kernel),
    ("latex", Stage::Latex),
];

/// The text of a stage; `None` when the source has errors.
pub fn show(
    source: &Source,
    stage: Stage,
    sources: &mut Sources,
    loader: &dyn Loader,
    diagnostics: &mut Diagnostics,
) -> Option<String> {
    let ast = read(source, diagnostics);
    show_ast(&ast, stage, sources, loader, diagnostics)
}

/// The text of a stage, from the tree on.
pub fn show_ast(
    ast: &Ast,
    stage: Stage,
    sources: &mut Sources,
    loader: &dyn Loader,
    diagnostics: &mut Diagnostics,
) -> Option<String> {
    if stage == Stage::Ast {
        return (!diagnostics.has_errors()).then(|| ast.to_string());
    }
    let model = model::elaborate(ast, sources, loader, diagnostics);
    if diagnostics.has_errors() {
        return None;
    }
    if stage == Stage::Terms {
        return Some(model.to_string());
    }
    let mut system = assemble(model, diagnostics)?;
    if matches!(
        stage,
        Stage::Network | Stage::Kernel | Stage::Jacobian | Stage::Latex
    ) {
        system = without_fields(system, diagnostics)?;
    }
    Some(match stage {
        Stage::Ast | Stage::Terms | Stage::System => system.to_string(),
        Stage::Simplified => {
            let system = pipeline::simplified(system);
            format!("{system}{}", system.space_text())
        }
        Stage::Latex => system.latex(),
        Stage::Network => pipeline::simplified(system).network_text(),
        Stage::Kernel => program::compile(pipeline::simplified(system), Tier::Tables)
            .rhs
            .to_string(),
        Stage::Jacobian => {
            system = pipeline::simplified(system);
            jacobian::jacobian(&mut system).text(&system)
        }
    })
}
