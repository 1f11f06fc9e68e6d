//! Names: what each file declares, what it takes from others, and what a name means where it stands.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::error::ModelError;
use super::space::Space;
use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::syntax::Ast;
use crate::syntax::ast::{DeclKind, Declaration, Function, Ident, ItemKind, NameId, Use};
use crate::terms::Op;

/// Position in [`World::files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FileId(pub u32);

/// Position in [`World::entities`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct EntityId(pub u32);

/// Where a file comes from. Modules of the standard library give only what is asked of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Root,
    Used,
    Std,
}

/// One file of the model.
pub(super) struct File<'a> {
    pub ast: Cow<'a, Ast>,
    pub origin: Origin,
    /// Its name without folder and ending: prefix of names that would otherwise clash.
    pub module: String,
    /// Name of the source, for relative paths.
    pub path: String,
    /// Which file each `use` statement, by position in `ast.items`, means.
    pub uses: Vec<(u32, FileId)>,
    /// By `NameId`.
    pub meanings: Vec<Meaning>,
}

/// What a name means in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Unknown,
    Time,
    Pi,
    Euler,
    Entity(EntityId),
}

/// What was declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntityKind {
    Value(DeclKind),
    Function,
    /// The derivative of a state that has a `dtt` equation.
    Velocity,
    /// A domain.
    Domain,
    /// A coordinate of one or more domains.
    Coordinate,
    /// A component of a vector: `v.x`.
    Component,
}

/// A declared name; `item` says where its declaration stands in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entity {
    pub kind: EntityKind,
    pub file: FileId,
    pub item: u32,
    pub name: Ident,
}

/// All files and what they declare.
#[derive(Default)]
pub(super) struct World<'a> {
    /// What a file uses stands before it; the root is last.
    pub files: Vec<File<'a>>,
    pub entities: Vec<Entity>,
    /// By state: the entity of its derivative.
    pub velocities: FxHashMap<EntityId, EntityId>,
    /// Where fields live.
    pub space: Space,
}

impl World<'_> {
    pub fn file(&self, id: FileId) -> &File<'_> {
        &self.files[id.0 as usize]
    }

    pub fn ast(&self, id: FileId) -> &Ast {
        &self.files[id.0 as usize].ast
    }

    pub fn entity(&self, id: EntityId) -> &Entity {
        &self.entities[id.0 as usize]
    }

    pub fn file_ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.files.len() as u32).map(FileId)
    }

    pub fn entity_ids(&self) -> impl Iterator<Item = EntityId> + use<> {
        (0..self.entities.len() as u32).map(EntityId)
    }

    pub fn meaning(&self, file: FileId, name: NameId) -> Meaning {
        self.file(file).meanings[name.0 as usize]
    }

    /// What was declared under a name, if it means that.
    pub fn entity_named(&self, file: FileId, name: NameId) -> Option<EntityId> {
        match self.meaning(file, name) {
            Meaning::Entity(id) => Some(id),
            Meaning::Unknown | Meaning::Time | Meaning::Pi | Meaning::Euler => None,
        }
    }

    /// The name as written at its declaration.
    pub fn name(&self, id: EntityId) -> Cow<'_, str> {
        let entity = self.entity(id);
        let name = self.ast(entity.file).name(entity.name.name);
        match entity.kind {
            EntityKind::Velocity => {
                let is_of = |(_, velocity): &(&EntityId, &EntityId)| **velocity == id;
                match self.velocities.iter().find(is_of) {
                    Some((&state, _)) => format!("dt({})", self.name(state)).into(),
                    None => name.into(),
                }
            }
            EntityKind::Component => self.space.component_name(self, id).into(),
            EntityKind::Value(_)
            | EntityKind::Function
            | EntityKind::Domain
            | EntityKind::Coordinate => name.into(),
        }
    }

    pub fn span(&self, id: EntityId) -> Span {
        self.entity(id).name.span
    }

    /// The declaration of anything but a function; a velocity has that of its state.
    pub fn declaration(&self, id: EntityId) -> Option<&Declaration> {
        let ItemKind::Declare(declaration) = self.item(id) else {
            return None;
        };
        Some(declaration)
    }

    pub fn function(&self, id: EntityId) -> Option<&Function> {
        let ItemKind::Function(function) = self.item(id) else {
            return None;
        };
        Some(function)
    }

    pub fn item(&self, id: EntityId) -> &ItemKind {
        let entity = self.entity(id);
        &self.ast(entity.file).items[entity.item as usize].kind
    }

    /// What an entity is, with its article, for messages.
    pub fn describe(&self, id: EntityId) -> &'static str {
        match self.entity(id).kind {
            EntityKind::Function => "a function",
            EntityKind::Velocity => "the rate of a state",
            EntityKind::Domain => "a domain",
            EntityKind::Coordinate => "a coordinate",
            EntityKind::Component => "a component of a vector",
            EntityKind::Value(kind) => match kind {
                DeclKind::Const => "a constant",
                DeclKind::Param => "a parameter",
                DeclKind::Species => "a species",
                DeclKind::FixedSpecies => "a fixed species",
                DeclKind::Var => "a variable",
                DeclKind::Let => "a named expression",
                DeclKind::Field => "a field",
            },
        }
    }

    /// Adds the derivative of `state` as a state of its own, once.
    pub fn add_velocity(&mut self, state: EntityId) -> EntityId {
        let next = EntityId(self.entities.len() as u32);
        let id = *self.velocities.entry(state).or_insert(next);
        if id == next {
            let of = *self.entity(state);
            self.entities.push(Entity {
                kind: EntityKind::Velocity,
                ..of
            });
            self.space.repeat_place(state);
        }
        id
    }
}

/// Gives every name of every file its meaning. Reports duplicates and reserved names.
pub(super) fn declare(world: &mut World, diagnostics: &mut Diagnostics) {
    for file in world.file_ids() {
        world.files[file.0 as usize].meanings = built_in_meanings(world.ast(file));
        declare_own(world, file, diagnostics);
        for (item, target) in world.file(file).uses.clone() {
            take_used(world, file, item, target, diagnostics);
        }
        fall_back_to_euler(&mut world.files[file.0 as usize]);
    }
}

fn built_in_meanings(ast: &Ast) -> Vec<Meaning> {
    (0..ast.n_names() as u32)
        .map(|i| match ast.name(NameId(i)) {
            "t" | "time" => Meaning::Time,
            "pi" | "π" => Meaning::Pi,
            _ => Meaning::Unknown,
        })
        .collect()
}

/// `e` is Euler's number unless the model declares an `e` of its own.
fn fall_back_to_euler(file: &mut File) {
    for (i, meaning) in file.meanings.iter_mut().enumerate() {
        if *meaning == Meaning::Unknown && file.ast.name(NameId(i as u32)) == "e" {
            *meaning = Meaning::Euler;
        }
    }
}

fn declare_own(world: &mut World, id: FileId, diagnostics: &mut Diagnostics) {
    let File { ast, meanings, .. } = &mut world.files[id.0 as usize];
    for (item, kind, name) in own_names(ast) {
        if let Some(meaning) = reserved(ast, kind, name, meanings[name.name.0 as usize]) {
            diagnostics.push(ModelError::ReservedName {
                name: ast.name(name.name).into(),
                meaning,
                at: name.span.into(),
            });
            continue;
        }
        let slot = &mut meanings[name.name.0 as usize];
        if let Meaning::Entity(first) = *slot {
            // Domains may share a coordinate.
            let first_kind = world.entities[first.0 as usize].kind;
            if [kind, first_kind] == [EntityKind::Coordinate; 2] {
                continue;
            }
            diagnostics.push(ModelError::DuplicateName {
                name: ast.name(name.name).into(),
                first: world.entities[first.0 as usize].name.span.into(),
                second: name.span.into(),
            });
            continue;
        }
        *slot = Meaning::Entity(EntityId(world.entities.len() as u32));
        world.entities.push(Entity {
            kind,
            file: id,
            item,
            name,
        });
    }
}

/// Item, kind and name of everything that a file declares.
fn own_names(ast: &Ast) -> Vec<(u32, EntityKind, Ident)> {
    let mut names = Vec::new();
    for (i, item) in ast.items.iter().enumerate() {
        let i = i as u32;
        match &item.kind {
            ItemKind::Declare(d) => names.push((i, EntityKind::Value(d.kind), d.name)),
            ItemKind::Function(f) => names.push((i, EntityKind::Function, f.name)),
            ItemKind::Domain(d) => {
                names.push((i, EntityKind::Domain, d.name));
                names.extend(d.axes.iter().map(|a| (i, EntityKind::Coordinate, a.name)));
            }
            ItemKind::Model { .. }
            | ItemKind::Use(_)
            | ItemKind::Unit { .. }
            | ItemKind::Reaction(_)
            | ItemKind::Equation(_)
            | ItemKind::Balance { .. }
            | ItemKind::Boundary(_)
            | ItemKind::Constraint(_)
            | ItemKind::Scheme(_)
            | ItemKind::Init { .. }
            | ItemKind::Simulate(_)
            | ItemKind::Discover(_)
            | ItemKind::Plot(_)
            | ItemKind::Rule(_)
            | ItemKind::Unsupported { .. } => {}
        }
    }
    names
}

/// What a name means already, if it may not be declared as `kind`.
///
/// Values may bear the names of functions (`gamma`, `beta`): a function is always followed by `(`, and calling a value is reported.
fn reserved(ast: &Ast, kind: EntityKind, name: Ident, meaning: Meaning) -> Option<&'static str> {
    match meaning {
        Meaning::Time => return Some("time"),
        Meaning::Pi => return Some("the number π"),
        Meaning::Unknown | Meaning::Euler | Meaning::Entity(_) => {}
    }
    let text = ast.name(name.name);
    let built_in = Op::by_name(text).is_some() || matches!(text, "dt" | "dtt");
    (kind == EntityKind::Function && built_in).then_some("a built-in function")
}

/// Makes the names that a `use` statement asks for known in its file.
fn take_used(
    world: &mut World,
    id: FileId,
    item: u32,
    target: FileId,
    diagnostics: &mut Diagnostics,
) {
    let exports = exports(world, target);
    let file = world.file(id);
    let ItemKind::Use(usage) = &file.ast.items[item as usize].kind else {
        return;
    };
    let taken = match usage.alias {
        Some(alias) => aliased(file, usage, alias, &exports),
        None if usage.names.is_empty() => all(file, &exports),
        None => selected(file, usage, &exports),
    };
    report_not_exported(file, usage, world.ast(target), &exports, diagnostics);
    let file = &mut world.files[id.0 as usize];
    for (name, entity, asked_at) in taken {
        let slot = &mut file.meanings[name.0 as usize];
        match (*slot, asked_at) {
            (Meaning::Unknown, _) => *slot = Meaning::Entity(entity),
            (Meaning::Entity(first), Some(second)) if first != entity => {
                diagnostics.push(ModelError::DuplicateName {
                    name: file.ast.name(name).into(),
                    first: world.entities[first.0 as usize].name.span.into(),
                    second: second.into(),
                });
            }
            // What a file declares itself goes before what it did not ask for by name.
            (Meaning::Entity(_) | Meaning::Time | Meaning::Pi | Meaning::Euler, _) => {}
        }
    }
}

/// What a file declares itself, by its text.
fn exports(world: &World, target: FileId) -> FxHashMap<String, EntityId> {
    let ast = world.ast(target);
    own_names(ast)
        .into_iter()
        .filter_map(|(_, _, name)| {
            let entity = world.entity_named(target, name.name)?;
            Some((ast.name(name.name).to_owned(), entity))
        })
        .collect()
}

type Taken = Vec<(NameId, EntityId, Option<Span>)>;

fn all(file: &File, exports: &FxHashMap<String, EntityId>) -> Taken {
    names_of(file)
        .filter_map(|(id, text)| Some((id, *exports.get(text)?, None)))
        .collect()
}

fn selected(file: &File, usage: &Use, exports: &FxHashMap<String, EntityId>) -> Taken {
    let find = |n: &Ident| Some((n.name, *exports.get(file.ast.name(n.name))?, Some(n.span)));
    usage.names.iter().filter_map(find).collect()
}

fn aliased(file: &File, usage: &Use, alias: Ident, exports: &FxHashMap<String, EntityId>) -> Taken {
    let prefix = file.ast.name(alias.name);
    let wanted = |text: &str| {
        usage.names.is_empty() || usage.names.iter().any(|n| file.ast.name(n.name) == text)
    };
    names_of(file)
        .filter_map(|(id, text)| {
            let inner = text.strip_prefix(prefix)?.strip_prefix('.')?;
            let entity = *exports.get(inner)?;
            wanted(inner).then_some((id, entity, None))
        })
        .collect()
}

fn names_of<'f>(file: &'f File) -> impl Iterator<Item = (NameId, &'f str)> {
    (0..file.ast.n_names() as u32).map(|i| (NameId(i), file.ast.name(NameId(i))))
}

/// Reports the names a `use` asks for in vain. Units need no asking: those of all files are known everywhere.
fn report_not_exported(
    file: &File,
    usage: &Use,
    target: &Ast,
    exports: &FxHashMap<String, EntityId>,
    diagnostics: &mut Diagnostics,
) {
    for name in &usage.names {
        let text = file.ast.name(name.name);
        if exports.contains_key(text) || declares_unit(target, text) {
            continue;
        }
        let mut known: Vec<&str> = exports.keys().map(String::as_str).collect();
        known.sort_unstable();
        let nearest = super::nearest::nearest(text, known.into_iter());
        diagnostics.push(ModelError::UnknownName {
            name: text.into(),
            at: name.span.into(),
            help: super::nearest::did_you_mean(nearest),
        });
    }
}

fn declares_unit(ast: &Ast, wanted: &str) -> bool {
    ast.items.iter().any(
        |item| matches!(&item.kind, ItemKind::Unit { name, .. } if ast.name(name.name) == wanted),
    )
}
