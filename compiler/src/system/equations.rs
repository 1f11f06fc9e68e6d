//! The product: states, parameters and blocks of equations.
//!
//! A system is a list of blocks and is never scalarised: a network stays monomials and a sparse stoichiometric matrix.
//! The fields of a domain are one block too: equations of whole arrays.

use smallvec::SmallVec;

use super::space::GridBlock;
use crate::model::discovery::Discover;
use crate::model::entities::{Observable, Parameter, Plot, Simulate, State, StateId, StateKind};
use crate::terms::{Number, Outputs, Pool, Rule, SymbolId, Term};

/// `du/dt` = the sum of what the blocks contribute.
#[derive(Debug, Clone)]
pub struct System {
    /// Model name.
    pub name: String,
    /// All terms.
    pub pool: Pool,
    /// Time.
    pub time: SymbolId,
    /// Constants and parameters.
    pub parameters: Vec<Parameter>,
    /// The integrated states, in declared order, then nothing else: fixed species are parameters of the equations with `StateKind::FixedSpecies` and zero rows.
    pub states: Vec<State>,
    /// Who contributes.
    pub blocks: Vec<Block>,
    /// `let`s.
    pub observables: Vec<Observable>,
    /// Numbers that grid blocks compute for equations of numbers and for each other.
    pub couplings: Vec<SymbolId>,
    /// Conserved totals found from the stoichiometry.
    pub conserved: Vec<super::conservation::ConservedTotal>,
    /// Experiments and plots, unchanged.
    pub experiments: Vec<Simulate>,
    /// `discover` experiments, unchanged.
    pub discoveries: Vec<Discover>,
    /// Plots.
    pub plots: Vec<Plot>,
    /// The user's own rewrite rules.
    pub rules: Vec<Rule>,
}

/// A part of the right-hand side.
#[derive(Debug, Clone)]
pub enum Block {
    /// One term per listed state.
    Scalar(Vec<(StateId, Term)>),
    /// `du = N·v`, one row per state of the system: before simplification one flux per reaction, afterwards one per group of
    /// reactions with equal net stoichiometry, factored.
    Network(Outputs),
    /// The fields of one domain: equations, and programs over whole arrays.
    Grid(Box<GridBlock>),
}

impl System {
    /// All blocks as one set of outputs, one row per state: what `codegen` compiles as the right-hand side.
    pub fn right_hand_side(&self) -> Outputs {
        if let [Block::Network(network)] = self.blocks.as_slice() {
            return network.clone();
        }
        let scalars = self.scalar_terms();
        let mut out = Outputs::new();
        let offsets: Vec<u32> = self
            .networks()
            .map(|n| append(&mut out.values, &n.values))
            .collect();
        let mut row = Vec::new();
        for (i, scalar) in scalars.iter().enumerate() {
            row.clear();
            for (network, offset) in self.networks().zip(&offsets) {
                row.extend(network.row(i).iter().map(|(k, c)| (k + offset, c.clone())));
            }
            for &term in scalar {
                row.push((out.add_value(term), Number::ONE));
            }
            out.add_row(&row);
        }
        out
    }

    /// The network blocks.
    pub(crate) fn networks(&self) -> impl Iterator<Item = &Outputs> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Network(network) => Some(network),
            Block::Scalar(_) | Block::Grid(_) => None,
        })
    }

    /// The grid blocks.
    pub fn grids(&self) -> impl Iterator<Item = &GridBlock> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Grid(grid) => Some(&**grid),
            Block::Network(_) | Block::Scalar(_) => None,
        })
    }

    /// Terms of the scalar blocks by state.
    pub(crate) fn scalar_terms(&self) -> Vec<SmallVec<[Term; 1]>> {
        let mut of_state = vec![SmallVec::new(); self.states.len()];
        for block in &self.blocks {
            match block {
                Block::Scalar(rows) => {
                    for &(state, term) in rows {
                        of_state[state.0 as usize].push(term);
                    }
                }
                Block::Network(_) | Block::Grid(_) => {}
            }
        }
        of_state
    }

    /// Checks what every pass must keep.
    ///
    /// # Panics
    /// If a block has the wrong number of rows, refers to what does not exist, or uses a symbol that is neither time nor a state nor a parameter.
    pub fn verify(&self) {
        let n = self.states.len();
        let mut roots = Vec::new();
        for block in &self.blocks {
            match block {
                Block::Scalar(rows) => {
                    let known = rows.iter().all(|(state, _)| (state.0 as usize) < n);
                    assert!(known, "a scalar row belongs to no state");
                    roots.extend(rows.iter().map(|(_, term)| *term));
                }
                Block::Network(network) => {
                    assert_eq!(network.n_rows(), n, "one row per state");
                    let n_values = network.values.len() as u32;
                    let known = network.entries.iter().all(|(k, _)| *k < n_values);
                    assert!(known, "a row refers to no value");
                    roots.extend(&network.values);
                }
                Block::Grid(grid) => grid.verify(&self.pool),
            }
        }
        self.verify_symbols(&roots);
        for (i, state) in self.states.iter().enumerate() {
            let held = state.kind == StateKind::FixedSpecies;
            let changes = self.networks().any(|network| !network.row(i).is_empty());
            assert!(!(held && changes), "`{}` is held but changes", state.name);
        }
    }

    fn verify_symbols(&self, roots: &[Term]) {
        let mut known = vec![false; self.pool.n_symbols()];
        known[self.time.0 as usize] = true;
        let parameters = self.parameters.iter().map(|p| p.symbol);
        let states = self.states.iter().map(|s| s.symbol);
        for symbol in parameters
            .chain(states)
            .chain(self.couplings.iter().copied())
        {
            known[symbol.0 as usize] = true;
        }
        for symbol in self.pool.symbols_in(roots) {
            let name = self.pool.symbol_name(symbol);
            assert!(
                known[symbol.0 as usize],
                "`{name}` is not part of the system"
            );
        }
    }
}

/// Appends and returns where the first of `more` stands.
fn append(values: &mut Vec<Term>, more: &[Term]) -> u32 {
    let offset = values.len() as u32;
    values.extend_from_slice(more);
    offset
}
