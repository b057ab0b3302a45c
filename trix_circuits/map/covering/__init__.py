"""Cuts, and covering a graph by gates."""
