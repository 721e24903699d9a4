//! Promotions: data in, the best deal for the customer out, whatever the order of scanning.
//!
//! A [`PromotionSet`] is compiled once from [`model`] data. A [`Cart`] holds lines and what is
//! known beside them ([`Facts`]). Prices go through layers, each on what the former left:
//!
//! 1. *Units.* Promotions on each unit and those that take units together compete: a unit takes
//!    part in at most one deal, and has besides only promotions that agree to stack with it and
//!    with one another. Among the kinds of units that hang together by what they could take part
//!    in, the largest saving is sought: exactly up to ten units, else by marginal value, then with
//!    prices for contested units and by settling some of them anew ([`Effort`]); and never less
//!    than the best single promotion ([`Proof`]).
//! 2. *Cart.* Promotions on the cart, class by class; in a class the best choice that stacks.
//!
//! All is counted in steps, never in time, and no result depends on the order of lines.

mod cart;
mod check;
mod compile;
mod contest;
mod deal;
mod eligible;
mod exact;
mod explain;
mod improve;
mod layers;
mod left;
pub mod model;
mod prices;
mod problem;
mod result;
mod score;
mod search;
mod solve;
mod stack;
mod uses;

pub use cart::{Cart, Diff, MAX_LINES, MAX_UNITS};
pub use check::{Fault, MAX_SETS, MAX_TAKE};
pub use compile::{MAX_ITEMS, MAX_PROMOTIONS, PromotionSet};
pub use eligible::Clause;
pub use explain::{Reason, WhyNot};
pub use model::{Facts, Line, Policy, Promotion};
pub use result::{Application, Modifier, PricedCart, PricedLine};
pub use solve::{EXACT_UNITS, Effort, Proof, SEARCHED_UNITS};

#[cfg(test)]
mod brute;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod made;
#[cfg(test)]
mod worked;
