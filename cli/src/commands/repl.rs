//! `ansatz repl`: work interactively, or run a script of the same lines from standard input.

use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use ansatz_compiler::syntax::is_incomplete;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};

use crate::failure::Failure;
use crate::repl::{Answer, Editing, Session};
use crate::say::say;

pub fn repl(file: Option<&Path>) -> Result<(), Failure> {
    let mut session = Session::default();
    if let Some(file) = file {
        say!("{}", session.load(file)?);
    }
    if std::io::stdin().is_terminal() {
        interactive(&mut session)
    } else {
        script(&mut session)
    }
}

fn interactive(session: &mut Session) -> Result<(), Failure> {
    let config = Config::builder()
        .max_history_size(10_000)
        .map_err(terminal)?
        .build();
    let mut editor: Editor<Editing, FileHistory> = Editor::with_config(config).map_err(terminal)?;
    editor.set_helper(Some(Editing {
        names: session.names(),
    }));
    let history = history_file();
    if let Some(path) = &history {
        // A missing or unreadable history is no reason to stop.
        let _ = editor.load_history(path);
    }
    say!("ansatz {}: type :help for help", env!("CARGO_PKG_VERSION"));
    loop {
        match editor.readline("ansatz> ") {
            Ok(line) => {
                let _ = editor.add_history_entry(line.as_str());
                if !respond(session, &line) {
                    break;
                }
                if let Some(editing) = editor.helper_mut() {
                    editing.names = session.names();
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(terminal(error)),
        }
    }
    if let Some(path) = &history {
        let _ = editor.save_history(path);
    }
    Ok(())
}

/// Reads lines as a terminal would give them, joining those of an unfinished statement.
fn script(session: &mut Session) -> Result<(), Failure> {
    let mut input = String::new();
    for line in std::io::stdin().lock().lines() {
        input += &line.map_err(|e| Failure::read(Path::new("standard input"), e))?;
        input.push('\n');
        if input.starts_with(':') || !is_incomplete(&input) {
            if !respond(session, &input) {
                return Ok(());
            }
            input.clear();
        }
    }
    respond(session, &input);
    Ok(())
}

/// Answers an input; false when the user wants to leave.
fn respond(session: &mut Session, input: &str) -> bool {
    match session.answer(input) {
        Ok(Answer::Quit) => return false,
        Ok(Answer::Text(text)) if text.is_empty() => {}
        Ok(Answer::Text(text)) => say!("{text}"),
        Err(failure) => {
            // The session goes on: the exit status is of no use here.
            failure.report();
        }
    }
    true
}

fn terminal(error: ReadlineError) -> Failure {
    Failure::Usage {
        message: format!("the terminal cannot be used: {error}"),
    }
}

fn history_file() -> Option<PathBuf> {
    let home = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")))?;
    let folder = home.join("ansatz");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}
