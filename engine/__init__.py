"""What the store decides: synchronous, pure, in integers. Imports `native` and nothing else of ours."""
