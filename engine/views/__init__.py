"""Read models: pure functions from books or events to what a person looks at."""
