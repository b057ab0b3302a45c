"""Mapping of and-inverter graphs to threshold netlists. Loads numba: import it where it is used."""

from trix_circuits.map.mapper import map_aig as map_aig
