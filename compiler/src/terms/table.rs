//! The hash-cons table: open addressing over hashes that the nodes keep.

use super::Term;

/// Maps a stored 32-bit hash to the terms that have it. Linear probing; at most ¾ full.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    /// `hash << 32 | id + 1`; 0 is empty. A power of two long, or empty.
    slots: Vec<u64>,
    len: usize,
}

/// Slots of the first allocation.
const FIRST_SIZE: usize = 64;

impl Table {
    /// The term with this hash that `is_same` accepts.
    pub(super) fn find(&self, hash: u32, is_same: impl Fn(Term) -> bool) -> Option<Term> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        while self.slots[at] != 0 {
            let term = Term(self.slots[at] as u32 - 1);
            if (self.slots[at] >> 32) as u32 == hash && is_same(term) {
                return Some(term);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Adds a term that is not there yet.
    pub(super) fn insert(&mut self, hash: u32, term: Term) {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            let size = (self.slots.len() * 2).max(FIRST_SIZE);
            let old = std::mem::replace(&mut self.slots, vec![0; size]);
            for slot in old.into_iter().filter(|&s| s != 0) {
                self.place((slot >> 32) as u32, Term(slot as u32 - 1));
            }
        }
        self.place(hash, term);
        self.len += 1;
    }

    fn place(&mut self, hash: u32, term: Term) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = u64::from(hash) << 32 | u64::from(term.0 + 1);
    }
}
