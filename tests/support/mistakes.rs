//! What texts announce of their mistakes, and what was found: `# error: code` stands on the line where it is due.

use std::collections::BTreeSet;

use ansatz_compiler::diagnostic::{Diagnostics, is_error};
use ansatz_compiler::source::Sources;
use miette::Diagnostic;

use crate::snapshot::{files_of, stem};

/// The folders of the corpus whose files announce their mistakes.
const WITH_MISTAKES: &[&str] = &["diagnostics", "malformed", "foreign"];

/// What was found, sorted: `line 3: error: unknown_name`; the line is that of the primary label, else of the first.
pub fn found(diagnostics: &Diagnostics, sources: &Sources) -> Vec<String> {
    let mut found: Vec<String> = diagnostics
        .iter()
        .map(|d| place_and_code(d, sources))
        .collect();
    found.sort();
    found
}

fn place_and_code(d: &(dyn Diagnostic + Send + Sync), sources: &Sources) -> String {
    let severity = if is_error(d) { "error" } else { "warning" };
    let code = d.code().map_or("no code".into(), |c| c.to_string());
    let labels: Vec<_> = d.labels().into_iter().flatten().collect();
    let label = labels.iter().find(|l| l.primary()).or(labels.first());
    let offset = label.map(|l| l.offset());
    let place = offset.map_or("nowhere".into(), |offset| place(offset, sources));
    format!("{place}: {severity}: {code}")
}

fn place(offset: usize, sources: &Sources) -> String {
    let Some(file) = sources.file_at(offset as u32) else {
        return "nowhere".into();
    };
    let before = &file.text[..offset - file.base as usize];
    let line = before.matches('\n').count() + 1;
    if file.base == 0 {
        format!("line {line}")
    } else {
        format!("{} line {line}", file.name)
    }
}

/// What a text announces, in the same form, sorted: the comments `# error: a_code, another_code` and `# warning: …` of a line;
/// `# nowhere: a_code` is a warning without a place.
pub fn expected(text: &str) -> Vec<String> {
    let lines = text.lines().enumerate();
    let mut expected: Vec<String> = lines.flat_map(expected_of).collect();
    expected.sort();
    expected
}

fn expected_of((index, line): (usize, &str)) -> Vec<String> {
    let of = |severity| announced(line, severity).into_iter();
    let nowhere = of("nowhere").map(|code| format!("nowhere: warning: {code}"));
    let placed = ["error", "warning"].into_iter().flat_map(|severity| {
        of(severity).map(move |code| format!("line {}: {severity}: {code}", index + 1))
    });
    nowhere.chain(placed).collect()
}

/// The codes that a line announces behind `# error: ` (or another severity), separated by commas.
pub fn announced<'a>(line: &'a str, severity: &str) -> Vec<&'a str> {
    let codes = line.split_once(&format!("# {severity}: "));
    let codes = codes.map(|(_, codes)| codes.split('#').next().unwrap_or(codes));
    let codes = codes.into_iter().flat_map(|codes| codes.split(','));
    codes.map(str::trim).collect()
}

/// The codes of mistakes that have a file of their name in the corpus which announces them.
pub fn codes_of_corpus() -> BTreeSet<String> {
    let files = WITH_MISTAKES.iter().flat_map(|folder| files_of(folder));
    let announces = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).expect("the corpus is readable");
        let code = stem(path);
        let severities = ["error", "warning", "nowhere"].iter();
        let mut lines = severities.flat_map(|s| text.lines().map(move |line| announced(line, s)));
        lines.any(|codes| codes.contains(&code.as_str()))
    };
    let files = files.filter(announces);
    files.map(|path| stem(&path)).collect()
}
