"""Which packages there are: those found below trix_circuits, and the content folders, mapped in as data."""

from setuptools import find_packages, setup

CONTENT = ("solvers", "atoms", "specs", "kernels")

setup(packages=[*find_packages(include=["trix_circuits*"]), *(f"trix_circuits._share.{name}" for name in CONTENT)])
