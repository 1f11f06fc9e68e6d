//! Whole arrays during a run of a space program: those that the caller supplies or receives stand in the caller's slices, all others are owned.

use smallvec::SmallVec;

/// Where an array is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Such an input.
    Input(usize),
    /// Such an output.
    Output(usize),
    /// Owned.
    Owned,
}

/// Arrays that the caller supplies, in order.
pub(super) type Inputs<'a, T> = SmallVec<[&'a [T]; 8]>;

/// Arrays of one kind of number, by number of the array.
pub(super) struct Bank<'a, T> {
    /// By array.
    places: &'a [Place],
    inputs: Inputs<'a, T>,
    /// `None` while taken.
    outputs: SmallVec<[Option<&'a mut [T]>; 8]>,
    /// By array; empty while taken.
    owned: &'a mut [Vec<T>],
}

/// An array taken out to be written.
pub(super) enum Taken<'a, T> {
    Output(&'a mut [T]),
    Owned(Vec<T>),
}

impl<T> Taken<'_, T> {
    pub(super) fn values(&mut self) -> &mut [T] {
        match self {
            Taken::Output(values) => values,
            Taken::Owned(values) => values,
        }
    }
}

impl<'a, T> Bank<'a, T> {
    /// Outputs stand one behind the other, each of length `len`.
    pub(super) fn new(
        places: &'a [Place],
        owned: &'a mut [Vec<T>],
        len: usize,
        inputs: Inputs<'a, T>,
        outputs: &'a mut [T],
    ) -> Self {
        Bank {
            places,
            inputs,
            outputs: outputs.chunks_exact_mut(len).map(Some).collect(),
            owned,
        }
    }

    /// The values of an array that is not taken.
    pub(super) fn get(&self, array: usize) -> &[T] {
        match self.places[array] {
            Place::Input(i) => self.inputs[i],
            Place::Output(i) => self.outputs[i]
                .as_deref()
                .expect("a step does not read what it writes"),
            Place::Owned => &self.owned[array],
        }
    }

    /// Takes an array out to be written.
    pub(super) fn take(&mut self, array: usize) -> Taken<'a, T> {
        match self.places[array] {
            Place::Input(_) => unreachable!("inputs are not written"),
            Place::Output(i) => {
                let output = self.outputs[i].take();
                Taken::Output(output.expect("an array is taken once at a time"))
            }
            Place::Owned => Taken::Owned(std::mem::take(&mut self.owned[array])),
        }
    }

    /// Puts a taken array back.
    pub(super) fn put(&mut self, array: usize, taken: Taken<'a, T>) {
        match (self.places[array], taken) {
            (Place::Output(i), Taken::Output(values)) => self.outputs[i] = Some(values),
            (_, Taken::Owned(values)) => self.owned[array] = values,
            (_, Taken::Output(_)) => unreachable!("an array is put back where it was"),
        }
    }
}

impl<T: Copy> Bank<'_, T> {
    /// Writes an array.
    pub(super) fn set(&mut self, array: usize, values: &[T]) {
        let mut target = self.take(array);
        target.values().copy_from_slice(values);
        self.put(array, target);
    }

    /// Copies an array to an output that is not its place.
    pub(super) fn copy_out(&mut self, array: usize, output: usize) {
        let target = self.outputs[output].take();
        let target = target.expect("an output is written once");
        target.copy_from_slice(self.get(array));
        self.outputs[output] = Some(target);
    }
}
