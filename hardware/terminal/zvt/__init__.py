"""Card terminals that speak ZVT, over TCP or a serial line."""
