"""Arithmetic recognised in foreign netlists and made anew."""
