"""Coupons: what their codes look like, which are still good, and what was given so far."""
