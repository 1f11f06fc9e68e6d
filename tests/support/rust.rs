//! Our own Rust files as text, read well enough to check rules of the house.

use std::path::PathBuf;

use super::{files_under, repository};

/// A Rust file of the repository.
pub struct File {
    /// Path from the root of the repository, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
    /// The text with what stands in comments, quotes and character literals replaced by blanks; lines stay where they are.
    pub code: String,
}

/// The folders with Rust files.
pub const FOLDERS: &[&str] = &["cli", "compiler", "runtime", "tests"];

/// All Rust files, sorted by path.
pub fn files() -> Vec<File> {
    let root = repository();
    let paths = FOLDERS
        .iter()
        .flat_map(|folder| files_under(&root.join(folder), "rs"));
    paths.map(|path| read(&path)).collect()
}

fn read(path: &PathBuf) -> File {
    let text = std::fs::read_to_string(path).expect("files of the repository are readable");
    let relative = path.strip_prefix(repository());
    let relative = relative.expect("the file is below the root");
    File {
        path: relative.to_string_lossy().replace('\\', "/"),
        code: code_of(&text),
        text,
    }
}

/// Fails with all that was found, if anything was.
///
/// # Panics
/// If something was.
pub fn assert_none(found: Vec<String>, rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

impl File {
    /// Whether it holds tests or benches only.
    pub fn is_test(&self) -> bool {
        let parts = || self.path.split('/');
        parts().any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
    }

    /// The code before the tests that stand under it.
    pub fn code_without_tests(&self) -> &str {
        let is_module = |(at, attribute): &(usize, &str)| {
            let next = self.code[at + attribute.len()..].lines().next();
            next.is_some_and(|line| line.contains("mod ") && line.ends_with('{'))
        };
        let mut tests = self.code.match_indices("#[cfg(test)]\n").filter(is_module);
        let end = tests.next().map_or(self.code.len(), |found| found.0);
        &self.code[..end]
    }

    /// The path of the module in its crate: `["terms", "pool"]` for `compiler/src/terms/pool.rs`; empty for the root.
    pub fn module(&self) -> Vec<&str> {
        let inside = self.path.split_once("/src/").map_or("", |parts| parts.1);
        let mut module: Vec<&str> = inside.trim_end_matches(".rs").split('/').collect();
        if matches!(module.last(), Some(&("mod" | "lib" | "main"))) {
            module.pop();
        }
        module
    }
}

/// Replaces comments and the content of literals by blanks.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = opaque_length(rest, code.chars().next_back());
        let (taken, after) = rest.split_at(length.unwrap_or(c.len_utf8()));
        match length {
            Some(_) => code.extend(taken.chars().map(|c| if c == '\n' { c } else { ' ' })),
            None => code.push(c),
        }
        rest = after;
    }
    code
}

/// Length of the comment or literal that begins here, if one does; `before` is the character before it.
fn opaque_length(text: &str, before: Option<char>) -> Option<usize> {
    let to_end_of = |pattern: &str| text.find(pattern).unwrap_or(text.len());
    if text.starts_with("//") {
        return Some(to_end_of("\n"));
    }
    if text.starts_with("/*") {
        return Some(to_end_of("*/") + 2);
    }
    if text.starts_with('"') {
        return Some(quoted_length(text, '"'));
    }
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let hashes = text
        .strip_prefix('r')
        .map(|t| t.len() - t.trim_start_matches('#').len());
    if let Some(n) = hashes.filter(|n| !in_word && text[1 + n..].starts_with('"')) {
        let closing = format!("\"{}", "#".repeat(n));
        let start = 2 + n;
        let end = text[start..].find(&closing).expect("it is closed");
        return Some(start + end + closing.len());
    }
    let mut after_quote = text.strip_prefix('\'')?.chars();
    let (first, second) = (after_quote.next()?, after_quote.next()?);
    (first == '\\' || second == '\'').then(|| quoted_length(text, '\''))
}

/// Length of a literal in quotes, in which `\` escapes.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (i, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return i + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// The first names of the paths that follow `prefix` (`crate::`, `super::super::`): `use crate::{a::b, c}` gives `a` and `c`.
pub fn paths_after(code: &str, prefix: &str) -> Vec<(usize, String)> {
    let starts = code.match_indices(prefix).filter(|(at, _)| {
        let before = code[..*at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    });
    let mut found = Vec::new();
    for (at, _) in starts {
        let line = code[..at].matches('\n').count() + 1;
        let after = &code[at + prefix.len()..];
        let names = match after.strip_prefix('{') {
            Some(group) => first_names(group),
            None => vec![name_at(after)],
        };
        found.extend(names.into_iter().map(|name| (line, name)));
    }
    found
}

fn name_at(text: &str) -> String {
    let is_part = |c: &char| c.is_alphanumeric() || *c == '_';
    text.chars().take_while(is_part).collect()
}

/// The names with which the entries of a `{ }` begin; `group` starts after the brace.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut begins, mut names) = (0, true, Vec::new());
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            c if begins && !c.is_whitespace() => {
                names.push(name_at(&group[i..]));
                begins = false;
            }
            _ => {}
        }
    }
    names
}
