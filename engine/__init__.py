"""What the store decides: synchronous, pure, in integers, on `native` and nothing else of ours."""
