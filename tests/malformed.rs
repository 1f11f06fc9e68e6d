//! Texts that cannot be read, of our own language and of others: each mistake stands as `# error: code` on its line,
//! nothing else is reported, and the messages are snapshots.

use std::path::Path;

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::read;
use ansatz_compiler::source::Sources;
use ansatz_tests::mistakes::{expected, found};
use ansatz_tests::snapshot::{compare, run_folders};
use libtest_mimic::Failed;
use miette::Diagnostic;

fn main() {
    run_folders(&["malformed", "foreign"], check)
}

fn check(path: &Path, name: &str) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let mut sources = Sources::new();
    let source = sources
        .add(path.to_string_lossy(), text.as_str())
        .ok_or("the file is too large")?;
    let mut diagnostics = Diagnostics::new();
    read(&source, &mut diagnostics);

    let (found, expected) = (found(&diagnostics, &sources), expected(&text));
    let messages: Vec<String> = diagnostics.iter().map(|d| message(&text, d)).collect();
    let messages = messages.join("\n");
    if found != expected {
        return Err(format!("expected {expected:#?}\nfound {found:#?}\n{messages}").into());
    }
    compare("malformed", name, &messages)
}

/// The line, the underlined text, the message and the help, one below the other.
fn message(text: &str, d: &dyn Diagnostic) -> String {
    let label = d.labels().and_then(|mut labels| labels.next());
    let offset = label.as_ref().map_or(0, |label| label.offset());
    let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().next().unwrap_or("");
    let line = line.split("  #").next().unwrap_or(line).trim_end();
    let line = line.replace(char::is_control, "�");
    let column = text[start..offset].chars().count();
    let length = label.map_or(0, |label| {
        text[offset..offset + label.len()].chars().count()
    });
    let underline = " ".repeat(column) + &"^".repeat(length.max(1));
    let help = d
        .help()
        .map(|help| format!("help: {help}\n"))
        .unwrap_or_default();
    format!("{line}\n{underline} {d}\n{help}")
}
