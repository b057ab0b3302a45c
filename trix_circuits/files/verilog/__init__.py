"""Verilog in and out."""
