"""The native backend's ways of running logic against the reference, and its cache."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from trix_circuits.compose.families import draft
from trix_circuits.errors import InputError
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Builder, Netlist
from trix_circuits.lower import LaneProgram, lower
from trix_circuits.run import compile_netlist
from trix_circuits.run.interface import interface_of
from trix_circuits.run.native import jit, logic
from trix_circuits.run.native.native import NativeRunner

KINDS = (((2, 2), -4), ((2, 2), -2), ((2, -2), -2), ((-2, -2), 2), ((-2, -2), 0))


def random_netlist(gates: int, window: int, outputs: int = 40, seed: int = 1) -> Netlist:
    """Two- and three-input gates over the last `window` nets; some outputs are inputs, constants and complements."""
    rng = random.Random(seed)
    builder = Builder(get_format("e2m1"), {"x": 24}, share=False)
    never, ever = builder.gate((), (), -2), builder.gate((), (), 2)
    while builder.size < gates:
        low = max(0, builder.net_count - window)
        if rng.random() < 0.2:
            sources = rng.sample(range(low, builder.net_count), 3)
            builder.gate(sources, [rng.choice((-2, 2)) for _ in sources], rng.choice((-4, -2, 0, 2)))
        else:
            sources = rng.sample(range(low, builder.net_count), 2)
            builder.gate(sources, *rng.choice(KINDS))
    nets = [0, 5, never, ever, builder.gate((3,), (-2,), 0)]
    return builder.finish({"y": [*range(builder.net_count - outputs, builder.net_count), *nets]})


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TRIX_CIRCUITS_CACHE", str(tmp_path))
    yield tmp_path


@pytest.fixture(params=["assembly", "ternary logic", "two inputs"])
def level(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the code generator may use; the last runs on any processor."""
    if request.param == "assembly" and not jit.x86_assembly():
        pytest.skip("needs AVX-512 on Linux")
    if request.param == "ternary logic" and not jit.ternary_logic():
        pytest.skip("needs AVX-512")
    monkeypatch.setenv("TRIX_CIRCUITS_CACHE", "")
    monkeypatch.setattr(logic, "x86_assembly", lambda: request.param == "assembly")
    monkeypatch.setattr(logic, "ternary_logic", lambda: request.param != "two inputs")
    return str(request.param)


def check(netlist: Netlist, made: Callable[[LaneProgram], logic.Logic], words: int = 77) -> None:
    program = lower(netlist)
    _, face = interface_of(netlist)
    planes = np.random.default_rng(0).integers(0, 1 << 64, (netlist.input_bits, words), dtype=np.uint64)
    wanted = compile_netlist(netlist, "numpy").planes(planes)

    assert np.array_equal(NativeRunner(program, face, made(program), 1).planes(planes), wanted)


@pytest.mark.parametrize("window", [40, 100, 300])
def test_straight_line_code(level: str, window: int) -> None:
    check(random_netlist(400, window), logic.make_logic)


def test_straight_line_code_of_adders_and_multipliers(level: str) -> None:
    for family, bits in (("adder", 32), ("multiplier", 8), ("alu", 8)):
        check(draft(family, get_format("e2m1"), bits).netlist, logic.make_logic)


@pytest.mark.parametrize("window", [100, 400])
def test_chunks(level: str, window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logic, "CHUNK", 100)

    def chunks(program: LaneProgram) -> logic.Logic:
        made = logic.large(program)
        made.compile_now()
        assert made.is_compiled and len(made.chunks) > 1
        return made

    check(random_netlist(700, window), chunks)


def test_the_interpreter(cache: Path) -> None:
    for window in (100, 400):
        check(random_netlist(700, window), logic.large)
    check(draft("multiplier", get_format("e2m1"), 16).netlist, logic.large)


def test_more_registers_than_there_are(level: str) -> None:
    """Hundreds of nets alive at once and far apart: values are spilled and come back."""
    for seed in range(5):
        check(random_netlist(900, 500, outputs=300, seed=seed), logic.make_logic, 9)


def test_blocks_of_eight_words_and_of_more(level: str) -> None:
    netlist = draft("adder", get_format("e2m1"), 16).netlist
    program = lower(netlist)
    _, face = interface_of(netlist)
    runner = NativeRunner(program, face, logic.make_logic(program), 1)
    planes = np.random.default_rng(0).integers(0, 1 << 64, (33, 24 * 8), dtype=np.uint64)
    wanted = runner.planes(planes)
    for words in (8, 16, 64):
        blocks = np.ascontiguousarray(planes.reshape(33, -1, words).swapaxes(0, 1))
        found = runner.planes(blocks)

        assert np.array_equal(found.swapaxes(0, 1).reshape(wanted.shape), wanted)
        assert np.array_equal(compile_netlist(netlist, "numpy").planes(blocks), found)
    with pytest.raises(InputError, match="blocks must have a multiple of 8 words, not 12"):
        runner.planes(np.zeros((2, 33, 12), dtype=np.uint64))


def test_several_threads_give_the_same(cache: Path) -> None:
    netlist = draft("adder", get_format("e2m1"), 8).netlist
    program = lower(netlist)
    _, face = interface_of(netlist)
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 256, (2, 1_000_003), dtype=np.uint8)
    for threads in (1, 2, 3):
        runner = NativeRunner(program, face, logic.make_logic(program), threads)
        assert np.array_equal(runner.integers({"a": a, "b": b, "cin": 1})["sum"], a.astype(np.uint16) + b + 1)


def test_chunks_are_compiled_once_they_pay(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logic, "_SECONDS_PER_OPERATION", 1e-9)
    netlist = random_netlist(500, 150)
    program = lower(netlist)
    _, face = interface_of(netlist)
    made = logic.large(program)
    runner = NativeRunner(program, face, made, 1)
    planes = np.random.default_rng(0).integers(0, 1 << 64, (24, 64), dtype=np.uint64)

    first = runner.planes(planes)
    assert made._thread is not None
    made._thread.join()

    assert made.is_compiled
    assert np.array_equal(runner.planes(planes), first)
    assert logic.large(program).is_compiled  # from the cache


def test_stored_code_is_used_and_damage_is_seen(cache: Path) -> None:
    netlist = draft("adder", get_format("e2m1"), 12).netlist
    program = lower(netlist)
    logic.make_logic(program)
    (file,) = (cache / "native").iterdir()
    key = "straight " + program.digest
    stored = file.read_bytes()

    for damaged in (stored[:-1], stored[:40] + bytes([stored[40] ^ 1]) + stored[41:], b"", b"x" * len(stored)):
        file.write_bytes(damaged)
        check(netlist, logic.make_logic)
        assert file.read_bytes() == stored, key


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("TRIX_CIRCUITS_CACHE", str(file))
    check(draft("adder", get_format("e2m1"), 13).netlist, logic.make_logic)
