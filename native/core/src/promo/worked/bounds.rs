//! What no promotion passes: floors, limits, budgets, a cent.

use super::*;

#[test]
fn floors_and_what_is_never_discounted_are_kept() {
    let book = Line {
        floor_price_micros: 9_500_000,
        ..piece(1, 1_000)
    };
    assert_eq!(nets(&[each(1, Off::Percent(100_000))], &[book]), [950]);
    // What the book cannot give, the others do.
    let cart_off = on_cart(1, Off::Amount(500));
    assert_eq!(
        nets(std::slice::from_ref(&cart_off), &[book, piece(2, 1_000)]),
        [950, 550]
    );
    let deposit = Line {
        discountable: false,
        ..piece(3, 25)
    };
    assert_eq!(nets(&[cart_off], &[deposit, piece(2, 1_000)]), [25, 500]);
    // A return, and a line of nothing, are passed by.
    let back = Line {
        quantity_milli: -1_000,
        ..piece(1, 400)
    };
    assert_eq!(
        nets(&[each(1, Off::Percent(500_000))], &[back, piece(1, 0)]),
        [-400, 0]
    );
    // An item outside the book is in sets of all items only.
    let open = piece(NO_ITEM, 100);
    let mut listed = each(1, Off::Percent(500_000));
    assert_eq!(nets(std::slice::from_ref(&listed), &[open]), [50]);
    listed.sets = vec![only(&[1])];
    assert_eq!(nets(&[listed], &[open]), [100]);
}

#[test]
fn limits_and_budgets_end_a_promotion() {
    let mut half = each(1, Off::Percent(500_000));
    half.limit_per_cart = Some(2);
    assert_eq!(
        cart(std::slice::from_ref(&half), &[pieces(1, 100, 5)]).total_minor(),
        400
    );
    half.limit_per_cart = None;
    let cap = |uses, amount_minor| Facts {
        caps: vec![Cap {
            promotion_id: 1,
            uses,
            amount_minor,
        }],
        ..Facts::default()
    };
    let total = |facts, one: &Promotion, count| {
        cart_with(std::slice::from_ref(one), facts, &[pieces(1, 100, count)]).total_minor()
    };
    assert_eq!(total(cap(Some(3), None), &half, 5), 350);
    assert_eq!(total(cap(None, Some(120)), &half, 5), 380);
    assert_eq!(total(cap(None, Some(120)), &half, 50), 4_880);
    assert_eq!(total(cap(None, Some(0)), &half, 5), 500);
    let whole = on_cart(1, Off::Percent(500_000));
    assert_eq!(total(cap(None, Some(120)), &whole, 5), 380);
}

#[test]
fn prices_finer_than_a_cent_are_split_over_their_units() {
    // Three for 1.00 at a price of 0.3333: two units at 33 and one at 34 cents.
    let line = Line {
        unit_price_micros: 333_300,
        ..pieces(1, 0, 3)
    };
    let priced = cart(&[bundle(1, 2, Off::Percent(500_000))], &[line]).priced();
    assert_eq!(priced.subtotal_minor, 100);
    assert_eq!(priced.discount_minor, -34);
}

#[test]
fn ten_thousand_lines_are_priced() {
    let promotions = [
        bundle(1, 3, Off::Price(100)),
        on_cart(2, Off::Percent(100_000)),
    ];
    let set = PromotionSet::compile(promotions.to_vec(), 10).unwrap();
    let mut cart = Cart::new(Arc::new(set), Facts::default(), 2).unwrap();
    for number in 0..10_000 {
        cart.push_line(piece(number % 10, 50)).unwrap();
    }
    cart.settle();
    // 3,333 deals of three for 1.00 and one unit at 0.50, less a tenth.
    assert_eq!(cart.total_minor(), (333_300 + 50) / 10 * 9);
    assert_eq!(cart.priced().proof, Proof::Greedy);
}
