//! Any text is read or refused; what is read prints, formats and reads again as the same.
#![no_main]

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::source::Sources;
use ansatz_compiler::syntax::{format, is_incomplete, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let source = Sources::new().add("fuzz", text).expect("the text is small");
    let mut diagnostics = Diagnostics::new();
    let printed = parse(&source, &mut diagnostics).to_string();
    is_incomplete(text);
    if let Some(formatted) = format(text) {
        let source = Sources::new()
            .add("formatted", formatted.as_str())
            .expect("the text is small");
        let again = parse(&source, &mut Diagnostics::new()).to_string();
        assert_eq!(printed, again);
        assert_eq!(format(&formatted), Some(formatted));
    }
});
