//! Texts with mistakes: each stands as `# error: code` on its line, and nothing else may be reported.

use std::path::{Path, PathBuf};

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::source::Sources;
use ansatz_compiler::syntax::parse;
use libtest_mimic::{Arguments, Failed, Trial};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/malformed");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the corpus is part of the package")
        .map(|entry| entry.expect("a folder can be listed").path())
        .collect();
    files.sort();
    let trials = files.into_iter().map(|file| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        Trial::test(name.into_owned(), move || check(&file))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn check(file: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(file)?;
    let mut sources = Sources::new();
    let source = sources
        .add(file.display().to_string(), text.as_str())
        .ok_or("the file is too large")?;
    let mut diagnostics = Diagnostics::new();
    parse(&source, &mut diagnostics);
    let found: Vec<(usize, String)> = diagnostics.iter().map(|d| located(&text, d)).collect();
    let expected = expected(&text);
    if found == expected {
        return Ok(());
    }
    let mut report = String::new();
    for d in diagnostics.iter() {
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
            .render_report(&mut report, &WithSource(d, &sources))?;
    }
    let missing: Vec<_> = expected.iter().filter(|e| !found.contains(e)).collect();
    let surplus: Vec<_> = found.iter().filter(|f| !expected.contains(f)).collect();
    Err(format!("{report}\nmissing: {missing:?}\nsurplus: {surplus:?}").into())
}

/// Line and code of a mistake.
fn located(text: &str, d: &dyn Diagnostic) -> (usize, String) {
    let code = d.code().map(|c| c.to_string()).unwrap_or_default();
    let label = d.labels().and_then(|mut labels| labels.next());
    let at = label.map_or(0, |label| label.offset());
    let line = text.as_bytes()[..at]
        .iter()
        .filter(|c| **c == b'\n')
        .count();
    (line + 1, code)
}

/// The mistakes that the comments announce.
fn expected(text: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let codes = line.split_once("# error:").map_or("", |parts| parts.1);
        all.extend(
            codes
                .split_whitespace()
                .map(|code| (i + 1, code.to_owned())),
        );
    }
    all
}

/// A problem together with the text it is about.
#[derive(Debug)]
struct WithSource<'a>(&'a (dyn Diagnostic + Send + Sync), &'a Sources);

impl std::fmt::Display for WithSource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self.0, f)
    }
}

impl std::error::Error for WithSource<'_> {}

impl Diagnostic for WithSource<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.0.code()
    }
    fn severity(&self) -> Option<miette::Severity> {
        self.0.severity()
    }
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.0.help()
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        self.0.labels()
    }
    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(self.1)
    }
}
