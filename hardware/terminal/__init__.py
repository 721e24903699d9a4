"""Card terminals: what a shop asks of one and what it answers, whatever it speaks."""
