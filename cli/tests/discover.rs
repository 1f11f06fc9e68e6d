//! `ansatz discover` on the examples: what it finds, what it writes, and how it ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ansatz_tests::repository;

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("discover")
        .join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn ansatz(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ansatz"))
        .args(args)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs an example; the lines of what was found, and the corrected text, which checks and runs.
fn example(path: &str) -> (Vec<String>, String) {
    let model = repository().join("examples/discover").join(path);
    let folder = scratch(path);
    let corrected = folder.join("corrected.model");
    let out = ansatz(&[
        "discover",
        model.to_str().unwrap(),
        "-o",
        corrected.to_str().unwrap(),
    ]);
    assert!(
        out.status.success(),
        "{}\n{}",
        text(&out.stdout),
        text(&out.stderr)
    );
    let found = text(&out.stdout)
        .lines()
        .filter_map(|l| l.strip_prefix("found: ").map(str::to_owned))
        .collect();
    let ran = ansatz(&[
        "run",
        corrected.to_str().unwrap(),
        "--out",
        folder.to_str().unwrap(),
        "--quiet",
    ]);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    (found, std::fs::read_to_string(corrected).unwrap())
}

fn assert_found(found: &[String], expected: &[&str]) {
    let names: Vec<String> = found
        .iter()
        .map(|line| line.split("  ").next().unwrap().trim().to_owned())
        .collect();
    assert_eq!(names, expected, "{found:#?}");
}

#[test]
fn lorenz_gets_its_terms_back() {
    let (found, text) = example("lorenz/lorenz_gap.model");
    assert_found(&found, &["x in dt(y)", "x*y in dt(z)"]);
    assert!(
        text.contains("dt(z) = -beta*z + c2*x*y  # the heat that the rolls carry is missing"),
        "{text}"
    );
}

#[test]
fn what_is_held_out_is_simulated() {
    let folder = scratch("held_out");
    let example = repository().join("examples/discover/lotka_volterra");
    let gap = std::fs::read_to_string(example.join("predation_gap.model")).unwrap();
    let gap = gap.replace("write =", "holdout = \"second.csv\"\n    write =");
    let model = folder.join("gap.model");
    std::fs::write(&model, gap).unwrap();
    let data = std::fs::read_to_string(example.join("obs.csv")).unwrap();
    let (first, second) = data.split_once("\n\n").unwrap();
    std::fs::write(folder.join("obs.csv"), first).unwrap();
    let header = data.lines().next().unwrap();
    let second = second.trim_start_matches(header);
    std::fs::write(folder.join("second.csv"), format!("{header}\n{second}")).unwrap();
    let out = ansatz(&["discover", model.to_str().unwrap()]);
    let (stdout, stderr) = (text(&out.stdout), text(&out.stderr));
    assert!(out.status.success(), "{stdout}{stderr}");
    let held = stdout
        .lines()
        .find_map(|l| l.strip_prefix("Held out: "))
        .unwrap();
    assert!(held.contains("after") && held.contains("R² 0.99"), "{held}");
    let page = std::fs::read_to_string(folder.join("corrected.html")).unwrap();
    assert!(page.contains("<h2>Held out</h2>"));
}

#[test]
fn predation_is_sated() {
    let (found, text) = example("lotka_volterra/predation_gap.model");
    assert_found(&found, &["hare^2*lynx/(4 + hare) in dt(hare), dt(lynx)"]);
    assert!(
        text.contains("dt(lynx) += -c1*hare^2*lynx/(4 + hare)"),
        "{text}"
    );
}

#[test]
fn the_missing_reaction_is_written_as_one() {
    let (found, text) = example("network/cascade_gap.model");
    assert_found(&found, &["Sp + P -> S + P"]);
    assert!(text.contains("\nSp + P -> S + P @ c1\n"), "{text}");
}

#[test]
fn nothing_to_find_ends_with_5() {
    let folder = scratch("nothing");
    let example = repository().join("examples/discover/lorenz");
    let truth = std::fs::read_to_string(example.join("lorenz_truth.model")).unwrap();
    let model = folder.join("complete.model");
    let data = example.join("obs.csv");
    std::fs::write(
        &model,
        format!("{truth}discover {{ library = polynomials(x, y, z, 2) }}\n"),
    )
    .unwrap();
    let out = ansatz(&[
        "discover",
        model.to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
    ]);
    assert_eq!(out.status.code(), Some(5), "{}", text(&out.stdout));
    assert!(!folder.join("corrected.model").exists());
}

#[test]
fn wrong_data_end_with_1_and_say_what_is_wrong() {
    let folder = scratch("wrong");
    let model = folder.join("decay.model");
    std::fs::write(
        &model,
        "var x = 1\ndt(x) = 0\ndiscover { data = \"obs.csv\"; library = [x] }\n",
    )
    .unwrap();
    for (data, expected) in [
        ("x,t\n1,zero\n", "`zero` in column `t` is not a number"),
        ("x,y\n1,2\n", "no column `t`"),
        (
            "t,u\n1,2\n",
            "no column is named after anything in the model",
        ),
        ("t,x\n1,2,3\n", "this row has 3 cells instead of 2"),
        ("t,x\n1,2\n2,3\n", "too few"),
        ("t,x\n1,2\n1,3\n", "do not ascend"),
    ] {
        std::fs::write(folder.join("obs.csv"), data).unwrap();
        let out = ansatz(&["discover", model.to_str().unwrap()]);
        let message = text(&out.stderr);
        assert_eq!(out.status.code(), Some(1), "{message}");
        assert!(
            message.contains(expected) && message.contains("help:"),
            "{message}"
        );
    }
}
