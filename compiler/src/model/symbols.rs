//! What entities are called in the model: as the root file sees them, and never two alike.

use rustc_hash::FxHashSet;

use super::scope::{EntityId, FileId, Meaning, World};
use crate::syntax::ast::NameId;

/// A name for every entity, by entity: its own if it is the root's, as the root calls it if the root uses it, else with its
/// file's name before it.
pub(super) fn model_names(world: &World) -> Vec<String> {
    let Some(root) = world.file_ids().last() else {
        return Vec::new();
    };
    let mut names: Vec<Option<String>> = vec![None; world.entities.len()];
    let root_ast = world.ast(root);
    for i in 0..root_ast.n_names() as u32 {
        if let Meaning::Entity(id) = world.meaning(root, NameId(i)) {
            let name = &mut names[id.0 as usize];
            name.get_or_insert_with(|| root_ast.name(NameId(i)).to_owned());
        }
    }
    let has_others = root != FileId(0);
    for (&component, &(vector, coordinate)) in &world.space.owners {
        let vector_name = &names[vector.0 as usize];
        let coordinate = world.name(coordinate);
        names[component.0 as usize] = vector_name.as_ref().map(|n| format!("{n}.{coordinate}"));
    }
    for (&state, &velocity) in &world.velocities {
        let state_name = &names[state.0 as usize];
        names[velocity.0 as usize] = state_name.as_ref().map(|n| format!("dt({n})"));
    }
    if !has_others {
        return names.into_iter().map(Option::unwrap_or_default).collect();
    }
    let mut taken: FxHashSet<String> = names.iter().flatten().cloned().collect();
    world
        .entity_ids()
        .map(|id| match names[id.0 as usize].take() {
            Some(name) => name,
            None => free_name(world, id, &mut taken),
        })
        .collect()
}

fn free_name(world: &World, id: EntityId, taken: &mut FxHashSet<String>) -> String {
    let module = &world.file(world.entity(id).file).module;
    let plain = format!("{module}.{}", world.name(id));
    let mut name = plain.clone();
    let mut n = 2;
    while !taken.insert(name.clone()) {
        name = format!("{plain}_{n}");
        n += 1;
    }
    name
}
