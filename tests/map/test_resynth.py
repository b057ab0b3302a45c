"""Every step of resynthesis keeps what all outputs compute, whether rows or SAT prove it, and finds what is there."""

from __future__ import annotations

import numpy as np
import pytest

from tests.map.test_mapper import random_aig
from trix_circuits.logic.aig import Aig, AigBuilder
from trix_circuits.logic.formats import get_format
from trix_circuits.map.covering.collapse import collapse
from trix_circuits.map.covering.cover import Values, cover
from trix_circuits.map.network import Network, check_values
from trix_circuits.map.resynth.proofs import Equality
from trix_circuits.map.resynth.resynth import Resynthesis, all_rows

FORM = get_format("e2m1")


def assert_same(aig: Aig, network: Network) -> None:
    planes, care = all_rows(len(aig.input_names))
    flip = np.array([0, ~np.uint64(0)], dtype=np.uint64)
    want = aig.simulate(planes)[aig.outputs >> 1] ^ flip[aig.outputs & 1][:, None]
    assert ((want ^ network.simulate(planes)[network.outputs]) & care == 0).all()


@pytest.mark.parametrize("inputs", [4, 9, 14])
@pytest.mark.parametrize("seed", range(4))
def test_each_step_keeps_all_outputs(inputs: int, seed: int) -> None:
    aig = random_aig(seed, inputs=inputs, ands=90, outputs=9)
    values = Values.of(FORM)
    network = cover(aig, FORM)
    assert_same(aig, network)
    network = collapse(network, values)
    assert_same(aig, network)
    work = Resynthesis(network, values, limit=10)
    for step in (work.resubstitute, work.eliminate, work.resubstitute, work.eliminate):
        before = work.network.size
        gone = step(max_extra=3)
        assert work.network.size == before - gone
        check_values(work.network, FORM)
        assert_same(aig, work.network)
    assert work.network.size <= network.size


def test_neighbours_share_the_masks_of_a_rotation() -> None:
    """Two outputs of a rotation by one stage need three gates, not four: one mask serves both."""
    builder = AigBuilder(["s", *(f"x{i}" for i in range(8))])
    bits = [builder.input(1 + i) for i in range(8)]
    outputs = [(f"y{i}", builder.mux(builder.input(0), bits[(i + 4) % 8], bits[i])) for i in range(8)]
    work = Resynthesis(cover(builder.finish("rotation", outputs), FORM), Values.of(FORM), limit=10)
    work.run(extra=2, rounds=3)
    assert work.network.size == 12


def test_depth_is_kept_when_asked_for() -> None:
    for seed in range(4):
        aig = random_aig(seed, inputs=8, ands=120, outputs=8)
        network = cover(aig, FORM, by_depth=True)
        work = Resynthesis(network, Values.of(FORM), limit=10, keep_depth=True)
        work.run(extra=2, rounds=3)
        assert work.network.depth <= network.depth


def test_a_wrong_gate_is_refuted_with_inputs_that_show_it() -> None:
    aig = random_aig(2, inputs=14, ands=40)
    network = cover(aig, FORM)
    equality = Equality(network, 10_000)
    net = network.inputs + network.size - 1
    count = int(network.fan_in[-1])
    sources, weights = network.sources[-1, :count].tolist(), network.weights[-1, :count].tolist()
    bias = int(network.biases[-1])
    assert equality.refute(net, sources, weights, bias) is True
    pattern = equality.refute(net, [0], [1], -1)
    assert isinstance(pattern, list)
    planes = np.array(pattern, dtype=np.uint64)[:, None]
    assert network.simulate(planes)[net, 0] & np.uint64(1) != np.uint64(pattern[0])
    equality.close()
