//! Reading the files that a file uses, each once.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::elaborate::Loader;
use super::error::ModelError;
use super::nearest::{did_you_mean, nearest};
use super::scope::{File, FileId, Origin, World};
use crate::diagnostic::Diagnostics;
use crate::source::{Sources, Span};
use crate::stdlib;
use crate::syntax::ast::{ItemKind, Use, UsePath};
use crate::syntax::{Ast, parse};

/// Where a file comes from and what it is called: files with equal keys are one file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    origin_is_std: bool,
    path: String,
}

/// A file on the way from the root to the file being read.
struct Open<'a> {
    key: Key,
    file: File<'a>,
    /// The next item to look at.
    next: usize,
    /// Where its user asked for it, for the `uses` of that user.
    asked_by_item: u32,
}

/// Reads all files that `root` uses, directly or not. What a file uses stands before it.
pub(super) fn load<'a>(
    root: &'a Ast,
    sources: &mut Sources,
    loader: &dyn Loader,
    diagnostics: &mut Diagnostics,
) -> World<'a> {
    let mut world = World::default();
    let mut done: FxHashMap<Key, FileId> = FxHashMap::default();
    let mut open = vec![open_root(root, sources)];
    while let Some(top) = open.last_mut() {
        let Some((item, usage)) = next_use(top) else {
            close(&mut open, &mut world, &mut done);
            continue;
        };
        let key = key_of(&usage, &top.file);
        if let Some(&id) = done.get(&key) {
            top.file.uses.push((item, id));
        } else if let Some(at) = open.iter().position(|o| o.key == key) {
            diagnostics.push(circle(&open[at..], span_of(&usage)));
        } else if let Some(file) = read(&usage, &key, &open, sources, loader, diagnostics) {
            open.push(Open {
                key,
                file,
                next: 0,
                asked_by_item: item,
            });
        }
    }
    world
}

fn open_root<'a>(root: &'a Ast, sources: &Sources) -> Open<'a> {
    let path = root
        .items
        .first()
        .and_then(|item| sources.file_at(item.span.start))
        .map_or(String::new(), |source| source.name.clone());
    Open {
        key: Key {
            origin_is_std: false,
            path: path.clone(),
        },
        file: new_file(Cow::Borrowed(root), Origin::Root, path),
        next: 0,
        asked_by_item: 0,
    }
}

fn new_file(ast: Cow<'_, Ast>, origin: Origin, path: String) -> File<'_> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(&path);
    let module = name.split('.').next().unwrap_or(name).to_owned();
    File {
        ast,
        origin,
        module,
        path,
        uses: Vec::new(),
        meanings: Vec::new(),
    }
}

fn next_use(open: &mut Open) -> Option<(u32, Use)> {
    let items = open.file.ast.items.iter().enumerate().skip(open.next);
    for (at, item) in items {
        if let ItemKind::Use(usage) = &item.kind {
            let usage = usage.clone();
            open.next = at + 1;
            return Some((at as u32, usage));
        }
    }
    None
}

/// Moves the finished file on top of the stack to the world and tells its user.
fn close<'a>(open: &mut Vec<Open<'a>>, world: &mut World<'a>, done: &mut FxHashMap<Key, FileId>) {
    let Some(finished) = open.pop() else { return };
    let id = FileId(world.files.len() as u32);
    world.files.push(finished.file);
    done.insert(finished.key, id);
    if let Some(user) = open.last_mut() {
        user.file.uses.push((finished.asked_by_item, id));
    }
}

fn key_of(usage: &Use, user: &File) -> Key {
    match &usage.path {
        UsePath::Std(name) => Key {
            origin_is_std: true,
            path: user.ast.name(name.name).to_owned(),
        },
        UsePath::File { path, .. } => Key {
            origin_is_std: false,
            path: beside(&user.path, path),
        },
    }
}

/// `path` as seen from the folder of the file `from`, with `.` and `..` resolved where the text allows.
fn beside(from: &str, path: &str) -> String {
    let folder = from.rfind('/').map_or("", |i| &from[..=i]);
    let joined = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{folder}{path}")
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        let climbs = part == ".." && parts.last().is_some_and(|&p| !matches!(p, "" | ".."));
        if climbs {
            parts.pop();
        } else if part != "." {
            parts.push(part);
        }
    }
    parts.join("/")
}

fn span_of(usage: &Use) -> Span {
    match &usage.path {
        UsePath::Std(name) => name.span,
        UsePath::File { span, .. } => *span,
    }
}

fn circle(files: &[Open], at: Span) -> ModelError {
    let mut chain: Vec<String> = files.iter().map(|o| format!("`{}`", o.key.path)).collect();
    chain.extend(chain.first().cloned());
    ModelError::CyclicUse {
        chain: chain.join(" uses "),
        at: at.into(),
    }
}

fn read<'a>(
    usage: &Use,
    key: &Key,
    open: &[Open],
    sources: &mut Sources,
    loader: &dyn Loader,
    diagnostics: &mut Diagnostics,
) -> Option<File<'a>> {
    let (text, origin, name) = match &usage.path {
        UsePath::Std(module) => {
            let Some(text) = loader.std_module(&key.path) else {
                diagnostics.push(unknown_module(&key.path, module.span));
                return None;
            };
            (text.into(), Origin::Std, format!("std/{}.model", key.path))
        }
        UsePath::File { path, span } => {
            let from = open.last().map_or("", |o| o.file.path.as_str());
            match loader.file(path, from) {
                Ok(text) => (text, Origin::Used, key.path.clone()),
                Err(error) => {
                    diagnostics.push(unreadable(path, error.to_string(), *span));
                    return None;
                }
            }
        }
    };
    let Some(source) = sources.add(name.clone(), text) else {
        diagnostics.push(unreadable(&name, "too large".into(), span_of(usage)));
        return None;
    };
    let ast = parse(&source, diagnostics);
    Some(new_file(Cow::Owned(ast), origin, name))
}

fn unreadable(path: &str, reason: String, at: Span) -> ModelError {
    ModelError::UnreadableFile {
        path: path.into(),
        reason,
        at: at.into(),
    }
}

fn unknown_module(name: &str, at: Span) -> ModelError {
    let known = stdlib::MODULES.iter().map(|(n, _)| *n);
    ModelError::UnknownModule {
        name: name.into(),
        at: at.into(),
        help: did_you_mean(nearest(name, known)),
    }
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn paths_are_seen_from_the_using_file() {
        assert_eq!(beside("a/b.model", "c.model"), "a/c.model");
        assert_eq!(beside("b.model", "./c.model"), "c.model");
        assert_eq!(beside("a/b.model", "../c.model"), "c.model");
        assert_eq!(beside("../b.model", "../c.model"), "../../c.model");
        assert_eq!(beside("a/b.model", "/c.model"), "/c.model");
    }
}
