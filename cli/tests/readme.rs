//! The commands in the README and the manual: those of `ansatz` are run, those of `cargo` have a form that works.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ansatz_tests::{blocks, repository};

/// The texts with commands.
const TEXTS: &[&str] = &["README.md", "docs/language.md"];

/// Commands of cargo that may stand in the texts; `cargo run … --` gives its arguments to `ansatz`.
const CARGO: &[&str] = &[
    "cargo run --release --",
    "cargo test --workspace --no-fail-fast",
    "cargo test --test slow",
    "cargo install --path cli",
    "cargo bench",
];

/// Every command line of the texts, without comments.
fn commands() -> Vec<String> {
    let mut commands = Vec::new();
    for path in TEXTS {
        let text = std::fs::read_to_string(repository().join(path)).unwrap();
        for (_, block) in blocks(&text, "sh") {
            let lines = block
                .lines()
                .map(|line| line.split(" #").next().unwrap().trim());
            commands.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
        }
    }
    commands
}

/// A folder with the examples, as in a fresh copy of the repository.
fn scratch() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    let examples = folder.join("examples");
    copy(&repository().join("examples"), &examples);
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(std::fs::copy(&path, target).unwrap()),
        }
    }
}

#[test]
fn every_command_works() {
    let folder = scratch();
    // `ansatz new` never writes over a file.
    let _ = std::fs::remove_file(folder.join("my_study.model"));
    let binary = Path::new(env!("CARGO_BIN_EXE_ansatz"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", binary.parent().unwrap().display());
    let mut n_run = 0;
    for command in commands() {
        let form = CARGO.iter().find(|form| command.starts_with(**form));
        assert!(
            form.is_some() || command.starts_with("ansatz "),
            "`{command}` is neither of ansatz nor a known form of cargo"
        );
        let run = command.replace("cargo run --release --", "ansatz");
        if !run.starts_with("ansatz ") {
            continue;
        }
        n_run += 1;
        let output = Command::new("sh")
            .args(["-c", &run])
            .env("PATH", &path)
            .env("XDG_STATE_HOME", &folder)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`{run}`: {said}");
    }
    assert!(n_run > 5, "commands are found");
}
