//! What elaboration makes of small models, as text.

use super::{Loader, Model, elaborate};
use crate::diagnostic::Diagnostics;
use crate::source::Sources;
use crate::stdlib;
use crate::syntax::parse;

/// The standard library, and two files to use.
struct Std;

/// What `use "parts/gene.model"` finds.
const GENE: &str =
    "param k = 2\nspecies m = 0, p = 0\n0 -> m @ k\nm -> m + p @ 3\nlet total = m + p";

impl Loader for Std {
    fn std_module(&self, name: &str) -> Option<&'static str> {
        stdlib::module(name)
    }

    fn file(&self, path: &str, _from: &str) -> Result<String, std::io::Error> {
        match path {
            "parts/gene.model" => Ok(GENE.into()),
            "parts/market.model" => Ok("unit dozen = 12\nfn half(x) = x/2".into()),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        }
    }
}

/// Elaborates a text; the model, and the messages.
fn elaborated(text: &str) -> (Model, Vec<String>) {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let source = sources.add("test.model", text).expect("small");
    let ast = parse(&source, &mut diagnostics);
    let model = elaborate(&ast, &mut sources, &Std, &mut diagnostics);
    (model, diagnostics.iter().map(|d| d.to_string()).collect())
}

/// The lines of the model that start with `wanted`, after it must have compiled without a word.
fn lines(text: &str, wanted: &[&str]) -> Vec<String> {
    let (model, messages) = elaborated(text);
    assert_eq!(messages, Vec::<String>::new());
    let is_wanted = |line: &&str| wanted.iter().any(|w| line.starts_with(w));
    let text = model.to_string();
    text.lines().filter(is_wanted).map(str::to_owned).collect()
}

#[test]
fn units_that_agree_leave_no_factor() {
    let text = "
        param k: 1/(uM*min) = 2, K: uM = 3, V: uM/min = 1
        species A: uM = 1, B: uM = 2, C: uM = 0
        A + B -> C @ k
        A => C @ V*A/(K + A)
        A => C @ k*A*B";
    let found = lines(text, &["time", "A"]);
    let expected = [
        "time in min",
        "A + B -> C @ k",
        "A => C @ A*V/(A + K)",
        "A => C @ A*B*k",
    ];
    assert_eq!(found, expected);
}

#[test]
fn units_that_differ_in_size_convert_exactly() {
    let text = "
        param k: 1/(uM*s) = 2, kr: 1/min = 60, A0: uM = 3
        species A: nM = A0, B: nM = 2 [uM], C: nM = 0
        A + B <-> C @ k, kr
        let sum = A0 + A
        simulate { until = 2 [min]; save = every(500 [ms]) }";
    let found = lines(text, &["species", "A + B", "C ->", "let", "simulate"]);
    let expected = [
        "species A: nM = 1000*A0",
        "species B: nM = 2000",
        "species C: nM = 0",
        "let sum: uM = 0.001*A + A0",
        "A + B -> C @ 0.001*k",
        "C -> A + B @ kr/60",
        "simulate simulate { until = 120; save = every(0.5); solver = auto; rtol = 1e-6; atol = 1e-9 }",
    ];
    assert_eq!(found, expected);
}

#[test]
fn species_of_one_reaction_may_count_in_different_sizes() {
    let text = "
        param k: 1/(uM*s) = 2
        species A: uM = 1, B: nM = 2, C: nM = 0
        A + B -> C @ k";
    let found = lines(text, &["A"]);
    assert_eq!(found, ["A + 1000 B => 1000 C @ 0.001*A*B*k"]);
}

#[test]
fn undeclared_units_follow_from_the_equations() {
    let text = "
        param k = 2, K = 3, V = 1, n = 4
        species A: uM = 1, B: uM = 0
        var x: mm = 0
        let flow = V*(A/K)^n/(1 + A^n/K^n)
        A => B @ flow
        2 A -> B @ k
        dt(x) = 2*(c - x)/tau
        param c = 1, tau: min = 1";
    let found = lines(text, &["param", "let"]);
    let expected = [
        "param k: 1/(min*uM) = 2",
        "param K: uM = 3",
        "param V: uM/min = 1",
        "param n: 1 = 4",
        "param c: mm = 1",
        "param tau: min = 1",
        "let flow: uM/min = V*(A/K)^n/(A^n/K^n + 1)",
    ];
    assert_eq!(found, expected);
}

#[test]
fn roots_of_units_and_open_powers_convert() {
    let text = "
        param a: m^2 = 4, n = 3, K: nM = 1, s0: 1/min^(1/2) = 2
        const two = 2
        species A: uM = 1
        var x: cm = 1
        let side = sqrt(a) + x
        let square = x^two + a
        let f = A^n/(K^n + A^n)
        let spread = s0*t^(1/2)
        dt(x) = -x/(1 [min])
        A -> 0 @ 1 [1/min]";
    let found = lines(text, &["let"]);
    let expected = [
        "let side: m = 0.01*x + sqrt(a)",
        "let square: cm^2 = x^2 + 10000*a",
        "let f: 1 = A^n/(A^n + (0.001*K)^n)",
        "let spread: 1 = sqrt(t)*s0",
    ];
    assert_eq!(found, expected);
}

#[test]
fn reactions_equations_and_second_order() {
    let text = "
        param k = 2, g = 981/100
        species A = 1, B = A/2
        fixed species F = 3
        var theta = 1
        bind: 2 A + F <-> B @ k, 1/k
        A + A -> B @ k
        reactions combinatoric off { 2 A -> 0 @ k }
        dtt(theta) = -g*sin(theta) - dt(theta)
        init dt(theta) = 0
        dt(B) += 1";
    let found = lines(text, &["species", "fixed", "var", "bind", "A", "2 A", "dt"]);
    let expected = [
        "species A = 1",
        "species B = 0.5*A",
        "fixed species F = 3",
        "var theta = 1",
        "var dt(theta) = 0",
        "bind: 2 A + F -> B @ 0.5*k",
        "bind_reverse: B -> 2 A + F @ 1/k",
        "2 A -> B @ 0.5*k",
        "2 A -> 0 @ k",
        "dt(theta) += dt(theta)",
        "dt(dt(theta)) += -dt(theta) - g*sin(theta)",
        "dt(B) += 1",
    ];
    assert_eq!(found, expected);
}

#[test]
fn used_files_bring_their_states_under_their_alias() {
    let text = "
        use \"parts/gene.model\" as gene
        use kinetics: hill
        param k = 5
        var x = 1
        dt(x) = -k*hill(gene.p, gene.k, 2)*x
        dt(gene.m) += -gene.m";
    let found = lines(text, &["param", "species", "let", "0", "gene", "dt"]);
    let expected = [
        "param gene.k = 2",
        "param k = 5",
        "species gene.m = 0",
        "species gene.p = 0",
        "let gene.total = gene.m + gene.p",
        "0 -> gene.m @ gene.k",
        "gene.m -> gene.m + gene.p @ 3",
        "dt(x) += -gene.p^2*x*k/(gene.k^2*(gene.p^2/gene.k^2 + 1))",
        "dt(gene.m) += -gene.m",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_used_file_brings_its_units() {
    let text = "
        use \"parts/market.model\": half, dozen
        param eggs: dozen = 2
        var x: percent = half(eggs)
        dt(x) = (eggs - x)/(1 [s])";
    let found = lines(text, &["param", "var", "dt"]);
    let expected = [
        "param eggs: dozen = 2",
        "var x: percent = 600*eggs",
        "dt(x) += 1200*eggs - x",
    ];
    assert_eq!(found, expected);
}

#[test]
fn every_constant_has_its_published_value() {
    let uses: Vec<&str> = stdlib::module("constants")
        .expect("there")
        .lines()
        .filter_map(|line| line.strip_prefix("const ")?.split([':', ' ']).next())
        .collect();
    let product = uses.join("*");
    let text = format!("use constants\nvar x: K = 1\nlet all = {product}\ndt(x) = -x/(1 [s])");
    let (model, messages) = elaborated(&text);
    assert_eq!(messages, Vec::<String>::new());
    assert_eq!(model.parameters.len(), uses.len());
    let mut values = vec![f64::NAN; model.pool.n_symbols()];
    for p in &model.parameters {
        values[p.symbol.0 as usize] = model.pool.eval(&[p.value], &values)[0];
    }
    let value = |name: &str| {
        let p = model.parameters.iter().find(|p| p.name == name);
        values[p.expect("used").symbol.0 as usize]
    };
    let published = [
        ("hbar", 1.054571817e-34),
        ("R", 8.314462618),
        ("F", 96485.33212),
        ("sigma_SB", 5.670374419e-8),
    ];
    for (name, expected) in published {
        assert!((value(name) / expected - 1.0).abs() < 1e-9, "{name}");
    }
    let alpha = value("q_e").powi(2) * value("c") * value("mu_0") / (2.0 * value("h"));
    assert!((alpha / value("alpha_fs") - 1.0).abs() < 1e-9);
    assert!((value("mu_0") * value("eps_0") * value("c").powi(2) - 1.0).abs() < 1e-9);
}

#[test]
fn rate_laws_of_the_library_work_in_any_unit() {
    let text = "
        use kinetics
        param V: nM/min = 1, K: uM = 2, Ki: nM = 3, n = 2, k: 1/min = 1, L = 4, cc = 1/5
        param Ea: kJ/mol = 50, Q = 2, T: K = 300
        use constants: R
        species S: nM = 1, P: nM = 0, I: uM = 1
        S => P @ michaelis_menten(S, V, K) + mm_competitive(S, I, V, K, Ki)
        S => P @ mm_uncompetitive(S, I, V, K, Ki) + mm_noncompetitive(S, I, V, K, Ki) + mm_mixed(S, I, V, K, Ki, Ki)
        S => P @ mm_substrate_inhibition(S, V, K, Ki) + mm_reversible(S, P, V, 2*V, K, Ki)
        S => P @ mm_two_substrates(S, P, V, K, Ki, K) + mm_ping_pong(S, P, V, K, Ki) + mass_action(k, S)
        S => P @ V*hill(S, K, n) + hill_activation(S, V, K, n) + hill_repression(S, V, K, 3)
        S => P @ hill_activation_leaky(S, V, V, K, n) + hill_repression_leaky(S, V, V, K, n)
        S => P @ V*mwc(S, L, cc, K, n) + V*mwc_relaxed(S, L, cc, K, n) + V*goldbeter_koshland(V, V, S/K, 1/2)
        S => P @ mass_action_reversible(k, S, k, P) + mass_action2(k/K, S, P)
        I -> 0 @ arrhenius(k, Ea, R*T) + q10(k, Q, T, 290 [K], 10 [K])";
    let (_, messages) = elaborated(text);
    assert_eq!(messages, Vec::<String>::new());
}

#[test]
fn a_model_without_units_converts_only_times_of_experiments() {
    let text = "
        var x = 1
        dt(x) = -x
        simulate { until = 5 [min] }";
    let found = lines(text, &["var", "simulate"]);
    let simulate = "simulate simulate { until = 300; save = points(100); solver = auto; rtol = 1e-6; atol = 1e-9 }";
    assert_eq!(found, ["var x = 1", simulate]);
}

#[test]
fn deep_nests_and_long_chains_do_not_overflow() {
    let n = 100_000;
    let parentheses = format!("{}x{}", "(1 + ".repeat(n), ")".repeat(n));
    let conditions = format!("{}0", "if x < 1 then 1 else ".repeat(n));
    let text = format!("var x = 1\ndt(x) = {parentheses}\ndt(x) += {conditions}");
    let (model, messages) = elaborated(&text);
    assert_eq!(messages, Vec::<String>::new());
    assert_eq!(model.rates.len(), 2);
    let chain: String = (1..20_000)
        .map(|i| format!("let a{i} = a{} + 1\n", i - 1))
        .collect();
    let functions: String = (1..20_000)
        .map(|i| format!("fn f{i}(x) = f{}(x) + 1\n", i - 1))
        .collect();
    let text = format!(
        "var x: m = 1\nlet a0 = 1\n{chain}fn f0(x) = x\n{functions}dt(x) = (a19999 + f19999(0))*x/(1 [s])"
    );
    let (model, messages) = elaborated(&text);
    assert_eq!(messages, Vec::<String>::new());
    assert_eq!(model.rates.len(), 1);
}

#[test]
fn what_an_unreadable_statement_would_declare_is_not_missed() {
    let (_, messages) = elaborated("species A == 1, B = 2\nA -> C @ k\nA -> B @ = 2");
    let expected = [
        "expected `=`, `:` or `,`, found `==`",
        "expected an expression, found `=`",
        "unknown name `k`",
        "unknown name `C`",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn curves_of_one_dimension_count_in_the_unit_of_the_first() {
    let text = "
        use units
        species A: uM = 1, B: nM = 2
        var x: 1 = 1
        A + B -> 0 @ 1 [1/(uM*s)]
        dt(x) = 1 [1/s]
        plot { A, x, B, 2*B against t }";
    let (model, messages) = elaborated(text);
    assert_eq!(messages, Vec::<String>::new());
    let curves = model.plots[0].curves.iter();
    let units = curves.map(|c| c.unit.as_ref().map_or("", |u| u.text.as_str()));
    assert_eq!(units.collect::<Vec<_>>(), ["uM", "1", "uM", "uM"]);
    let plot = model.to_string();
    assert!(plot.contains(r#""B": 0.001*B, "2*B": 0.002*B"#), "{plot}");
}
