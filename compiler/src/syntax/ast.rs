//! The syntax tree. Expressions stand in one arena, children before parents, so that no pass over them recurses.

use crate::source::Span;
use crate::terms::Number;

/// An interned name; `Ast::name` gives its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameId(pub u32);

/// A name where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ident {
    /// The name.
    pub name: NameId,
    /// Where.
    pub span: Span,
}

/// An expression in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Expr(pub u32);

/// What an expression is made of, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ExprNode {
    /// Its form.
    pub kind: ExprKind,
    /// Its text.
    pub span: Span,
}

/// The forms of expressions. Children always have smaller ids than their parent.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// An exact literal.
    Number(Number),
    /// An exact literal with a unit: `5 [uM]`.
    Quantity(Number, Box<UnitExpr>),
    /// A name; qualified names (`gene.k`) are one name with its dots.
    Name(NameId),
    /// `-a`, `not a`
    Unary(UnaryOp, Expr),
    /// `a + b`, `a < b`, `a and b`, …
    Binary(BinaryOp, Expr, Expr),
    /// `f(a, b)`
    Call(Ident, Box<[Expr]>),
    /// `if c then a else b`
    If(Expr, Expr, Expr),
    /// `(a, b)`: a vector.
    Tuple(Box<[Expr]>),
    /// `"file.npz"`, only as an argument of a call.
    Text(Box<str>),
    /// What stands where the parser recovered from an error; already reported.
    Error,
}

/// Prefix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum UnaryOp {
    Neg,
    Not,
}

/// Infix operators. `^` binds tightest and to the right; `-x^2` is `-(x^2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

/// A unit as written: `1/(uM*s)`, `J/(mol*K)`, `kg*m^2`, `s^(1/2)`: a factor and names to rational powers.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitExpr {
    /// Numeric factor (`1e-3*mol/L`).
    pub factor: Number,
    /// Unit names and their exponents, as written, not yet resolved.
    pub powers: Vec<(Ident, Number)>,
    /// Where it stands.
    pub span: Span,
}

/// One statement of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it says.
    pub kind: ItemKind,
    /// Its whole text.
    pub span: Span,
}

/// The statements.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemKind {
    /// `model Name "doc"`
    Model {
        /// Its name.
        name: Ident,
        /// Documentation.
        doc: Option<String>,
    },
    /// `use kinetics: a, b`, `use "parts/gene.model" as gene`
    Use(Use),
    /// `const param species fixed-species var let`, one per name even when several stand in one statement.
    Declare(Declaration),
    /// `unit mM = 1e-3*mol/L`
    Unit {
        /// Its name.
        name: Ident,
        /// What it is.
        value: UnitExpr,
        /// Documentation.
        doc: Option<String>,
    },
    /// `fn mm(S: uM, Vmax: uM/s, Km: uM): uM/s = body "doc"`
    Function(Function),
    /// A reaction.
    Reaction(Reaction),
    /// `dt(x) = e`, `dtt(x) = e`, `dt(x) += e`
    Equation(Equation),
    /// Any other equation with a `dt(x)` in it: `dt(h) + div(q) = 0`.
    Balance {
        /// Left side.
        left: Expr,
        /// Right side.
        right: Expr,
    },
    /// `domain line: x in 0..1, 64 points`
    Domain(Domain),
    /// `at y = 0: c = 1, dx(u) = 0`
    Boundary(Boundary),
    /// `constraint lap(psi) = -omega, mean(psi) = 0`
    Constraint(Vec<Relation>),
    /// `scheme fourier`, `scheme x: fourier, y: chebyshev`
    Scheme(Vec<Method>),
    /// `init x = e`, `init dt(x) = e`
    Init {
        /// The state.
        target: Ident,
        /// 0 for the state itself, 1 for its first derivative.
        order: u8,
        /// The initial value.
        value: Expr,
    },
    /// `simulate NAME { settings }`
    Simulate(Simulate),
    /// `discover NAME { settings }`
    Discover(Simulate),
    /// `plot NAME { … }`
    Plot(Plot),
    /// `rule NAME: lhs => rhs if condition`
    Rule(Rule),
    /// Parsed by its keyword and skipped: a part of the language that is not built yet, by its name. Already reported.
    Unsupported {
        /// The feature as it is named in the message.
        feature: &'static str,
    },
}

/// `use`.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    /// A stdlib name (`kinetics`) or a path in quotes.
    pub path: UsePath,
    /// Names to bring in; empty: all.
    pub names: Vec<Ident>,
    /// `as gene`: then all names are `gene.x`.
    pub alias: Option<Ident>,
}

/// Where `use` looks.
#[derive(Debug, Clone, PartialEq)]
pub enum UsePath {
    /// A module of the standard library.
    Std(Ident),
    /// A file, relative to the using file.
    File {
        /// The path as written.
        path: String,
        /// Where it stands, with its quotes.
        span: Span,
    },
}

/// What a declaration declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeclKind {
    /// A constant: cannot be set from outside.
    Const,
    /// A parameter: can be set by `--set` and experiments.
    Param,
    /// Takes part in reactions.
    Species,
    /// Takes part in reactions but is held.
    FixedSpecies,
    /// Any other state.
    Var,
    /// A state on a domain.
    Field,
    /// A named expression.
    Let,
}

/// One declared name.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// Which.
    pub kind: DeclKind,
    /// Its name.
    pub name: Ident,
    /// Its unit.
    pub unit: Option<Box<UnitExpr>>,
    /// `on line`: its domain.
    pub domain: Option<Ident>,
    /// Value, initial value or definition.
    pub value: Option<Expr>,
    /// `diffusion = D` after a species on a domain.
    pub diffusion: Option<Expr>,
    /// Documentation.
    pub doc: Option<String>,
}

/// A user function; the body is substituted at each call.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: Ident,
    /// Parameter names and declared units.
    pub params: Vec<(Ident, Option<Box<UnitExpr>>)>,
    /// Unit of the result.
    pub unit: Option<Box<UnitExpr>>,
    /// The body.
    pub body: Expr,
    /// Documentation.
    pub doc: Option<String>,
}

/// A reaction as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Reaction {
    /// `bind:`
    pub name: Option<Ident>,
    /// Left side; empty for `0`.
    pub reactants: Vec<Participant>,
    /// Right side.
    pub products: Vec<Participant>,
    /// The arrow.
    pub arrow: Arrow,
    /// Rates after `@`: one, or two for `<->`. May be wrong in number: checked by `elaborate`.
    pub rates: Vec<Expr>,
    /// Whether mass-action rates are divided by the factorials of the stoichiometries.
    pub combinatoric: bool,
    /// Documentation.
    pub doc: Option<String>,
}

/// A species with its stoichiometry.
#[derive(Debug, Clone, PartialEq)]
pub struct Participant {
    /// As written; 1 when left out.
    pub stoichiometry: Number,
    /// The species.
    pub species: Ident,
}

/// The arrows of reactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arrow {
    /// `->` mass action
    MassAction,
    /// `<->` mass action both ways
    ReversibleMassAction,
    /// `=>` the whole rate law
    Law,
    /// `<=>` a net rate law
    ReversibleLaw,
}

/// `dt(x) = e` and its variants.
#[derive(Debug, Clone, PartialEq)]
pub struct Equation {
    /// The state.
    pub target: Ident,
    /// 1 for `dt`, 2 for `dtt`.
    pub order: u8,
    /// `+=` instead of `=`.
    pub adds: bool,
    /// Right-hand side.
    pub value: Expr,
}

/// `domain`.
#[derive(Debug, Clone, PartialEq)]
pub struct Domain {
    /// Its name.
    pub name: Ident,
    /// Its axes.
    pub axes: Vec<Axis>,
    /// Documentation.
    pub doc: Option<String>,
}

/// `x: um in 0..100, 128 points, periodic, map x^2`
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Name of the coordinate.
    pub name: Ident,
    /// Its unit.
    pub unit: Option<Box<UnitExpr>>,
    /// Lower end.
    pub from: Expr,
    /// Upper end.
    pub to: Expr,
    /// Number of points.
    pub points: Option<Expr>,
    /// Whether its ends are one.
    pub periodic: bool,
    /// Where evenly spaced points go.
    pub map: Option<Expr>,
}

/// `a = b`, or an expression alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relation {
    /// Left side, or all.
    pub left: Expr,
    /// Right side.
    pub right: Option<Expr>,
}

/// `at FACES: CONDITIONS`
#[derive(Debug, Clone, PartialEq)]
pub struct Boundary {
    /// `x = 0`, or `boundary` alone.
    pub faces: Vec<Relation>,
    /// Equations, or `outflow(u)` alone.
    pub conditions: Vec<Relation>,
}

/// `x: central(order = 4)`, in a `scheme`.
#[derive(Debug, Clone, PartialEq)]
pub struct Method {
    /// Along which coordinate.
    pub axis: Option<Ident>,
    /// Its name.
    pub name: Ident,
    /// What is in its parentheses.
    pub settings: Vec<(Ident, Expr)>,
}

/// An experiment, `simulate` or `discover`; settings keep the order written.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulate {
    /// Its name.
    pub name: Option<Ident>,
    /// Its settings.
    pub settings: Vec<Setting>,
}

/// `key = value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Key.
    pub key: Ident,
    /// Value.
    pub value: SettingValue,
}

/// What stands behind `key =`.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingValue {
    /// An expression; a bare word (`auto`, `steps`) is a `Name`; `log(1e-6, 1e5, 200)`, `every(0.1)`, `points(200)` are calls.
    Expr(Expr),
    /// `[1, 2, 5]`
    List(Vec<Expr>, Span),
    /// `A, B, total`: two or more names, or one.
    Names(Vec<Ident>),
    /// `{ A = 1e-9, B = 1e-12 }`: per-variable values (atol).
    Table(Vec<(Ident, Expr)>, Span),
    /// `"a.csv"`, or several in brackets.
    Texts(Vec<String>, Span),
    /// `etkf(members = 50, lag = 5)`
    Options(Ident, Vec<(Ident, Expr)>, Span),
}

/// What a plot shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum PlotForm {
    /// Curves.
    #[default]
    Curves,
    /// `heatmap u`
    Heatmap,
    /// `space u`
    Space,
    /// `line u at [0, 1, 5]`
    Line(Vec<Expr>),
    /// `movie u`
    Movie,
}

/// A `plot` statement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plot {
    /// Its name.
    pub name: Option<Ident>,
    /// What it shows of them.
    pub form: PlotForm,
    /// Curves: expressions, usually names.
    pub curves: Vec<Expr>,
    /// `against t`, or another expression (a phase plot: `phase x, y` is `y against x`).
    pub against: Option<Expr>,
    /// `logx`
    pub log_x: bool,
    /// `logy`
    pub log_y: bool,
    /// `of NAME`: which experiment; all when absent.
    pub of: Option<Ident>,
    /// Documentation, used as title.
    pub title: Option<String>,
}

/// A rewrite rule; names in it are pattern variables unless they are functions.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: Ident,
    /// Left side.
    pub lhs: Expr,
    /// Right side.
    pub rhs: Expr,
    /// Condition: calls `nonzero(x) positive(x) nonnegative(x) integer(n) …`, comparisons, `and`.
    pub condition: Option<Expr>,
    /// Documentation.
    pub doc: Option<String>,
}

/// A parsed file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ast {
    /// The statements, in order.
    pub items: Vec<Item>,
    /// The expression arena.
    pub exprs: Vec<ExprNode>,
    /// Names in statements that could not be read: what they would have declared is not missed elsewhere.
    pub unread: Vec<NameId>,
    names: Vec<Box<str>>,
    by_name: rustc_hash::FxHashMap<Box<str>, NameId>,
}

impl Ast {
    /// An empty file.
    pub fn new() -> Self {
        Ast::default()
    }

    /// Interns a name.
    pub fn intern(&mut self, text: &str) -> NameId {
        if let Some(&id) = self.by_name.get(text) {
            return id;
        }
        let id = NameId(self.names.len() as u32);
        self.names.push(text.into());
        self.by_name.insert(text.into(), id);
        id
    }

    /// The text of a name.
    pub fn name(&self, id: NameId) -> &str {
        &self.names[id.0 as usize]
    }

    /// Number of interned names; all `NameId`s are below it.
    pub fn n_names(&self) -> usize {
        self.names.len()
    }

    /// Adds an expression; its children must be in the arena already.
    pub fn push(&mut self, kind: ExprKind, span: Span) -> Expr {
        self.exprs.push(ExprNode { kind, span });
        Expr((self.exprs.len() - 1) as u32)
    }

    /// What an expression is made of.
    pub fn expr(&self, e: Expr) -> &ExprNode {
        &self.exprs[e.0 as usize]
    }
}
