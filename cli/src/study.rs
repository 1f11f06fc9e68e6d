//! A file on its way through the compiler.

use std::path::Path;
use std::time::Instant;

use ansatz_compiler::diagnostic::{Diagnostics, is_error};
use ansatz_compiler::model::{self, Model};
use ansatz_compiler::source::{MAX_SOURCE_BYTES, Source, Sources, Span};
use ansatz_compiler::syntax::ast::{
    Ast, Expr, Ident, Item, ItemKind, Setting, SettingValue, Simulate,
};
use ansatz_compiler::syntax::parse_expression;
use ansatz_compiler::{assemble, pipeline::simplified, read, system::System};
use miette::Diagnostic;

use crate::args::Settings;
use crate::failure::Failure;
use crate::loader::Files;
use crate::render;

/// Seconds spent in each stage.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seconds {
    pub read: f64,
    pub simplify: f64,
    pub compile: f64,
    pub solve: f64,
    pub write: f64,
}

/// A read file.
pub struct Study {
    pub sources: Sources,
    pub diagnostics: Diagnostics,
    pub ast: Ast,
    pub seconds: Seconds,
}

impl Study {
    /// Reads and parses a file.
    pub fn open(path: &Path) -> Result<Study, Failure> {
        let start = Instant::now();
        let bytes = std::fs::read(path).map_err(|e| Failure::read(path, e))?;
        let text = String::from_utf8(bytes).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            Failure::Usage {
                message: format!(
                    "{} is not UTF-8 text (first bad byte at {at})",
                    path.display()
                ),
            }
        })?;
        let mut study = Study::of_text(&path.to_string_lossy(), text)?;
        study.seconds.read = start.elapsed().as_secs_f64();
        Ok(study)
    }

    /// Parses a text.
    pub fn of_text(name: &str, text: String) -> Result<Study, Failure> {
        let mut sources = Sources::new();
        let mut diagnostics = Diagnostics::new();
        let source = add(&mut sources, name, text)?;
        let ast = read(&source, &mut diagnostics);
        Ok(Study {
            sources,
            diagnostics,
            ast,
            seconds: Seconds::default(),
        })
    }

    /// Puts settings of the command line before those of the file; makes an experiment when the file has none.
    pub fn apply(&mut self, settings: &Settings) -> Result<(), Failure> {
        let given = self.parse_settings(settings)?;
        let mut found = false;
        for item in &mut self.ast.items {
            if let ItemKind::Simulate(simulate) = &mut item.kind {
                found = true;
                simulate
                    .settings
                    .retain(|s| given.iter().all(|g| g.key.name != s.key.name));
                simulate.settings.extend(given.iter().cloned());
            }
        }
        if !found && settings.until.is_some() {
            let span = given[0].key.span;
            let kind = ItemKind::Simulate(Simulate {
                name: None,
                settings: given,
            });
            self.ast.items.push(Item { kind, span });
        }
        Ok(())
    }

    fn parse_settings(&mut self, settings: &Settings) -> Result<Vec<Setting>, Failure> {
        let texts = [
            ("until", &settings.until),
            ("save", &settings.save),
            ("rtol", &settings.rtol),
            ("atol", &settings.atol),
            ("solver", &settings.solver),
            ("max_steps", &settings.max_steps),
        ];
        let mut out = Vec::new();
        for (key, text) in texts {
            let Some(text) = text else { continue };
            let name = format!("--{}", key.replace('_', "-"));
            let source = add(&mut self.sources, &name, text.clone())?;
            let span = Span::new(source.base, source.base + text.len() as u32);
            let key = Ident {
                name: self.ast.intern(key),
                span,
            };
            if let Some(value) = self.parse_flag(&source, span) {
                out.push(Setting { key, value });
            }
        }
        Ok(out)
    }

    /// Parses the value of a flag: an expression or a list; `None` when it is wrong, which has then been reported.
    fn parse_flag(&mut self, source: &Source, span: Span) -> Option<SettingValue> {
        let text = source.text.trim();
        let Some(list) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) else {
            return self
                .parse_part(source, &source.text)
                .map(SettingValue::Expr);
        };
        let items = list.split(',').map(|item| self.parse_part(source, item));
        let items = items.collect::<Option<_>>()?;
        Some(SettingValue::List(items, span))
    }

    /// Parses a slice of a source as an expression whose spans lie in that source.
    fn parse_part(&mut self, source: &Source, part: &str) -> Option<Expr> {
        let offset = part.as_ptr().addr() - source.text.as_ptr().addr();
        let part = Source {
            name: source.name.clone(),
            text: part.into(),
            base: source.base + offset as u32,
        };
        parse_expression(&part, &mut self.ast, &mut self.diagnostics)
    }

    /// Names and units.
    pub fn elaborate(&mut self) -> Result<Model, Failure> {
        let model = self.named();
        self.stop_on_errors()?;
        Ok(model)
    }

    /// Names and units of a model that goes on: fields may still lack an equation.
    pub fn elaborate_so_far(&mut self) -> Result<Model, Failure> {
        let model = self.named();
        let lacks_equation = |d: &dyn Diagnostic| {
            let code = d.code().map(|code| code.to_string());
            code.as_deref() == Some("field_without_equation")
        };
        if self
            .diagnostics
            .iter()
            .any(|d| is_error(d) && !lacks_equation(d))
        {
            self.stop_on_errors()?;
        }
        Ok(model)
    }

    fn named(&mut self) -> Model {
        let start = Instant::now();
        let model = model::elaborate(&self.ast, &mut self.sources, &Files, &mut self.diagnostics);
        self.seconds.read += start.elapsed().as_secs_f64();
        model
    }

    /// Equations, not yet simplified.
    pub fn assemble(&mut self, model: Model) -> Result<System, Failure> {
        let start = Instant::now();
        let system = assemble(model, &mut self.diagnostics);
        self.seconds.simplify += start.elapsed().as_secs_f64();
        self.stop_on_errors()?;
        Ok(system.expect("a system is missing only when there are errors"))
    }

    /// Simplified equations.
    pub fn simplify(&mut self, system: System) -> System {
        let start = Instant::now();
        let system = simplified(system);
        self.seconds.simplify += start.elapsed().as_secs_f64();
        system
    }

    /// Prints warnings so far.
    pub fn print_warnings(&mut self) {
        render::to_stderr(std::mem::take(&mut self.diagnostics), &self.sources);
    }

    /// Ends with what was found if any of it is an error.
    pub fn stop_on_errors(&mut self) -> Result<(), Failure> {
        if !self.diagnostics.has_errors() {
            return Ok(());
        }
        Err(Failure::Model {
            diagnostics: std::mem::take(&mut self.diagnostics),
            sources: Box::new(std::mem::take(&mut self.sources)),
        })
    }
}

fn add(sources: &mut Sources, name: &str, text: String) -> Result<Source, Failure> {
    sources.add(name, text).ok_or_else(|| Failure::Usage {
        message: format!(
            "the sources are larger than {} GiB together",
            MAX_SOURCE_BYTES >> 30
        ),
    })
}
