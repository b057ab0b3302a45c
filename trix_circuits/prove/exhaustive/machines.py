"""Shards on other machines, by way of Dask: its client as an ordinary `concurrent.futures` executor.

Dask survives the loss of a worker by running its tasks again elsewhere. Tasks are not taken for pure (`pure=False`), so
that none is answered from another run's memory; a shard that ran twice gives the same answer twice. Workers must have the
same version of this package, which each answer shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from trix_circuits.errors import InputError

CONNECT_S = 10


@contextmanager
def dask(address: str) -> Iterator[Executor]:
    """An executor on the workers of the scheduler at this address; raises InputError if there is none."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError("dask needs the package distributed: pip install 'trix-circuits[dask]'") from None
    try:
        make: Any = Client  # it has no types
        client = make(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        yield client.get_executor(pure=False)
