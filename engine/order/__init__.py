"""The order: lines, discounts, tendering, completion, returns. A sale is a completed order."""
