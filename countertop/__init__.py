"""The front door: command line, configuration, composition of nodes, the demo store."""
