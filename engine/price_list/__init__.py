"""Prices beside the catalog's: lists, the customer groups they are for, floors and costs."""
