//! Every mistake is reported where the corpus expects it: `# error: code` and `# warning: code` stand on the lines where they
//! are due, no more and no less, and the rendered messages are snapshots.

use std::path::{Path, PathBuf};

use ansatz_compiler::diagnostic::{Diagnostics, is_error};
use ansatz_compiler::model::{Loader, elaborate};
use ansatz_compiler::source::Sources;
use ansatz_compiler::stdlib;
use ansatz_compiler::syntax::parse;
use ansatz_tests::snapshot::{compare, run_folder};
use libtest_mimic::Failed;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

fn main() {
    run_folder("diagnostics", check)
}

/// Finds used files beside the corpus file.
struct Beside(PathBuf);

impl Loader for Beside {
    fn std_module(&self, name: &str) -> Option<&'static str> {
        stdlib::module(name)
    }

    fn file(&self, path: &str, _from: &str) -> Result<String, std::io::Error> {
        std::fs::read_to_string(self.0.join(path))
    }
}

fn check(path: &Path, name: &str) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let mut sources = Sources::new();
    let file = format!("{name}.model");
    let source = sources
        .add(file, text.as_str())
        .ok_or("the file is too large")?;
    let mut diagnostics = Diagnostics::new();
    let ast = parse(&source, &mut diagnostics);
    let folder = path.parent().expect("a file stands in a folder");
    elaborate(&ast, &mut sources, &Beside(folder.into()), &mut diagnostics);

    let mut found: Vec<String> = diagnostics.iter().map(|d| found(d, &sources)).collect();
    let mut expected: Vec<String> = text.lines().enumerate().flat_map(expected).collect();
    found.sort();
    expected.sort();
    let rendered = render(&diagnostics, &sources);
    if found != expected {
        return Err(format!("expected {expected:#?}\nfound {found:#?}\n{rendered}").into());
    }
    compare("diagnostics", name, &rendered)
}

/// `line 3: error: unknown_name`, from a diagnostic; the line is that of its primary label, else of its first.
fn found(d: &(dyn Diagnostic + Send + Sync), sources: &Sources) -> String {
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

/// The comments `# error: a_code, another_code` and `# warning: …` of a line; `# nowhere: a_code` is a warning without a place.
fn expected((index, line): (usize, &str)) -> Vec<String> {
    let mut out = Vec::new();
    if let Some((_, code)) = line.split_once("# nowhere: ") {
        out.push(format!("nowhere: warning: {}", code.trim()));
    }
    for severity in ["error", "warning"] {
        let Some((_, codes)) = line.split_once(&format!("# {severity}: ")) else {
            continue;
        };
        let codes = codes.split('#').next().unwrap_or(codes);
        for code in codes.split(',') {
            out.push(format!("line {}: {severity}: {}", index + 1, code.trim()));
        }
    }
    out
}

/// All messages as the command line prints them, without colour.
fn render(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let handler =
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(120);
    let mut out = String::new();
    for d in diagnostics.iter() {
        let with_source = WithSource { of: d, sources };
        handler
            .render_report(&mut out, &with_source)
            .expect("writing to a string cannot fail");
    }
    out
}

/// A diagnostic and the texts it points into.
#[derive(Debug)]
struct WithSource<'a> {
    of: &'a (dyn Diagnostic + Send + Sync),
    sources: &'a Sources,
}

impl std::fmt::Display for WithSource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self.of, f)
    }
}

impl std::error::Error for WithSource<'_> {}

impl Diagnostic for WithSource<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.of.code()
    }

    fn severity(&self) -> Option<miette::Severity> {
        self.of.severity()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.of.help()
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(self.sources)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        self.of.labels()
    }
}
