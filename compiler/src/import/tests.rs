//! Small `.net` texts and the statements they become.
use super::import_net;
use crate::diagnostic::Diagnostics;
use crate::source::Sources;

fn import(text: &str) -> (String, Vec<String>) {
    let source = Sources::new()
        .add("dir/two-state.net", text)
        .expect("it fits");
    let mut diagnostics = Diagnostics::new();
    let ast = import_net(&source, &mut diagnostics);
    let problems = diagnostics.iter().map(|d| {
        let code = d.code().map_or(String::new(), |c| c.to_string());
        let labels = d.labels().into_iter().flatten();
        let places: Vec<_> = labels
            .map(|l| &text[l.offset()..l.offset() + l.len()])
            .collect();
        format!("{code}: {}", places.join(", "))
    });
    (ast.to_string(), problems.collect())
}

/// The statements that contain `part`, trimmed.
fn lines<'a>(text: &'a str, part: &str) -> Vec<&'a str> {
    text.lines()
        .map(str::trim)
        .filter(|l| l.contains(part))
        .collect()
}

const COLLIDING: &str = "begin parameters
    1 k 2*3 # a rate
    2 t 1e-3
    3 A 4
end parameters
begin functions
    1 f() k*t/(1+time())
    2 g if((A>=3)&&(k!=0),-2^2,max(k,A))
end functions
begin species
    1 A() k
    2 $B 0
    3 A(b~P).C() 1
    4 C() 0
    5 @EC::C() 0
end species
begin reactions
    1 1,1 3 0.5*k #identical
    2 0 2,0 f
    3 3 0 g
end reactions
begin groups
    1 A 1,2*3
    2 t 2
    3 nothing
end groups
";

#[test]
fn names_are_kept_where_they_are_free_and_unique() {
    let (text, problems) = import(COLLIDING);
    assert_eq!(problems, [""; 0]);
    assert_eq!(
        lines(&text, "model "),
        ["model two_state \"imported from BioNetGen, two-state.net\""]
    );
    let declared: Vec<_> = text
        .lines()
        .map(|l| l.split(" = ").next().expect("a first part"))
        .filter(|l| !l.contains(['{', '}', '@', '"']))
        .collect();
    assert_eq!(
        declared,
        [
            "param k",
            "param t_parameter",
            "param A",
            "species S1",
            "fixed species B",
            "species S3",
            "species C",
            "species S5",
            "let A_obs",
            "let t_obs",
            "let nothing",
            "let f",
            "let g",
        ]
    );
}

#[test]
fn expressions_mean_what_they_mean_in_their_section() {
    let (text, _) = import(COLLIDING);
    assert_eq!(lines(&text, "species S1"), ["species S1 = k \"A()\""]);
    assert_eq!(lines(&text, "let f"), ["let f = k*t_obs/(1 + t)"]);
    assert_eq!(
        lines(&text, "let g"),
        ["let g = if A_obs >= 3 and k != 0 then -2^2 else max(k, A_obs)"]
    );
    assert_eq!(lines(&text, "let A_obs"), ["let A_obs = S1 + 2*S3"]);
    assert_eq!(lines(&text, "let nothing"), ["let nothing = 0"]);
}

#[test]
fn reactions_keep_rates_as_they_are() {
    let (text, _) = import(COLLIDING);
    assert_eq!(
        lines(&text, " @ "),
        ["2 S1 -> S3 @ 0.5*k", "0 -> B @ f", "S3 -> 0 @ g"]
    );
    assert!(text.contains("reactions combinatoric off {"));
}

#[test]
fn rate_laws_are_written_out() {
    let (text, problems) = import(
        "begin parameters\n1 k 1\n2 K 2\n3 n 3\nend parameters
begin species\n1 S 1\n2 E 1\n3 P 0\nend species
begin reactions
1 2,1 3 Sat k K
2 1,2 2,3 2*Hill k K n
3 1,2 2,3 MM k K
4 1 3 Sat k K K
end reactions\n",
    );
    assert_eq!(
        lines(&text, " @ ")[..3],
        [
            "S + E => P @ k*E*S/(K + E)",
            "S + E => E + P @ 2*(k*S^n/(K^n + S^n)*E)",
            "S + E => E + P @ k*E*((S - K - E + sqrt((S - K - E)^2 + 4*K*S))/2)/(K + (S - K - E + sqrt((S - K - E)^2 + 4*K*S))/2)",
        ]
    );
    assert_eq!(problems, ["malformed_line: Sat k K K"]);
}

#[test]
fn every_mistake_is_reported_once_where_it_stands() {
    let (_, problems) = import(
        "begin parameters\r\n1 k 1\r\n2 k 2\r\n3 a (1+\r\n4 b c+1\r\n5\r\nend parameters\r
begin species\r\n1 A 1\r\n3 B 2\r\nend species\r
begin reactions\r\n1 1 7 k\r\n2 1\r\n3 1 0 sin(k,k)\r\n4 1 0 tfun(k)\r\n5 1 0 k)\r\n6 1 0 k k\r\nend reactions\r\n",
    );
    assert_eq!(
        problems,
        [
            "duplicate_imported_name: k",
            "malformed_expression: ",
            "unknown_imported_name: c",
            "malformed_line: 5",
            "malformed_line: 3 B 2",
            "unknown_species_number: 7",
            "malformed_line: 2 1",
            "imported_argument_count: sin",
            "unsupported_function: tfun",
            "malformed_expression: ",
            "malformed_expression: k",
        ]
    );
}

#[test]
fn files_that_are_no_networks_are_refused() {
    assert_eq!(import("").1, ["missing_section: "]);
    assert_eq!(import("<html>\nbegin\nend\n").1, ["missing_section: "]);
}

#[test]
fn mratio_stays_an_expression() {
    let (text, problems) = import(
        "begin parameters\n1 a -2\n2 r mratio(a,1,-1)\nend parameters\nbegin species\nend species\n",
    );
    assert_eq!(lines(&text, "param r"), ["param r = mratio(a, 1, -1)"]);
    assert_eq!(problems, [""; 0]);
}

#[test]
fn groups_are_plain_sums() {
    let members = (1..=40).map(|_| "1").collect::<Vec<_>>().join(",");
    let (text, _) = import(&format!(
        "begin parameters\nend parameters\nbegin species\n1 A 1\nend species\nbegin groups\n1 g {members}\nend groups\n"
    ));
    let sum = vec!["A"; 40].join(" + ");
    assert_eq!(lines(&text, "let g"), [format!("let g = {sum}")]);
}

#[test]
fn deep_nests_and_long_lines_do_not_overflow() {
    let nest = format!("{}k{}", "(".repeat(100_000), ")".repeat(100_000));
    let minus = format!("{}k", "-".repeat(100_000));
    let many = vec!["1"; 100_000].join(",");
    let (_, problems) = import(&format!(
        "begin parameters\n1 k 1\n2 a {nest}\n3 b {minus}\nend parameters\nbegin species\n1 A 1\nend species
begin reactions\n1 {many} 0 k\nend reactions\nbegin groups\n1 g {many}\nend groups\n"
    ));
    assert_eq!(problems, [""; 0]);
}
