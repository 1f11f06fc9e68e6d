//! One trial per file of a folder of the corpus, and its snapshot.

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};

use super::{files_under, repository};

/// Runs the trials and ends the process.
///
/// # Panics
/// If there is none: a test that tests nothing is no test.
pub fn run_trials(trials: Vec<Trial>) -> ! {
    assert!(!trials.is_empty(), "there is something to test");
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}

/// Runs `check`, given path and stem, on every file of some folders of `tests/corpus`, each as a trial; ends the process.
pub fn run_folders(folders: &[&str], check: fn(&Path, &str) -> Result<(), Failed>) -> ! {
    let files = folders.iter().flat_map(|folder| files_of(folder));
    let trials = files.map(|path| {
        let name = stem(&path);
        Trial::test(name.clone(), move || check(&path, &name))
    });
    run_trials(trials.collect())
}

/// The models and networks of a folder of the corpus.
pub(crate) fn files_of(folder: &str) -> Vec<PathBuf> {
    let folder = repository().join("tests/corpus").join(folder);
    let (models, networks) = (files_under(&folder, "model"), files_under(&folder, "net"));
    models.into_iter().chain(networks).collect()
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
