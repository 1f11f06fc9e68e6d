//! The `:commands` of the session.

use std::path::{Path, PathBuf};

use ansatz_compiler::import::to_model_text;
use ansatz_compiler::model::nearest;
use ansatz_compiler::show::{STAGES, show_ast};

use super::session::{Answer, Content, Session, names_of};
use crate::args::{RunArgs, Settings};
use crate::commands::run::run_study;
use crate::failure::Failure;
use crate::loader::Files;
use crate::overrides;
use crate::study::Study;

/// Name, arguments and meaning of every command.
pub const COMMANDS: &[(&str, &str, &str)] = &[
    ("load", "FILE", "start over with the model in a file"),
    (
        "show",
        "STAGE",
        "print what the compiler makes of the model: ast terms system simplified jacobian network kernel latex",
    ),
    (
        "explain",
        "EXPR",
        "simplify an expression and print the proof, rule by rule",
    ),
    ("diff", "EXPR by x", "differentiate an expression"),
    ("set", "NAME=VALUE", "set a parameter or an initial value"),
    (
        "run",
        "[NAME] [T]",
        "run the experiments, the one named, or a simulation until T",
    ),
    ("plot", "", "show the plot of the last run again"),
    ("undo", "", "take the last change back"),
    ("help", "", "this list"),
    ("quit", "", "leave (also Ctrl-D)"),
];

impl Session {
    pub(super) fn command(&mut self, line: &str) -> Result<Answer, Failure> {
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let text = match name {
            "load" => self.load(Path::new(rest))?,
            "show" => self.show(rest)?,
            "explain" => self.explanation(rest)?,
            "diff" => {
                let (expression, by) = rest
                    .rsplit_once(" by ")
                    .ok_or_else(|| Failure::usage("write `:diff EXPR by x`"))?;
                self.derivative(expression, by.trim())?
            }
            "set" => self.set(rest)?,
            "run" => self.run(rest)?,
            "plot" if self.last_plot.is_empty() => {
                return Err(Failure::usage(
                    "there is no plot yet: add a `plot` statement and `:run`",
                ));
            }
            "plot" => self.last_plot.clone(),
            "undo" => self.take_back()?,
            "help" => help(),
            "quit" | "q" => return Ok(Answer::Quit),
            _ => {
                let near = nearest(name, COMMANDS.iter().map(|c| c.0));
                let hint = near.map_or("`:help` lists the commands".to_owned(), |n| {
                    format!("did you mean `:{n}`?")
                });
                return Err(Failure::usage(format!(
                    "there is no command `:{name}`; {hint}"
                )));
            }
        };
        Ok(Answer::Text(text))
    }

    /// Starts over with a file; one of another format goes on as `.model` text.
    pub fn load(&mut self, path: &Path) -> Result<String, Failure> {
        let mut study = Study::open(path)?;
        let model = study.elaborate()?;
        let is_model = path.extension().is_none_or(|e| e != "net");
        let (file, text) = match is_model {
            true => {
                let source = study.sources.file_at(0);
                (
                    path.to_owned(),
                    source.map_or("".into(), |s| s.text.clone()),
                )
            }
            false => (
                path.with_extension("model"),
                to_model_text(&study.ast).into(),
            ),
        };
        study.print_warnings();
        self.change(Content {
            file: Some(file),
            statements: vec![text],
            set: Vec::new(),
            names: names_of(&model),
        });
        Ok(format!(
            "{}: {} states, {} reactions",
            model.name,
            model.states.len(),
            model.reactions.len()
        ))
    }

    fn show(&self, stage: &str) -> Result<String, Failure> {
        let found = STAGES.iter().find(|(name, _)| *name == stage);
        let Some((_, stage)) = found else {
            let names: Vec<&str> = STAGES.iter().map(|(name, _)| *name).collect();
            return Err(Failure::usage(format!(
                "write `:show STAGE` with one of: {}",
                names.join(", ")
            )));
        };
        let mut study = self.study("")?;
        study.stop_on_errors()?;
        let text = show_ast(
            &study.ast,
            *stage,
            &mut study.sources,
            &Files,
            &mut study.diagnostics,
        );
        study.stop_on_errors()?;
        Ok(text.expect("a product is missing only when there are errors"))
    }

    fn set(&mut self, setting: &str) -> Result<String, Failure> {
        let mut study = self.study("")?;
        let mut model = study.elaborate()?;
        overrides::apply(&mut model, &[setting.to_owned()])?;
        let mut content = self.content.clone();
        content.set.push(setting.to_owned());
        self.change(content);
        Ok(String::new())
    }

    fn run(&mut self, rest: &str) -> Result<String, Failure> {
        let until = rest
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let experiment = rest
            .split_whitespace()
            .find(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
        let args = RunArgs {
            file: self
                .content
                .file
                .clone()
                .unwrap_or_else(|| PathBuf::from("session")),
            experiment: experiment.map(str::to_owned),
            set: self.content.set.clone(),
            out: PathBuf::from("out"),
            checkpoint: None,
            resume: false,
            quiet: false,
            json: false,
            settings: Settings {
                until: until.map(str::to_owned),
                ..Settings::default()
            },
        };
        let runs = run_study(self.study("")?, &args)?;
        if let Some(plot) = runs
            .into_iter()
            .map(|run| run.terminal)
            .find(|plot| !plot.is_empty())
        {
            self.last_plot = plot;
        }
        Ok(String::new())
    }

    fn take_back(&mut self) -> Result<String, Failure> {
        self.content = self
            .undo
            .pop()
            .ok_or_else(|| Failure::usage("there is nothing to undo"))?;
        Ok(String::new())
    }
}

fn help() -> String {
    let mut text =
        "Type statements of the language to build a model, expressions to see their value, or:\n"
            .to_owned();
    for (name, arguments, meaning) in COMMANDS {
        text += &format!("  :{:<22} {meaning}\n", format!("{name} {arguments}"));
    }
    text.trim_end().to_owned()
}
