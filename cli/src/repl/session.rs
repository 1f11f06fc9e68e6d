//! What the session knows, and what it answers to a line.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ansatz_compiler::model::Model;
use ansatz_compiler::syntax::{Ast, parse_expression};
use ansatz_compiler::terms::Term;
use ansatz_compiler::{diagnostic::Diagnostics, pipeline, source::Sources, system::System};

use super::start;
use crate::failure::Failure;
use crate::overrides;
use crate::study::Study;

/// Name of the `let` that holds an expression under evaluation.
const ANSWER: &str = "answer_";

/// What a line led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// Text for the user; empty when all went well and there is nothing to say.
    Text(String),
    /// The user wants to leave.
    Quit,
}

/// The model so far.
#[derive(Debug, Default)]
pub struct Session {
    pub(super) content: Content,
    pub(super) undo: Vec<Content>,
    pub(super) last_plot: String,
}

/// What `:undo` takes back.
#[derive(Debug, Default, Clone)]
pub(super) struct Content {
    /// File that was loaded: paths of `use` are relative to it.
    pub file: Option<PathBuf>,
    pub statements: Vec<Arc<str>>,
    /// `NAME=VALUE` texts.
    pub set: Vec<String>,
    /// Names the model declares.
    pub names: Arc<Vec<String>>,
}

pub(super) fn names_of(model: &Model) -> Arc<Vec<String>> {
    let parameters = model.parameters.iter().map(|p| p.name.clone());
    let states = model.states.iter().map(|s| s.name.clone());
    let observables = model.observables.iter().map(|o| o.name.clone());
    Arc::new(parameters.chain(states).chain(observables).collect())
}

impl Session {
    /// Answers one complete input: a `:command`, an expression, or a statement. A mistake changes nothing.
    pub fn answer(&mut self, input: &str) -> Result<Answer, Failure> {
        let input = input.trim();
        if input.is_empty() {
            return Ok(Answer::Text(String::new()));
        }
        if let Some(command) = input.strip_prefix(':') {
            return self.command(command);
        }
        if is_expression(input) {
            self.value(input).map(Answer::Text)
        } else {
            self.extend(input).map(|()| Answer::Text(String::new()))
        }
    }

    /// Names the model declares, for completion.
    pub fn names(&self) -> Arc<Vec<String>> {
        self.content.names.clone()
    }

    /// Adds a statement to the model.
    pub(super) fn extend(&mut self, statement: &str) -> Result<(), Failure> {
        let model = self.study(statement)?.elaborate_so_far()?;
        let mut content = self.content.clone();
        content.statements.push(statement.into());
        content.names = names_of(&model);
        self.change(content);
        Ok(())
    }

    /// Goes on with a new content; `:undo` takes back the present one.
    pub(super) fn change(&mut self, content: Content) {
        self.undo
            .push(std::mem::replace(&mut self.content, content));
    }

    /// The model with one more statement, parsed.
    pub(super) fn study(&self, extra: &str) -> Result<Study, Failure> {
        let file = self.content.file.as_deref();
        let name = file.unwrap_or(Path::new("session")).to_string_lossy();
        let mut text = self.content.statements.join("\n");
        text.push('\n');
        text += extra;
        Study::of_text(&name, text)
    }

    /// The model with its overrides.
    pub(super) fn model(&self, study: &mut Study) -> Result<Model, Failure> {
        let mut model = study.elaborate()?;
        overrides::apply(&mut model, &self.content.set)?;
        Ok(model)
    }

    /// The model with an expression as its last `let`.
    fn with_answer(&self, expression: &str) -> Result<(Study, System), Failure> {
        let mut study = self.study(&format!("let {ANSWER} = {expression}"))?;
        let model = self.model(&mut study)?;
        let system = study.assemble(model)?;
        Ok((study, system))
    }

    /// A system in which `expression` is the only thing to compute.
    pub(super) fn system_of(&self, expression: &str) -> Result<(Study, System), Failure> {
        let (study, system) = self.with_answer(expression)?;
        if !start::on_grids(&system, ANSWER).is_empty() {
            let message = "`:explain` and `:diff` are for expressions without fields";
            return Err(Failure::usage(message));
        }
        Ok((study, alone(system)))
    }

    /// The simplified form of an expression and its value at the start.
    fn value(&self, expression: &str) -> Result<String, Failure> {
        let (mut study, system) = self.with_answer(expression)?;
        if !start::on_grids(&system, ANSWER).is_empty() {
            let folder = self.content.file.as_deref().and_then(Path::parent);
            let folder = folder.unwrap_or(Path::new(""));
            return start::values(&mut study, system, ANSWER, folder);
        }
        let system = study.simplify(alone(system));
        Ok(simplified_and_value(&system, system.observables[0].value))
    }

    /// The derivative of an expression.
    pub(super) fn derivative(&self, expression: &str, by: &str) -> Result<String, Failure> {
        let (mut study, mut system) = self.system_of(expression)?;
        let symbol = system.pool.symbol(by);
        let derivative = system.pool.derivative(system.observables[0].value, symbol);
        system.observables[0].value = derivative;
        let system = study.simplify(system);
        Ok(simplified_and_value(&system, system.observables[0].value))
    }

    /// How an expression is simplified, rule by rule.
    pub(super) fn explanation(&self, expression: &str) -> Result<String, Failure> {
        let (_, system) = self.system_of(expression)?;
        let text = pipeline::explained(system);
        Ok(if text.is_empty() {
            "nothing to simplify".to_owned()
        } else {
            text.trim_end().to_owned()
        })
    }
}

/// The system without all but its last `let`.
fn alone(mut system: System) -> System {
    system.blocks.clear();
    let answer = system.observables.pop();
    system.observables = vec![answer.expect("the last `let` is the expression")];
    system
}

fn simplified_and_value(system: &System, term: Term) -> String {
    let form = system.pool.display(term).to_string();
    let (parameters, states) = system.start();
    let value = system.value(term, &parameters, &states).to_string();
    if form == value {
        form
    } else {
        format!("{form}\n  = {value} at the start")
    }
}

/// Whether the whole input reads as an expression.
fn is_expression(input: &str) -> bool {
    let (mut sources, mut diagnostics, mut ast) = (Sources::new(), Diagnostics::new(), Ast::new());
    let Some(source) = sources.add("input", input) else {
        return false;
    };
    parse_expression(&source, &mut ast, &mut diagnostics).is_some() && !diagnostics.has_errors()
}
