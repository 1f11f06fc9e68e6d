//! `ansatz fit-formula`, as users run it: what it finds, what it writes, and what it says of bad data.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of its own for a test, with a table in it.
fn folder(name: &str, table: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("fit_formula")
        .join(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("data.csv"), table).unwrap();
    folder
}

fn ansatz(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ansatz"));
    command.args(args).current_dir(folder).output().unwrap()
}

/// Exit status and both outputs of `ansatz fit-formula data.csv …`.
fn fit(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let args = [&["fit-formula", "data.csv"], args].concat();
    let output = ansatz(folder, &args);
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// `x`, `y`, and `z = 2·x·y - y/3`; a constant, and a pattern that follows from neither.
fn table() -> String {
    let rows = (0..60).map(|i| {
        let (x, y) = (f64::from(i % 8) - 3.0, f64::from(i * i % 11) / 2.0);
        let z = 2.0 * x * y - y / 3.0;
        let random = (f64::from(i) * 12.9898).sin() * 43_758.545_3;
        format!("{x},{y},{z},7,{}\n", random - random.floor())
    });
    format!("x,y,z,same,random\n{}", rows.collect::<String>())
}

#[test]
fn a_formula_is_found_printed_and_written_as_a_model() {
    let folder = folder("found", &table());
    let (code, text, said) = fit(&folder, &["z ~ x, y", "--out", "out"]);
    assert_eq!((code, said.as_str()), (0, ""));
    let line = text.lines().find(|line| line.starts_with("fn f(x, y) = "));
    let model = std::fs::read_to_string(folder.join("out/formula.model")).unwrap();
    assert!(model.contains(line.unwrap()), "{model}");
    let full = format!("{model}let value = f(1, 3)\n");
    std::fs::write(folder.join("full.model"), full).unwrap();
    let shown = ansatz(&folder, &["show", "full.model", "--stage", "terms"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("let value = 5\n"), "{shown}");
    let svg = std::fs::read_to_string(folder.join("out/formula.svg")).unwrap();
    assert!(svg.matches("<circle").count() > 50);
}

#[test]
fn a_summary_for_programs_has_the_front() {
    let folder = folder("json", &table());
    let (code, text, _) = fit(&folder, &["z ~ x, y", "--json", "--operators", "+,*"]);
    let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
    let best = &summary["front"][summary["best"].as_u64().unwrap() as usize];
    assert_eq!((code, summary["rows"].as_u64()), (0, Some(60)));
    assert!(best["rms_error"].as_f64().unwrap() < 1e-9, "{best}");
}

#[test]
fn nothing_to_be_found_is_said() {
    let folder = folder("nothing", &table());
    let (code, text, said) = fit(&folder, &["random ~ x", "--operators", "+,-,*"]);
    assert_eq!(code, 5, "{text}");
    assert!(said.contains("better than a constant"), "{said}");
}

#[test]
fn bad_data_are_named_with_what_is_missing() {
    let folder = folder("bad", &table());
    let says = |table: &str, args: &[&str], code: i32, words: &[&str]| {
        std::fs::write(folder.join("data.csv"), table).unwrap();
        let (found, _, said) = fit(&folder, args);
        assert_eq!(found, code, "{said}");
        let lost: Vec<_> = words.iter().filter(|w| !said.contains(**w)).collect();
        assert!(lost.is_empty(), "{lost:?} not in {said}");
    };
    let good = table();
    says(
        &good,
        &["z ~ x, same"],
        1,
        &["constant_column", "`same` is 7"],
    );
    says(
        &good,
        &["z ~ x, yy"],
        1,
        &["unknown_column", "did you mean `y`?"],
    );
    let few: String = good
        .lines()
        .take(6)
        .map(|line| format!("{line}\n"))
        .collect();
    says(
        &few,
        &["z ~ x, y"],
        1,
        &["too_few_rows", "at least 24", "19 more"],
    );
    let letters = good.replace("-3,0,-0,7", "-3,zero,-0,7");
    says(
        &letters,
        &["z ~ x, y"],
        1,
        &["not_a_number", "`zero` in column `y`", "2:4"],
    );
    says(
        &format!("{good}1,2\n"),
        &["z ~ x"],
        1,
        &["ragged_row", "2 cells instead of 5"],
    );
    let gap = format!("{good}1,NaN,3,4,5\n");
    says(&gap, &["z ~ x, y"], 0, &["missing_values", "1 of 61 rows"]);
}

#[test]
fn wrong_usage_is_told_from_wrong_data() {
    let folder = folder("usage", &table());
    for (args, words) in [
        (vec!["z of x"], "has no `~`"),
        (vec!["z ~ x, x"], "given twice"),
        (
            vec!["z ~ x", "--operators", "+,sine"],
            "unknown operator `sine`",
        ),
        (vec!["z ~ x", "--operators", "sin"], "needs one of"),
        (vec!["z ~ x", "--units", "w=m"], "`w` is not in the formula"),
        (vec!["z ~ x", "--noise", "0"], "positive"),
    ] {
        let (code, _, said) = fit(&folder, &args);
        assert!(code == 2 && said.contains(words), "{args:?}: {said}");
    }
    let (code, _, said) = fit(&folder, &["z ~ x", "--units", "x=metre"]);
    assert!(code == 1 && said.contains("unknown_unit"), "{said}");
}

#[test]
fn units_forbid_what_they_do_not_allow() {
    let rows = (1..60).map(|i| {
        let x = f64::from(i) / 20.0;
        format!("{x},{}\n", x.sin())
    });
    let folder = folder("units", &format!("x,y\n{}", rows.collect::<String>()));
    let operators = ["--operators", "+,*,sin"];
    let (_, free, _) = fit(&folder, &[&["y ~ x"], &operators[..]].concat());
    assert!(free.contains("fn f(x) = sin(x)\n"), "{free}");
    let units = [&["y ~ x", "--units", "x=m", "--pure"], &operators[..]].concat();
    let (code, text, _) = fit(&folder, &units);
    assert!(code == 5 && !text.contains("sin"), "{text}");
}
