//! Printing a tree and formatting a text change nothing.

use proptest::prelude::*;

use super::{good, read, without_spans};
use crate::syntax::ast::ItemKind;
use crate::syntax::format;

#[test]
fn printed_trees_read_the_same() {
    let text = r#"use kinetics: hill, mm
param k: 1e-3*mol/(L*s)/m^2*K^0.5 = 0.04 "a \"quoted\" \\ doc"
param j: 1/s, i: s^(1/3)
let a = (a - (b - c) - d)/(e/f)/(g*h)*-x^-y^z
let b = (-a)^2 - -a^2 + (a^b)^c
let c = if (if a then b else c) then (not a) == b else if not not a or b and (c or d) then f() else g(1, if a then b else c)
let d = (a < b) < c and (a and b) and (c and d)
let e = 1e-7 + 3 [uM] - 1/3*2.5e300
A + 2 B <-> 0 @ a, b "doc"
simulate {
    atol = { a = 1, b = 2 }
    t = [1, 2 [s]]
    empty = []
}
plot p {
    x, y^2 against 2*t
    logx
    logy
    of = q
    title = "T"
}
"#;
    let ast = good(text);
    let printed = ast.to_string();
    let again = good(&printed);
    assert_eq!(without_spans(&ast), without_spans(&again), "{printed}");
    assert_eq!(printed, again.to_string());
    assert!(
        printed.contains("let a = (a - (b - c) - d)/(e/f)/(g*h)*-x^-y^z"),
        "{printed}"
    );
    assert!(
        printed.contains(": 0.001*mol/(L*s*m^2)*K^0.5 ="),
        "{printed}"
    );
}

#[test]
fn formatting_gives_canonical_spaces_and_lines() {
    let text = "

#first
param  k=1 ,n = - 2   \"doc\"# note


species A:uM=5[uM];   ;B
bind :R+2*L<->RL@k*( x+1 )^ - 2,f( x,-y )
dt(x)=a·b -
 c
let y = if x>0 and not(a)
then 1
      else -z
simulate   s
{ until=3 ;rtol = 1e-3;
      atol={A=1 , B = 2}
      output = A,
  B

# last
}
plot{x against(t);logx;}
";
    let expected = "#first
param k = 1, n = -2 \"doc\"  # note

species A: uM = 5 [uM]; B
bind: R + 2*L <-> RL @ k*(x + 1)^-2, f(x, -y)
dt(x) = a·b -
    c
let y = if x > 0 and not (a)
    then 1
    else -z
simulate s { until = 3; rtol = 1e-3
    atol = { A = 1, B = 2 }
    output = A,
        B

    # last
}
plot { x against (t); logx }
";
    assert_eq!(format(&text.replace("; B", "")).as_deref(), None);
    let text = text.replace(";   ;B", ";   ;var B=1");
    let expected = expected.replace("; B\n", "; var B = 1\n");
    assert_eq!(format(&text).as_deref(), Some(expected.as_str()));
    assert_eq!(format(""), Some(String::new()));
    assert_eq!(format("param k ="), None);
}

#[test]
fn the_ends_of_consecutive_lines_stand_in_columns() {
    let wide = format!("let wide = {}", ["x"; 40].join(" + "));
    let text = format!(
        "param k = 1 # one
{wide} # wide
let longer = 2*k # two

var x = 1 \"no column\" # apart
# alone
rule short: x/x => 1 if nonzero(x) \"why\" # a
rule a_longer_one: x + 0 => x \"zero\" # b
rule c: x*1 => x \"one\"; var y = 1
"
    );
    let expected = format!(
        "param k = 1       # one
{wide}  # wide
let longer = 2*k  # two

var x = 1 \"no column\"  # apart
# alone
rule short: x/x => 1 if nonzero(x)  \"why\"   # a
rule a_longer_one: x + 0 => x       \"zero\"  # b
rule c: x*1 => x \"one\"; var y = 1
"
    );
    assert_eq!(format(&text), Some(expected.clone()));
    assert_eq!(format(&expected), Some(expected));
}

/// Expressions as someone in a hurry types them.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "x",
        "k1",
        "2",
        "0.5",
        "3 [uM]",
        "1e-7[1/(uM*s)]",
        "gene.k",
        "t",
    ]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(5, 40, 3, |inner| {
            let operator = prop::sample::select(vec![
                " + ", "-", " *", "/", "^", " <", ">= ", "==", " and ", " or\n", " +\n\n  ", "≤",
                "·",
            ]);
            prop_oneof![
                (inner.clone(), operator, inner.clone())
                    .prop_map(|(a, op, b)| format!("({a}{op}{b})")),
                inner.clone().prop_map(|a| format!("-{a}")),
                inner.clone().prop_map(|a| format!("(not {a} )")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("f({a} ,{b})")),
                (inner.clone(), inner.clone(), inner)
                    .prop_map(|(a, b, c)| format!("(if {a} then {b}\nelse {c})")),
            ]
        })
}

/// A statement without mistakes.
fn statement() -> impl Strategy<Value = String> {
    let template = prop::sample::select(vec![
        "param a=#, b : 1/s=# \"doc\"",
        "let y: kg*m^2/s^(1/2) = #",
        "dt(x)=#",
        "dtt( x )+=#",
        "init dt(x)=#",
        "A+2 B->0@#",
        "r:∅<->A @#,#\"doc\"",
        "fn f(x,y:s)=#",
        "rule r:#=>#if #",
        "rule q:#=>#\"doc\"",
        "simulate s{until=#;rtol=#\n\natol={A=#,B=#\nC=#}}",
        "simulate\n{ save=[#,#];output=A,B # c\n}",
        "plot{#,# against #;logx}",
        "reactions combinatoric off{A->B@#;\nB=>A@#}",
        "use \"a.model\" as b",
        "unit mM=1e-3 * mol/ L",
        "species X[0..9]=0",
        "when x<1{x=2}",
    ]);
    (template, prop::collection::vec(expression(), 5)).prop_map(|(template, expressions)| {
        let mut expressions = expressions.into_iter();
        let mut text = String::new();
        for (i, part) in template.split('#').enumerate() {
            if i > 0 && part.starts_with(" c") {
                text.push('#');
            } else if i > 0 {
                text.push_str(&expressions.next().unwrap_or("1".into()));
                text.push(' ');
            }
            text.push_str(part);
        }
        text
    })
}

/// A file of such statements.
fn file() -> impl Strategy<Value = String> {
    let separator = prop::sample::select(vec![
        "\n",
        " ;",
        ";\n",
        "\n\n\n",
        " # why\n",
        "\n  # why\n\n",
        "\r\n",
    ]);
    prop::collection::vec((statement(), separator), 0..6).prop_map(|parts| {
        parts
            .into_iter()
            .map(|(statement, end)| statement + end)
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn formatting_changes_nothing_but_spaces(text in file()) {
        let formatted = format(&text);
        prop_assert!(formatted.is_some(), "{:?}\n{text}", read(&text).1);
        let formatted = formatted.unwrap();
        prop_assert_eq!(format(&formatted), Some(formatted.clone()));
        prop_assert_eq!(without_spans(&read(&text).0), without_spans(&read(&formatted).0));
        prop_assert_eq!(text.matches('#').count(), formatted.matches('#').count());
    }

    #[test]
    fn printing_and_reading_again_changes_nothing(text in file()) {
        let mut ast = read(&text).0;
        ast.items.retain(|item| !matches!(item.kind, ItemKind::Unsupported { .. }));
        let printed = ast.to_string();
        prop_assert_eq!(good(&printed).to_string(), printed);
    }
}

#[test]
fn statements_about_space_read_the_same() {
    let text = r#"domain line: x in -1..32*pi, 1024 points, periodic "a line"
domain square: x: um in 0..L, 2*n points, map x^2/L; y: s^(1/2) in -(L)..a/b, 64 points
field u: m/s on line = cos(x) + noise(42) + data("a \"b\".npz", "c") "doc"
field v on square = (1, (a, b)), w on line
species a on square = 1, diffusion = D, b on square = 2, diffusion = 3 "doc"
fixed species c on line = 1
species diffusion = 1, d = 2
∂t(u) + ∂xx(u)*2 = -∇²u + div(D*∇u) - ∇×v^2
-2*dt(u) = 0
dt(u) = 1
at y = 0, y = L: c = 1, dx(u) + h*(c - 1) = g
at boundary: outflow(u)
constraint lap(psi) = -omega, mean(psi) = 0
scheme fourier
scheme x: fourier, y: weno(order = 5, flux = hll)
let on = in + points + map
plot p {
    line u, 2*v at [0, 1 + 1]
}
plot q {
    heatmap sqrt(u)
    title = "T"
}
"#;
    let ast = good(text);
    let printed = ast.to_string();
    let again = good(&printed);
    assert_eq!(without_spans(&ast), without_spans(&again), "{printed}");
    assert_eq!(printed, again.to_string());
    let line = "dt(u) + dxx(u)*2 = -lap(u) + div(D*grad(u)) - curl(v^2)";
    assert!(printed.contains(line), "{printed}");
    let declared = ast.items.iter().filter(|item| match &item.kind {
        ItemKind::Declare(d) => d.diffusion.is_some(),
        _ => false,
    });
    assert_eq!(declared.count(), 2);
}

#[test]
fn axes_keep_their_separators() {
    let text = "domain box :x in -1 .. 1,8 points ;  # first
   y: um in 0..2 , 8 points,map y ;;
param k=1;domain line: s in 0..1,4 points; k -> 0 @ -1
dt(u)+∇·(D*∇ u)=- ∇²u
plot{line u at[0,1] ; }
";
    let expected = "domain box: x in -1..1, 8 points;  # first
    y: um in 0..2, 8 points, map y
param k = 1; domain line: s in 0..1, 4 points; k -> 0 @ -1
dt(u) + ∇·(D*∇u) = -∇²u
plot { line u at [0, 1] }
";
    assert_eq!(format(text).as_deref(), Some(expected));
    assert_eq!(format(expected).as_deref(), Some(expected));
}
