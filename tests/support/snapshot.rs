//! One trial per file of a folder of the corpus, and its snapshot.

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};

use super::{files_under, repository};

/// Runs `check`, given path and stem, on every model of `tests/corpus/FOLDER`, each as a trial; ends the process.
pub fn run_folder(folder: &str, check: fn(&Path, &str) -> Result<(), Failed>) -> ! {
    let folder = repository().join("tests/corpus").join(folder);
    let files = files_under(&folder, "model").into_iter();
    let trials = files.map(|path| {
        let name = stem(&path);
        Trial::test(name.clone(), move || check(&path, &name))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit()
}

/// The name of a file without its extension.
pub fn stem(path: &Path) -> String {
    let stem = path.file_stem().expect("a path of the corpus is a file");
    stem.to_string_lossy().into_owned()
}

/// Compares a text with `tests/snapshots/FOLDER/NAME.snap`.
///
/// # Errors
/// They differ; the difference has been printed.
pub fn compare(folder: &str, name: &str, text: &str) -> Result<(), Failed> {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(repository().join("tests/snapshots").join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let compare = || settings.bind(|| insta::assert_snapshot!(name, text));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(compare))
        .map_err(|_| "the snapshot differs".into())
}
