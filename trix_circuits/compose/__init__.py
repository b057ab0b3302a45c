"""Composition: word-level generators that use what threshold gates are good at, and circuits from atoms and wires."""
