"""Card payments as the store decides them: intents, and what a terminal is asked and tells."""
