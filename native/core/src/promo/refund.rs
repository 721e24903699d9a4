//! What goods that come back are worth, where the promotions of their sale are reckoned anew.

use super::cart::Cart;
use super::compile::PromotionSet;
use super::model::{Facts, Line};
use crate::error::{CoreError, Result};
use crate::money::{extend_amount, narrow};
use std::sync::Arc;

/// A sale of which goods come back.
#[derive(Debug, Clone, Copy)]
pub struct Sale<'a> {
    /// As sold; by place, like the quantities below.
    pub lines: &'a [Line],
    /// What was paid for all of them, in minor units, zero or more.
    pub paid_minor: i64,
    /// What came back before, in thousandths.
    pub returned_milli: &'a [i64],
    /// What was given back for that, in minor units.
    pub refunded_minor: i64,
}

/// What is given back, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refund {
    /// Zero or more.
    pub refund_minor: i64,
    /// What the goods that stay cost under the promotions of the sale.
    pub rest_minor: i64,
}

/// Give back what was paid less what the goods that stay would have cost under the promotions *as
/// recorded in the sale*: never below zero, and never above the price of what comes back.
///
/// What comes back last brings back all that is left of what was paid, so that any order of
/// returns ends at that sum.
///
/// # Errors
/// Another count of quantities than of lines, more coming back than is there, or a sum past 64
/// bits.
pub fn reevaluated_refund(
    set: &Arc<PromotionSet>,
    facts: &Facts,
    minor_digits: i64,
    sale: Sale<'_>,
    back_milli: &[i64],
) -> Result<Refund> {
    let Sale {
        lines,
        paid_minor,
        returned_milli,
        refunded_minor,
    } = sale;
    let refused = |what, need| Err(CoreError::OutOfRange { what, need });
    if returned_milli.len() != lines.len() || back_milli.len() != lines.len() {
        return refused("the number of quantities", "that of the lines");
    }
    if !(0..=paid_minor).contains(&refunded_minor) {
        return refused("refunded_minor", "zero to what was paid");
    }
    let mut rest = Cart::new(Arc::clone(set), facts.clone(), minor_digits)?;
    let mut price = 0_i128;
    let mut stays = false;
    let quantities = returned_milli.iter().zip(back_milli);
    for (line, (&returned, &back)) in lines.iter().zip(quantities) {
        let had = line.quantity_milli.checked_sub(returned);
        let Some(left) = had.filter(|&had| returned >= 0 && (0..=had).contains(&back)) else {
            return refused("a quantity", "zero to what is there");
        };
        price += i128::from(extend_amount(line.unit_price_micros, back, minor_digits)?);
        if left > back {
            stays = true;
            rest.push_line(Line {
                quantity_milli: left - back,
                ..*line
            })?;
        }
    }
    rest.settle();
    let rest_minor = rest.total_minor();
    let owed = paid_minor - refunded_minor;
    let refund = if stays {
        let over = i128::from(owed) - i128::from(rest_minor);
        over.clamp(0, price.max(0)).min(owed.into())
    } else {
        owed.into()
    };
    Ok(Refund {
        refund_minor: narrow(refund, "refund_minor")?,
        rest_minor,
    })
}
