"""The Rust floor: integers and bytes in, integers and bytes out. Re-exports the extension."""

from native._native import (
    CoreError,
    ItemRow,
    PriceBook,
    PricedLine,
    PricedOrder,
    SegmentBuilder,
    TaxTotal,
    TreeFrontier,
    apportion,
    cash_round,
    chain_hash,
    extend_amount,
    inclusion_proof,
    leaf_hash,
    price_order,
    verify_inclusion,
)

__all__ = [
    "CoreError",
    "ItemRow",
    "PriceBook",
    "PricedLine",
    "PricedOrder",
    "SegmentBuilder",
    "TaxTotal",
    "TreeFrontier",
    "apportion",
    "cash_round",
    "chain_hash",
    "extend_amount",
    "inclusion_proof",
    "leaf_hash",
    "price_order",
    "verify_inclusion",
]
