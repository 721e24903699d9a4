"""Conversations with things: one folder a kind, each with codec, session, device, fake, README."""
