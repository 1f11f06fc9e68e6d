//! The parser that lalrpop makes of `grammar.lalrpop`.
#![allow(
    clippy::all,
    unused,
    reason = "generated code: which lints it meets depends on the grammar"
)]

include!(concat!(env!("OUT_DIR"), "/syntax/grammar.rs"));
