"""HTTP and WebSockets on a stream, for whoever talks to the outside; it knows not what is said."""
