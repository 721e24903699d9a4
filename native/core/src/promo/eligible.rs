//! Whether a promotion is open to a cart, before its lines are looked at.

use super::model::{Facts, Promotion, Window};

const WEEK_S: i64 = 7 * 86_400;

/// The clause that keeps a promotion closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clause {
    /// Before the window's start, at or after its end, or outside its hours.
    Window,
    /// Another store.
    Store,
    /// Another channel.
    Channel,
    /// The customer is in none of its groups.
    CustomerGroup,
    /// Its coupon is missing.
    CouponMissing,
    /// No such tender.
    Tender,
    /// Too few points.
    Points,
    /// Nothing is left of a limit or budget.
    LimitReached,
}

/// The first clause that fails, in the order of [`Clause`].
pub(crate) fn closed(promotion: &Promotion, facts: &Facts) -> Option<Clause> {
    let who = &promotion.eligibility;
    let misses = |wanted: u64, had: u64| wanted != 0 && wanted & had == 0;
    if !open(&promotion.window, facts) {
        Some(Clause::Window)
    } else if misses(who.stores, facts.store) {
        Some(Clause::Store)
    } else if misses(who.channels, facts.channel) {
        Some(Clause::Channel)
    } else if misses(who.customer_groups, facts.customer_groups) {
        Some(Clause::CustomerGroup)
    } else if who
        .coupon
        .is_some_and(|coupon| !facts.coupons.contains(&coupon))
    {
        Some(Clause::CouponMissing)
    } else if misses(who.tenders, facts.tenders) {
        Some(Clause::Tender)
    } else if facts.points < who.points_min {
        Some(Clause::Points)
    } else {
        let (uses, amount_minor) = left(promotion, facts);
        (uses == 0 || amount_minor <= 0).then_some(Clause::LimitReached)
    }
}

fn open(window: &Window, facts: &Facts) -> bool {
    let (now_s, week_s) = clock(window, facts);
    let minute = week_s / 60;
    window.start_s.is_none_or(|start| start <= now_s)
        && window.end_s.is_none_or(|end| now_s < end)
        && window.weekly.as_ref().is_none_or(|spans| {
            spans
                .iter()
                .any(|&(from, until)| (from..until).contains(&minute))
        })
}

/// The instant and the second of the week on the clock that a window goes by.
fn clock(window: &Window, facts: &Facts) -> (i64, u32) {
    match facts.business_week_s {
        Some(business_s) if window.business_day => {
            // How long after midnight the business day began.
            let late_s = (i64::from(facts.week_s) - i64::from(business_s)).rem_euclid(WEEK_S);
            (facts.now_s.saturating_sub(late_s), business_s)
        }
        _ => (facts.now_s, facts.week_s),
    }
}

/// Applications and minor units left; the largest number where there is no limit.
pub(crate) fn left(promotion: &Promotion, facts: &Facts) -> (u32, i64) {
    let mut uses = promotion.limit_per_cart.unwrap_or(u32::MAX);
    let mut amount_minor = i64::MAX;
    for cap in &facts.caps {
        if cap.promotion_id == promotion.id {
            uses = uses.min(cap.uses.unwrap_or(u32::MAX));
            amount_minor = amount_minor.min(cap.amount_minor.unwrap_or(i64::MAX));
        }
    }
    (uses, amount_minor)
}
