//! The Python face of `countertop-core`: converts, releases the GIL for bulk work, and turns
//! refusals into `CoreError`. No rule of the shop lives here.

mod catalog;
mod convert;
mod emv;
mod forget;
mod log;
mod money;
mod nexo;
mod nexo_link;
mod promo;
mod promo_read;
mod tax;
mod terminal;

use pyo3::prelude::*;

/// The module `native._native`.
#[pymodule]
mod _native {
    #[pymodule_export]
    use crate::catalog::{ItemRow, PriceBook, SegmentBuilder};
    #[pymodule_export]
    use crate::convert::CoreError;
    #[pymodule_export]
    use crate::emv::{
        emv_cryptogram, emv_decode, emv_dol, emv_dol_build, emv_encode, emv_tag_name, emv_tsi,
        emv_tvr, emv_verification, mask_card_numbers,
    };
    #[pymodule_export]
    use crate::log::{
        TreeFrontier, chain_hash, chained_count, inclusion_proof, leaf_hash, verify_inclusion,
    };
    #[pymodule_export]
    use crate::money::{
        PricedLine, PricedOrder, TaxTotal, apportion, cash_round, extend_amount, price_order,
    };
    #[pymodule_export]
    use crate::nexo::{NexoKey, nexo_read};
    #[pymodule_export]
    use crate::nexo_link::{NexoLink, NexoMessage, nexo_frame, nexo_hello};
    #[pymodule_export]
    use crate::promo::{
        Application, Cart, CartLine, Modifier, PricedCart, PromotionSet, price_cart,
    };
    #[pymodule_export]
    use crate::tax::{LineTax, TaxSum, TaxedDocument, TaxedLine, tax_document};
    #[pymodule_export]
    use crate::terminal::{
        CheckedFramer, LengthFramer, ZvtLink, ZvtMessage, crc_kermit, zvt_decode, zvt_encode,
        zvt_frame,
    };
}
