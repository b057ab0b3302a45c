"""Circuits on NVIDIA GPUs."""
