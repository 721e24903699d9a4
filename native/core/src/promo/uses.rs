//! Units of an application, row by row, without memory of their own where the rows are few.

use super::problem::Use;
use std::ops::{Deref, DerefMut};

/// Rows of most applications, at most.
const FEW: usize = 4;

/// Like a vector of uses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Uses {
    few: [Use; FEW],
    count: usize,
    /// All of them, once they are more than few.
    many: Vec<Use>,
}

impl Uses {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn push(&mut self, used: Use) {
        if self.count < FEW {
            self.few[self.count] = used;
        } else {
            if self.count == FEW {
                self.many.clear();
                self.many.extend_from_slice(&self.few);
            }
            self.many.push(used);
        }
        self.count += 1;
    }
}

impl Deref for Uses {
    type Target = [Use];

    fn deref(&self) -> &[Use] {
        if self.count > FEW {
            &self.many
        } else {
            &self.few[..self.count]
        }
    }
}

impl DerefMut for Uses {
    fn deref_mut(&mut self) -> &mut [Use] {
        if self.count > FEW {
            &mut self.many
        } else {
            &mut self.few[..self.count]
        }
    }
}

impl PartialEq for Uses {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl Eq for Uses {}

impl FromIterator<Use> for Uses {
    fn from_iter<I: IntoIterator<Item = Use>>(found: I) -> Self {
        let mut uses = Self::new();
        for used in found {
            uses.push(used);
        }
        uses
    }
}

impl<'a> IntoIterator for &'a Uses {
    type Item = &'a Use;
    type IntoIter = std::slice::Iter<'a, Use>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut Uses {
    type Item = &'a mut Use;
    type IntoIter = std::slice::IterMut<'a, Use>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}
