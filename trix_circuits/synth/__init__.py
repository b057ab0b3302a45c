"""Exact synthesis and the atoms it made."""
