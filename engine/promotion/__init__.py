"""Promotions: what the shop gives by itself, as data; the native floor finds the best of them."""
