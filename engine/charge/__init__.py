"""Charges: service, gratuity and fees that a rule adds to an order."""
