"""HTTP: the built front ends, health, metrics, segments, receipts, and the WebSocket's port."""
