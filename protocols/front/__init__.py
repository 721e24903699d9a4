"""The front-end protocol: the same JSON frames over WebSocket and nng."""
