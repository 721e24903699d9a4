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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_uses_and_many_are_kept_alike() {
        for size in 0..10 {
            let made: Vec<Use> = (0..size)
                .map(|row| Use {
                    row,
                    ..Use::default()
                })
                .collect();
            let mut uses: Uses = made.iter().copied().collect();
            assert_eq!(uses[..], made[..]);
            let mut seen: Vec<usize> = uses.iter().map(|used| used.row).collect();
            assert!(
                (&uses)
                    .into_iter()
                    .map(|used| used.row)
                    .eq(seen.iter().copied())
            );
            for used in &mut uses {
                used.row += 1;
            }
            for row in &mut seen {
                *row += 1;
            }
            assert!(uses.iter().map(|used| used.row).eq(seen));
            let same = uses.clone();
            assert!(uses == same);
            uses.push(Use::default());
            assert!(uses != same && uses.len() == size + 1);
        }
    }
}
