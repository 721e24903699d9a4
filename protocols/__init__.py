"""Conversations with programs: front ends first. Each folder has codec, session, server, client."""
