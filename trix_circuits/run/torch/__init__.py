"""Circuits on tensors."""
