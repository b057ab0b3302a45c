"""Benchmarks that are run by hand: `python -m trix_circuits.bench.suites.NAME`."""
