"""What a backward pass is seen to send along its edges: true numbers, before accumulation, at no harm to the pass."""

import gc

import numpy as np
import pytest

import autograd as ag
import autograd.numpy as anp
from autograd import Tensor
from autograd.draw import draw, recording, stats


def flow_of(loss, **options):
    with recording() as flow:
        loss.backward(**options)
    return flow


def by_place(flow, op):
    return {place: flow[node, place] for node, place in flow if node.op.name == op}


def test_edges_are_told_before_their_parent_adds_them():
    x = Tensor([1.0, -2.0], requires_grad=True)
    y = x * 1.0
    flow = flow_of((y * 3.0 + anp.sin(y) * 0.0).sum())
    into = {node.op.name: flow[node, place] for node, place in flow if node.parents[place] is y._node}
    assert into["sin"].rms == 0.0 and into["sin"].zeros == 1.0
    assert into["multiply"].rms == into["multiply"].max == 3.0 and into["multiply"].zeros == 0.0
    np.testing.assert_array_equal(x.grad.data, [3.0, 3.0])


def test_one_value_in_two_places_is_told_twice():
    x = Tensor([3.0, 4.0], requires_grad=True)
    y = x * 1.0
    flow = flow_of((y - 0.25 * y - y).sum())
    assert {place: told.rms for place, told in by_place(flow, "subtract").items()} == {0: 1.0, 1: 1.0}
    z = Tensor([2.0, 5.0], requires_grad=True)
    flow = flow_of(anp.stack([z, z * 2.0, z]).sum())
    assert sorted(by_place(flow, "stack")) == [0, 1, 2]


@pytest.mark.parametrize("shape", [(40, 50), (7,), (), (0, 3), (3, 1, 900)])
@pytest.mark.parametrize("layout", ["C", "F", "broadcast", "permuted", "sliced"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_statistics_are_those_of_the_array(rng, shape, layout, dtype):
    a = rng.normal(size=shape).astype(dtype)
    a = a * (rng.random(shape) < 0.5).astype(a.dtype)
    if layout == "F":
        a = np.asfortranarray(a)
    elif layout == "broadcast":
        a = np.broadcast_to(a, (4, *shape))
    elif layout == "permuted":
        a = np.moveaxis(np.stack([a, a]), 0, -1)
    elif layout == "sliced":
        a = np.concatenate([a.ravel()] * 4)[::2]
    told = stats.note(a).statistics()
    assert told.size == a.size and told.sampled == (a.size > stats.SAMPLE)
    if not a.size:
        assert told[:5] == (0.0, 0.0, 0.0, 0, 0)
        return
    np.testing.assert_allclose(told.rms, np.sqrt(np.mean(np.abs(a) ** 2)), rtol=1e-5)
    np.testing.assert_allclose(told.zeros, np.mean(a == 0), atol=0.1 if told.sampled else 1e-12)
    assert told.max == np.abs(a).max() if not told.sampled else told.max <= np.abs(a).max()


@pytest.mark.parametrize("size", [5, 100_003])
def test_one_nan_among_many_is_found(size):
    a = np.ones(size)
    a[size // 2 + 1] = np.nan
    part = stats.note(a)
    assert not part.finite and np.isnan(part.statistics().rms) and part.statistics().nans >= 1
    a[size // 2 + 1] = np.inf
    assert not stats.note(a[: size // 2 + 2]).finite or size > 5
    assert stats.note(np.full(size, np.inf)).statistics()[3:5] == (0, size)


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("scale", [1e-30, 1e-42, 1e30])
def test_float32_neither_overflows_nor_underflows(scale):
    told = stats.note(np.full(5000, scale, np.float32)).statistics()
    np.testing.assert_allclose(told.rms, scale, rtol=1e-3)
    assert stats.note(np.full(5000, scale, np.float32)).finite


def test_samples_of_the_parts_add_up_to_that_of_the_whole(rng):
    x = Tensor(rng.normal(size=(60, 70)), requires_grad=True)
    y = x * 1.0
    a, b = rng.normal(size=(2, 60, 70))
    flow = flow_of((y * a + (y.T * b.T).T).sum())
    parts = [part for edge, part in flow.parts.items() if edge[0].parents[edge[1]] is y._node]
    assert len(parts) == 2
    whole = stats.added(parts)
    np.testing.assert_allclose(whole.sample, (a + b).ravel()[:: 4200 // 1024 + 1 | 1])
    np.testing.assert_allclose(whole.statistics().rms, stats.note(a + b).statistics().rms, rtol=0.1)


def test_recording_changes_no_gradient_and_keeps_no_array(rng):
    def loss(w):
        return anp.tanh(anp.tanh(np.ones((64, 64)) @ w) @ w).sum()

    w = Tensor(rng.normal(size=(64, 64)) / 8, requires_grad=True)
    loss(w).backward()
    plain, w.grad = w.grad, None
    flow = flow_of(loss(w))
    np.testing.assert_array_equal(w.grad.data, plain.data)
    gc.collect()
    assert max(part.sample.size for part in flow.parts.values()) <= stats.SAMPLE
    assert all(part.sample.base is None for part in flow.parts.values())
    assert all(node.args is None for node, _ in flow)


def test_nothing_is_recorded_outside_and_an_outer_watch_goes_on():
    x = Tensor(2.0, requires_grad=True)
    with recording() as outer, recording() as inner:
        (x * x).backward()
    assert len(outer) == len(inner) == 2
    (x * x).backward()
    assert len(outer) == 2
    with pytest.raises(ag.AnomalyError), ag.detect_anomaly(), recording():
        anp.sqrt(x * 0.0).backward()


def test_passes_that_are_recorded_themselves():
    x = Tensor([2.0, 3.0], requires_grad=True)
    flow = flow_of((x**3).sum(), create_graph=True)
    assert by_place(flow, "power")[0].max == 27.0
    with recording() as second:
        x.grad.sum().backward()
    np.testing.assert_allclose(max(second[edge].max for edge in second), 18.0)


def test_sparse_gradients_are_counted_with_their_zeros():
    w = Tensor(np.ones((10, 2)), requires_grad=True)
    flow = flow_of(ag.ops.embedding(w, np.array([1, 1, 3]), sparse=True).sum())
    told = by_place(flow, "embedding")[0]
    assert told.zeros == 0.8 and told.max == 2.0 and told.size == 20


def test_a_freed_graph_is_drawn_with_its_flow():
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    loss = (x * x).sum()
    before = draw(loss)
    flow = flow_of(loss)
    after = loss.draw(flow=flow)
    assert after.notes == () and "∂ [2, 4]" in after.text
    assert [line.partition("∂")[2] for line in after.text.splitlines()] == [
        line.partition("∂")[2] for line in before.text.splitlines()
    ]
    other = (x * 2.0).sum()
    assert any("another backward pass" in note for note in draw(other, flow=flow).notes)


def test_the_paths_of_a_residual_add_up():
    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=(8, 16)), requires_grad=True, name="x")
    h = x * 1.0
    out = h + anp.tanh(h @ (0.1 * rng.normal(size=(16, 16))))
    d = draw((out**2).sum())
    edges = [edge for box in d.view.boxes for edge in box.inputs if edge.node is h._node]
    assert len(edges) == 2
    np.testing.assert_allclose(sum(edge.share for edge in edges), 1.0)
    (through,) = [box for box in d.view.boxes if box.label == "add"]
    residual = next(edge for edge in through.inputs if edge.node is h._node)
    assert residual.share > 0.7 and f"∂ {100 * residual.share:.3g} %" in d.text


def test_times_of_the_rules():
    x = Tensor(np.ones((300, 300)), requires_grad=True)
    with recording(timed=True) as flow:
        anp.sin(x @ x).sum().backward()
    assert {node.op.name for node in flow.seconds} == {"sin", "matmul", "sum"}
    assert all(seconds > 0 for seconds in flow.seconds.values())
