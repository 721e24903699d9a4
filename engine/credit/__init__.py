"""Store credit: notes that a refund issues, and what is left of each."""
