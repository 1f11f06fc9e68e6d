//! Speaking to the user on standard output.

use std::fmt::Arguments;
use std::io::{Write, stdout};

/// Prints; a reader that has gone away, as `head` does, misses nothing that it wanted.
pub fn print(text: Arguments<'_>) {
    let _ = stdout().write_fmt(text);
}

/// Prints a line like `println!`, to readers that may have gone away.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::say::print(format_args!("{}\n", format_args!($($text)*)))
    };
}

pub(crate) use say;
