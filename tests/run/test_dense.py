"""The threshold layers: exactness and its range, packed buffers, gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402

from tests.run.test_contract import by_gates, netlist  # noqa: E402
from tests.strategies import netlists  # noqa: E402
from trix_circuits.compose.families import draft  # noqa: E402
from trix_circuits.errors import InputError  # noqa: E402
from trix_circuits.logic.formats import get_format  # noqa: E402
from trix_circuits.logic.gate import bound_of  # noqa: E402
from trix_circuits.logic.netlist import Builder, Netlist  # noqa: E402
from trix_circuits.logic.packing import pack_values, unpack_values  # noqa: E402
from trix_circuits.lower import lower  # noqa: E402
from trix_circuits.run import get_backend  # noqa: E402
from trix_circuits.run.interface import interface_of  # noqa: E402
from trix_circuits.run.torch.dense_backend import DenseRunner  # noqa: E402
from trix_circuits.run.torch.dense_module import DenseModule, ThresholdLayer  # noqa: E402

FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


def all_rows(net: Netlist) -> Any:
    return (np.arange(1 << net.input_bits)[:, None] >> np.arange(net.input_bits) & 1).astype(np.uint8)


def layers_of(module: DenseModule) -> list[ThresholdLayer]:
    return [layer for layer in module.layers if isinstance(layer, ThresholdLayer)]


@settings(deadline=None, max_examples=40)
@given(netlists(max_inputs=6, max_gates=12))
def test_layers_are_the_gates_on_all_rows_with_and_without_gradients(net: Netlist) -> None:
    rows = torch.from_numpy(all_rows(net))
    wanted = by_gates(net, rows.numpy())
    for kind in FLOATS:
        module = DenseModule(net)
        given_rows = rows.to(kind).requires_grad_()

        assert np.array_equal(module(rows.to(kind)).to(torch.uint8).numpy(), wanted)
        assert np.array_equal(module(given_rows).detach().to(torch.uint8).numpy(), wanted)


@pytest.mark.parametrize("name", ["e2m1", "ternary", "ternary-strict", "nf4", "int3", "int8", "e2m3", "e4m3"])
def test_any_format_in_its_own_packing(name: str) -> None:
    form = get_format(name)
    builder = Builder(form, {"x": 5})
    small = ([w for w in form.weights if w][:3] + list(form.weights[-2:]) * 2)[:5]
    bias = min(form.biases, key=abs)
    nets = [builder.gate(range(k, 5), small[: 5 - k], bias) for k in range(4)]
    nets.append(builder.gate(nets, [form.weights[-1], form.weights[0], form.weights[-1], form.weights[0]], bias))
    net = builder.finish({"y": nets})
    module = DenseModule(net)
    rows = torch.from_numpy(all_rows(net)).double()

    assert np.array_equal(module(rows).to(torch.uint8).numpy(), by_gates(net, all_rows(net)))
    first = layers_of(module)[0]
    raw = first.weight_codes.numpy().tobytes()
    units = unpack_values(raw, form.weight_codes, first.out_nets * first.in_nets)
    assert len(raw) == -(-len(units) * form.weight_bits // 8)
    assert np.array_equal(first.weights(torch.float64)[0].numpy().ravel(), units * first.scale)


def test_e2m1_buffers_are_what_torch_calls_float4() -> None:
    first = layers_of(DenseModule(netlist("multiplier", 8)))[0]
    seen = first.weight_codes.view(torch.float4_e2m1fn_x2)

    assert seen.element_size() == 1
    assert first.weight_codes.numel() == -(-first.out_nets * first.in_nets // 2)


def test_ranges_in_which_sums_are_exact() -> None:
    builder = Builder(get_format("e2m1"), {"x": 25})
    for count in (21, 22, 25):
        builder.gate(range(count), [12] * count, -12)
    net = builder.finish({"y": range(25, 28)})
    module = DenseModule(net, "three")

    assert layers_of(module)[0].bound == bound_of([12] * 25, -12) == 300
    module(torch.ones(2, 25, dtype=torch.float16))
    with pytest.raises(InputError) as caught:
        module(torch.ones(2, 25, dtype=torch.bfloat16))
    assert str(caught.value) == (
        "three: partial sums must be at most 256 units to be exact in bfloat16, not 300 as in gate 2"
    )
    with pytest.raises(
        InputError, match="the dtype of dense layers must be one of bfloat16, float16, float32, float64"
    ):
        module(torch.ones(2, 25, dtype=torch.int64))
    wide = Builder(get_format("nf4"), {"x": 1})
    small = DenseModule(wide.finish({"y": [wide.gate((0,), (get_format("nf4").weights[-1],), 0)]}))
    with pytest.raises(InputError, match="to be exact in float32, not 134217728 as in gate 0"):
        small(torch.ones(2, 1))
    assert small(torch.ones(2, 1, dtype=torch.float64)).tolist() == [[1.0], [1.0]]


def test_the_largest_exact_sums_are_exact_in_half_precision() -> None:
    """Gates at the edge of the range, decided by a single unit."""
    builder = Builder(get_format("int8"), {"x": 16})
    nets = [builder.gate(range(16), [127] * k + [1] * (16 - k), -128) for k in (1, 2)]
    net = builder.finish({"y": nets})
    rows = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (4000, 16), dtype=np.uint8))

    assert 256 < layers_of(DenseModule(net))[0].bound <= 2048
    found = DenseModule(net)(rows.half())
    assert np.array_equal(found.to(torch.uint8).numpy(), by_gates(net, rows.numpy()))


def test_autocast_changes_nothing() -> None:
    builder = Builder(get_format("int8"), {"x": 9})
    net = builder.finish({"y": [builder.gate(range(9), [127, 127, 127, 1, 1, 1, 1, 1, 1], -128)]})
    rows = torch.from_numpy(all_rows(net)).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = DenseModule(net)(rows)

    assert found.dtype == torch.float32
    assert np.array_equal(found.to(torch.uint8).numpy(), by_gates(net, all_rows(net)))


def test_a_state_dict_holds_packed_codes_and_nothing_else() -> None:
    net = netlist("adder", 8)
    module = DenseModule(net)
    state = module.state_dict()

    assert {name.rsplit(".", 1)[1] for name in state} == {"weight_codes", "bias_codes"}
    assert all(value.dtype == torch.uint8 for value in state.values())
    assert list(module.parameters()) == []
    again = DenseModule(net)
    for value in again.state_dict().values():
        value.zero_()
    again.load_state_dict(state)
    rows = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (500, 17), dtype=np.uint8)).float()
    assert torch.equal(again(rows), module(rows))


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("assign", [False, True])
def test_other_weights_are_seen_at_once(cached: bool, assign: bool) -> None:
    """AND becomes OR when a state_dict with another bias is loaded."""
    nets = []
    for bias in (-4, -2):
        builder = Builder(get_format("e2m1"), {"x": 2})
        nets.append(builder.finish({"y": [builder.gate((0, 1), (2, 2), bias)]}))
    module, other = (DenseModule(net, cached=cached) for net in nets)
    rows = torch.from_numpy(all_rows(nets[0])).float()

    assert module(rows)[:, 0].tolist() == [0, 0, 0, 1]
    module.load_state_dict(other.state_dict(), assign=assign)
    assert module(rows)[:, 0].tolist() == [0, 1, 1, 1]
    layer = layers_of(module)[0]
    layer.bias_codes[:] = torch.frombuffer(
        bytearray(pack_values([0], get_format("e2m1").bias_codes)), dtype=torch.uint8
    )
    layer.refresh()
    assert module(rows)[:, 0].tolist() == [1, 1, 1, 1]


def test_loaded_weights_move_the_range_and_must_be_codes_of_the_format() -> None:
    builder = Builder(get_format("int8"), {"x": 3})
    module = DenseModule(builder.finish({"y": [builder.gate((0, 1, 2), (1, 1, 1), -1)]}))
    module(torch.ones(1, 3, dtype=torch.bfloat16))
    state = module.state_dict()
    module.load_state_dict({**state, "layers.0.weight_codes": torch.full((3,), 127, dtype=torch.uint8)})
    with pytest.raises(InputError, match="at most 256 units to be exact in bfloat16, not 381 as in gate 0"):
        module(torch.ones(1, 3, dtype=torch.bfloat16))

    strict = Builder(get_format("ternary"), {"x": 3})
    ternary = DenseModule(strict.finish({"y": [strict.gate((0, 1, 2), (1, 1, 1), -1)]}))
    with pytest.raises(InputError, match="a code has no value in this format"):
        ternary.load_state_dict(
            {**ternary.state_dict(), "layers.0.weight_codes": torch.tensor([0b101010], dtype=torch.uint8)}
        )


def test_gradients_pass_the_steps_straight() -> None:
    """One AND gate, w = 1, 1 and b = -1.5 (E2M1): what arrives is w times what the surrogate says at z."""
    builder = Builder(get_format("e2m1"), {"x": 2})
    net = builder.finish({"y": [builder.gate((0, 1), (2, 2), -3)]})
    z = torch.tensor([-1.5, -0.5, -0.5, 0.5])
    sigmoid = torch.sigmoid(z / 0.5) * (1 - torch.sigmoid(z / 0.5)) / 0.5
    for surrogate, width, wanted in (
        ("window", 1.0, (z.abs() <= 1).float()),
        ("window", 2.0, torch.ones(4)),
        ("identity", 1.0, torch.ones(4)),
        ("sigmoid", 0.5, sigmoid),
    ):
        rows = torch.from_numpy(all_rows(net)).float().requires_grad_()
        found = DenseModule(net, surrogate=surrogate, width=width)(rows)  # type: ignore[arg-type]
        found.sum().backward()

        assert found[:, 0].tolist() == [0, 0, 0, 1]
        assert rows.grad is not None
        assert torch.allclose(rows.grad, wanted[:, None].expand(-1, 2))


def test_gradients_reach_the_inputs_through_all_levels_and_in_a_graph() -> None:
    net = netlist("adder", 4)
    module = DenseModule(net)
    rows = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (70, 9), dtype=np.uint8)).float()
    grads = []
    torch.compiler.reset()
    for call in (module, torch.compile(module, fullgraph=True, backend="aot_eager")):
        given_rows = rows.clone().requires_grad_()
        call(given_rows).sum().backward()
        grads.append(given_rows.grad)

    assert grads[0].abs().sum(0).min() > 0  # each of the inputs
    assert torch.allclose(*grads)


def test_wrong_options_and_inputs_are_refused() -> None:
    net = netlist("adder", 4)
    for options, message in (
        ({"surrogate": "none"}, "surrogate must be one of window, identity, sigmoid, not 'none'"),
        ({"width": 0}, "width must be positive, not 0"),
    ):
        with pytest.raises(InputError, match=message):
            DenseModule(net, **options)
    with pytest.raises(InputError, match=r"netlist: bits must have the shape \[lanes, 9\], not \[3, 8\]"):
        DenseModule(net)(torch.zeros(3, 8))
    with pytest.raises(InputError, match="backend dense must be given a netlist, not a lane program"):
        get_backend("dense").compile(lower(net), interface_of(net)[1], None)


def test_the_runner_gives_the_program_of_its_netlist() -> None:
    net = netlist("adder", 4)
    runner = get_backend("dense").compile_gates(net, interface_of(net)[1], None)  # type: ignore[attr-defined]

    assert isinstance(runner, DenseRunner)
    assert runner.program.digest == lower(net).digest


def test_a_multiplier_takes_a_quarter_of_a_byte_a_ternary_weight() -> None:
    net = draft("multiplier", get_format("ternary"), 4).netlist
    for layer in layers_of(DenseModule(net)):
        assert layer.weight_codes.numel() == -(-layer.out_nets * layer.in_nets // 4)
