"""Payments by link or QR code: asked of a provider, paid on a phone, confirmed once."""
