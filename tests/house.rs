//! The rules of the house that a program can check in our own code: where imports point, how files look, what methods cite.

use ansatz_tests::repository;
use ansatz_tests::rust::{File, assert_none, files, paths_after};

/// A module at the root of a crate, and the modules of that crate which it may import.
type Stage = (&'static str, &'static [&'static str]);

/// The stages of the compiler, in the order of the pipeline: each may import what stands before it, and of that only this.
const COMPILER: &[Stage] = &[
    ("source", &[]),
    ("diagnostic", &[]),
    ("terms", &[]),
    ("stdlib", &[]),
    ("syntax", &["source", "diagnostic", "terms"]),
    ("import", &["syntax", "source", "diagnostic", "terms"]),
    (
        "model",
        &["syntax", "terms", "source", "diagnostic", "stdlib"],
    ),
    ("simplify", &["terms"]),
    (
        "system",
        &["model", "terms", "source", "diagnostic", "simplify"],
    ),
    ("codegen", &["terms"]),
    (
        "pipeline",
        &[
            "model",
            "terms",
            "source",
            "diagnostic",
            "stdlib",
            "syntax",
            "system",
            "simplify",
        ],
    ),
    ("program", &["model", "terms", "system", "codegen"]),
];

/// The modules of the runtime, in the same way.
const RUNTIME: &[Stage] = &[
    ("failure", &[]),
    ("solution", &["failure"]),
    ("linalg", &[]),
    ("problem", &["solution"]),
    ("ode", &["failure", "solution", "linalg", "problem"]),
    ("random", &[]),
    (
        "space",
        &["failure", "solution", "linalg", "problem", "ode"],
    ),
    ("discover", &["random", "failure", "problem", "ode"]),
    (
        "experiment",
        &[
            "failure", "solution", "problem", "ode", "random", "space", "discover",
        ],
    ),
];

/// The modules that see all of their crate: its root, and the printer of all products.
const SEE_ALL: &[&str] = &["", "show"];

/// What each crate may import of the others.
const CRATES: &[(&str, &[&str])] = &[
    ("compiler", &[]),
    ("runtime", &["ansatz_compiler"]),
    ("cli", &["ansatz_compiler", "ansatz_runtime"]),
];

/// What solvers may know of the compiler: sizes, patterns and totals, never terms.
const SOLVERS_MAY_KNOW: &[&str] = &[
    "system::jacobian::Pattern",
    "system::conservation::ConservedTotal",
];

/// Most lines of a file.
const MAX_LINES: usize = 500;

/// Longer files, and why.
const LONG_FILES: &[(&str, &str)] = &[];

/// Most lines of a `mod.rs`.
const MAX_FACE_LINES: usize = 80;

/// What stands nowhere in the code, tests and benches included.
const FORBIDDEN: &[&str] = &[
    "todo!",
    "unimplemented!",
    "dbg!",
    "#[ignore",
    "with_ignored_flag",
    "should_panic",
    "thread::sleep",
    "#[allow(",
    "#![allow(",
    "static mut",
    "extern crate",
];

/// What stands nowhere outside tests.
const FORBIDDEN_OUTSIDE_TESTS: &[&str] = &[
    ".unwrap()",
    "unwrap_or_default()",
    "Err(_) => {}",
    "Err(_) => ()",
    "Rc<RefCell",
];

/// Places where something forbidden is right: file, what, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "compiler/src/syntax/grammar.rs",
        "#![allow(",
        "which lints generated code meets depends on the grammar, so that nothing can be expected",
    ),
    (
        "compiler/src/terms/pool.rs",
        "unwrap_or_default()",
        "a buffer is a used one or, if there is none, a new one",
    ),
];

/// The files with `unsafe`: they call machine code.
const UNSAFE_FILES: [&str; 2] = [
    "compiler/src/codegen/kernel.rs",
    "compiler/src/codegen/row/kernel.rs",
];

/// Names that say nothing about what a file holds.
const EMPTY_NAMES: &[&str] = &[
    "utils", "util", "helpers", "helper", "common", "misc", "core", "types", "manager", "engine",
];

/// `path:line: what`, for every place of `what` in `code`.
fn places(file: &File, code: &str, what: &str) -> Vec<String> {
    let at = code.match_indices(what);
    at.map(|(at, _)| {
        let line = code[..at].matches('\n').count() + 1;
        format!("{}:{line}: {what}", file.path)
    })
    .collect()
}

#[test]
fn stages_import_one_way() {
    let mut found = Vec::new();
    for (crate_name, stages) in [("compiler", COMPILER), ("runtime", RUNTIME)] {
        for file in files()
            .iter()
            .filter(|f| f.path.starts_with(&format!("{crate_name}/src/")))
        {
            if !file.is_test() {
                found.extend(wrong_imports(file, stages));
            }
        }
    }
    assert_none(found, "these imports are not in the table of the stages");
}

/// What a file imports from stages that its own may not.
fn wrong_imports(file: &File, stages: &[Stage]) -> Vec<String> {
    let module = file.module();
    let own = module.first().copied().unwrap_or("");
    if SEE_ALL.contains(&own) {
        return Vec::new();
    }
    let Some((_, allowed)) = stages.iter().find(|(name, _)| *name == own) else {
        return vec![format!("{}: `{own}` is not in the table", file.path)];
    };
    let code = file.code_without_tests();
    let to_root = "super::".repeat(module.len());
    let mut names = paths_after(code, "crate::");
    let above = paths_after(code, &to_root);
    names.extend(above.into_iter().filter(|(_, name)| name != "super"));
    names
        .into_iter()
        .filter(|(_, name)| name != own && !allowed.contains(&name.as_str()))
        .map(|(line, name)| format!("{}:{line}: {own} imports {name}", file.path))
        .collect()
}

#[test]
fn the_table_of_stages_has_no_circle() {
    for stages in [COMPILER, RUNTIME] {
        for (i, (name, imports)) in stages.iter().enumerate() {
            let before: Vec<&str> = stages[..i].iter().map(|s| s.0).collect();
            let wrong = imports.iter().find(|import| !before.contains(import));
            assert_eq!(wrong, None, "{name} imports what comes after it");
        }
    }
}

#[test]
fn crates_import_one_way() {
    let ours = ["ansatz_compiler", "ansatz_runtime", "ansatz_tests"];
    let mut found = Vec::new();
    for file in files().iter().filter(|f| !f.is_test()) {
        let name = file
            .path
            .split('/')
            .next()
            .expect("a path has a first part");
        let (_, allowed) = CRATES
            .iter()
            .find(|(n, _)| *n == name)
            .expect("a crate of ours");
        for other in ours.iter().filter(|other| !allowed.contains(other)) {
            found.extend(places(
                file,
                file.code_without_tests(),
                &format!("{other}::"),
            ));
        }
    }
    assert_none(found, "crates import cli → runtime → compiler");
}

#[test]
fn solvers_know_no_terms() {
    let mut found = Vec::new();
    for file in files() {
        let is_solver = file.path.starts_with("runtime/src/ode/")
            || file.path.starts_with("runtime/src/linalg/");
        let code = file.code_without_tests();
        for (at, _) in code
            .match_indices("ansatz_compiler::")
            .filter(|_| is_solver)
        {
            let path = &code[at + "ansatz_compiler::".len()..];
            if !SOLVERS_MAY_KNOW.iter().any(|known| path.starts_with(known)) {
                let line = path.lines().next().unwrap_or("");
                found.push(format!("{}: {line}", file.path));
            }
        }
    }
    assert_none(found, "solvers know `Problem`, never terms");
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = files().into_iter().filter(|f| !f.text.starts_with("//! "));
    assert_none(
        silent.map(|f| f.path).collect(),
        "files open with a `//!` line",
    );
}

#[test]
fn files_are_short() {
    let mut found = Vec::new();
    for file in files() {
        let lines = file.text.lines().count();
        let is_excepted = LONG_FILES.iter().any(|(path, _)| *path == file.path);
        let is_face = file.path.ends_with("/mod.rs") && file.path != "tests/support/mod.rs";
        let limit = if is_face { MAX_FACE_LINES } else { MAX_LINES };
        if lines > limit && !is_excepted {
            found.push(format!("{}: {lines} lines, at most {limit}", file.path));
        }
        if lines <= limit && is_excepted {
            found.push(format!("{}: no longer an exception", file.path));
        }
    }
    assert_none(found, "long files hold a second idea");
}

#[test]
fn faces_hold_no_types() {
    let mut found = Vec::new();
    for file in files()
        .iter()
        .filter(|f| f.path.contains("/src/") && f.path.ends_with("/mod.rs"))
    {
        for line in file.code.lines() {
            let line = line
                .trim_start_matches("pub ")
                .trim_start_matches("pub(crate) ");
            if ["struct ", "enum ", "trait "]
                .iter()
                .any(|word| line.starts_with(word))
            {
                found.push(format!("{}: {line}", file.path));
            }
        }
    }
    assert_none(
        found,
        "a `mod.rs` is the face of its stage and holds no types",
    );
}

#[test]
fn files_are_named_after_ideas() {
    let is_empty = |file: &File| file.module().iter().any(|part| EMPTY_NAMES.contains(part));
    let found = files().into_iter().filter(is_empty);
    assert_none(found.map(|f| f.path).collect(), "names that say nothing");
}

#[test]
fn nothing_forbidden_is_written() {
    let mut found = Vec::new();
    for file in files().iter().filter(|f| f.path != "tests/house.rs") {
        let outside = if file.is_test() {
            ""
        } else {
            file.code_without_tests()
        };
        let outside = (outside, FORBIDDEN_OUTSIDE_TESTS);
        for (code, forbidden) in [(file.code.as_str(), FORBIDDEN), outside] {
            for what in forbidden {
                let is_excepted = EXCEPTIONS
                    .iter()
                    .any(|(path, w, _)| *path == file.path && w == what);
                let places = places(file, code, what);
                assert!(
                    !is_excepted || !places.is_empty(),
                    "{}: no longer an exception",
                    file.path
                );
                found.extend(places.into_iter().filter(|_| !is_excepted));
            }
        }
        let has_text_error = |line: &&str| line.contains("Result<") && line.contains(", String>");
        let text_errors = outside.0.lines().filter(has_text_error);
        found.extend(text_errors.map(|line| format!("{}: {}", file.path, line.trim())));
        for word in ["TODO", "FIXME", "XXX"] {
            found.extend(places(file, &file.text, word));
        }
    }
    assert_none(found, "forbidden");
}

#[test]
fn unsafe_code_stands_in_kernels_and_says_why_it_is_safe() {
    let mut found = Vec::new();
    for file in files().iter().filter(|f| !f.path.ends_with("house.rs")) {
        let lines: Vec<&str> = file.text.lines().collect();
        for (i, code) in file.code.lines().enumerate() {
            let is_unsafe = code
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word == "unsafe");
            if !is_unsafe {
                continue;
            }
            let above = lines[..i]
                .iter()
                .rev()
                .take_while(|line| line.trim_start().starts_with("//"));
            let says_why = above.into_iter().any(|line| line.contains("SAFETY:"));
            let is_type = code.contains("unsafe extern") || code.contains("unsafe fn(");
            if !UNSAFE_FILES.contains(&&*file.path) || !(says_why || is_type) {
                found.push(format!("{}:{}: {}", file.path, i + 1, code.trim()));
            }
        }
    }
    assert_none(
        found,
        "`unsafe` outside of kernels, or without a `// SAFETY:` line",
    );
}

#[test]
fn globs_are_rare() {
    let allowed = [
        "use super::*;",
        "use proptest::prelude::*;",
        "use rayon::prelude::*;",
        "use Op::*;",
    ];
    let mut found = Vec::new();
    for file in files() {
        for line in file
            .code
            .lines()
            .map(str::trim)
            .filter(|l| l.starts_with("use ") || l.starts_with("pub use "))
        {
            let outside_tests = line == "use super::*;"
                && !file.is_test()
                && file.code_without_tests().contains(line);
            if line.ends_with("::*;") && (outside_tests || !allowed.contains(&line)) {
                found.push(format!("{}: {line}", file.path));
            }
        }
    }
    assert_none(found, "imports name what they use");
}

#[test]
fn every_method_says_where_it_comes_from() {
    let mut found = Vec::new();
    let mut n_tableaux = 0;
    for file in files()
        .iter()
        .filter(|f| f.path.starts_with("runtime/src/") && !f.is_test())
    {
        if file.code_without_tests().contains("impl Stepper for ")
            && !opening(&file.text).contains("# References")
        {
            found.push(format!("{}: a stepper without `# References`", file.path));
        }
        for (before, name) in tableaux(&file.text) {
            n_tableaux += 1;
            if !before.contains("# References") || !before.contains("doi:") {
                found.push(format!(
                    "{}: {name}: no `# References` with a DOI",
                    file.path
                ));
            }
        }
    }
    assert!(n_tableaux >= 3, "tableaux are found");
    assert_none(found, "methods name their papers");
}

/// The `//!` lines of a file.
fn opening(text: &str) -> String {
    text.lines()
        .take_while(|line| line.starts_with("//!"))
        .collect()
}

/// Name of each tableau and the documentation that stands above it.
fn tableaux(text: &str) -> Vec<(String, &str)> {
    let starts = text.match_indices("pub const ");
    let declared = starts.filter_map(|(at, word)| {
        let (name, rest) = text[at + word.len()..].split_once(':')?;
        let is_tableau = rest.starts_with(" Explicit =") || rest.starts_with(" Rosenbrock =");
        let before = text[..at].rsplit("\n\n").next()?;
        is_tableau.then(|| (before.to_owned(), name))
    });
    declared.collect()
}

#[test]
fn every_test_target_is_listed_and_runs() {
    let manifest = std::fs::read_to_string(repository().join("tests/Cargo.toml"));
    let manifest = manifest.expect("the manifest is readable");
    let mut found = Vec::new();
    for file in files()
        .iter()
        .filter(|f| f.path.starts_with("tests/") && f.path.matches('/').count() == 1)
    {
        let name = &file.path["tests/".len()..];
        let Some((_, after)) = manifest.split_once(&format!("path = \"{name}\"")) else {
            found.push(format!("{name} is not a target in tests/Cargo.toml"));
            continue;
        };
        let own_main = after
            .split("[[")
            .next()
            .unwrap_or("")
            .contains("harness = false");
        let runs = match own_main {
            // Both fail when they find nothing to run.
            true => file.code.contains("run_trials(") || file.code.contains("run_folders("),
            false => file.code.contains("#[test]"),
        };
        if !runs {
            found.push(format!("{name} runs no tests"));
        }
    }
    assert_none(found, "test targets");
}
