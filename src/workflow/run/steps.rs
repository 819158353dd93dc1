//! Which steps are done, and how often each has failed.

use crate::workflow::step::Step;

/// A set of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StepSet(u32);

impl StepSet {
    pub(super) const EMPTY: Self = Self(0);

    pub(super) const fn has(self, step: Step) -> bool {
        self.0 & (1 << step as u32) != 0
    }

    pub(super) const fn add(&mut self, step: Step) {
        self.0 |= 1 << step as u32;
    }

    pub(super) const fn remove(&mut self, step: Step) {
        self.0 &= !(1 << step as u32);
    }
}

/// How often each step failed since a person last answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StepCounts([u8; Step::COUNT]);

impl StepCounts {
    pub(super) const ZERO: Self = Self([0; Step::COUNT]);

    pub(super) fn add(&mut self, step: Step) -> u8 {
        match self.0.get_mut(step as usize) {
            Some(count) => {
                *count = count.saturating_add(1);
                *count
            }
            None => u8::MAX,
        }
    }
}
