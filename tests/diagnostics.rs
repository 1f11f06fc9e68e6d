//! Every mistake is reported where the corpus expects it: `# error: code` and `# warning: code` stand on the lines where they
//! are due, no more and no less, and the rendered messages are snapshots.

use std::path::{Path, PathBuf};

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::model::{Loader, elaborate};
use ansatz_compiler::source::Sources;
use ansatz_compiler::stdlib;
use ansatz_compiler::syntax::parse;
use ansatz_compiler::system::assemble;
use ansatz_tests::mistakes::{expected, found};
use ansatz_tests::rendered;
use ansatz_tests::snapshot::{compare, run_folders};
use libtest_mimic::Failed;

fn main() {
    run_folders(&["diagnostics"], check)
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
    let model = elaborate(&ast, &mut sources, &Beside(folder.into()), &mut diagnostics);
    if !diagnostics.has_errors() {
        assemble(model, &mut diagnostics);
    }

    let (found, expected) = (found(&diagnostics, &sources), expected(&text));
    let rendered = rendered(diagnostics, &sources);
    if found != expected {
        return Err(format!("expected {expected:#?}\nfound {found:#?}\n{rendered}").into());
    }
    compare("diagnostics", name, &rendered)
}
