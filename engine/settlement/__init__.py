"""What acquirers charge and pay out, against what the store's terminals took."""
