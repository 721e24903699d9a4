"""Card terminals that speak nexo Retailer in JSON over TLS, as the Adyen Terminal API has it."""
