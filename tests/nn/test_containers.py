"""Containers: their names are PyTorch's, what they hold learns, and pictures call the parts by where they stand."""

import numpy as np
import pytest

import nn
from autograd import Tensor

X = np.ones((2, 3), np.float32)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleDict([("lift", nn.Linear(3, 4)), ("rows", nn.ModuleList([nn.Linear(4, 4)]))])
        self.scales = nn.ParameterList([np.ones(4), nn.Parameter([2.0])])
        self.extra = nn.ParameterDict({"shift": np.zeros(4, np.float64)})

    def forward(self, x):
        x = self.parts["lift"](x) * self.scales[0] + self.extra["shift"]
        return self.parts["rows"][0](x) * self.scales[1]


KEYS = [
    "parts.lift.weight", "parts.lift.bias", "parts.rows.0.weight", "parts.rows.0.bias",
    "scales.0", "scales.1", "extra.shift",
]  # fmt: skip


def test_what_containers_hold_is_registered_and_learns():
    net = Net()
    assert list(net.state_dict()) == KEYS
    assert [p.dtype for p in net.extra.values()] == [np.float64] and net.scales[1].dtype == np.float32
    net(X).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert [m._label for m in net.parts.values()] == ["parts.lift: Linear", "parts.rows: ModuleList"]
    assert net.parts["rows"][0]._label == "parts.rows.0: Linear"


def test_names_and_order_are_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is the peer")

    class Peer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            rows = torch.nn.ModuleList([torch.nn.Linear(4, 4)])
            self.parts = torch.nn.ModuleDict({"lift": torch.nn.Linear(3, 4), "rows": rows})
            self.scales = torch.nn.ParameterList([torch.ones(4), torch.tensor([2.0])])
            self.extra = torch.nn.ParameterDict({"shift": torch.zeros(4)})

    peer, net = Peer(), Net()
    assert sorted(peer.state_dict()) == sorted(KEYS)
    net.load_state_dict(peer.state_dict())
    assert np.array_equal(net.parts["lift"].weight.data, peer.parts["lift"].weight.detach().numpy())


def test_parts_of_a_sequence_are_the_same_modules_and_keep_their_names():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    front, back = model[:2], model[-1:]
    assert front[0] is model[0] and len(front) == 2 and list(back.state_dict()) == ["2.weight", "2.bias"]
    np.testing.assert_array_equal(back(front(X)).data, model(X).data)
    assert [m._label for m in model] == ["0: Linear", "1: ReLU", "2: Linear"]
    assert model.append(nn.Tanh()) is model and isinstance(model[3], nn.Tanh)
    named = nn.Sequential({"lift": model[0], "bend": model[1]})
    assert list(named.state_dict()) == ["lift.weight", "lift.bias"]
    np.testing.assert_array_equal(named(X).data, front(X).data)


def test_lists_grow_in_the_middle():
    a, b, c = nn.Linear(1, 1), nn.ReLU(), nn.Tanh()
    rows = nn.ModuleList([a, c])
    rows.insert(1, b)
    assert list(rows) == [a, b, c] and [k for k, _ in rows.named_children()] == ["0", "1", "2"]
    rows[-1] = nn.GELU()
    assert isinstance(rows[2], nn.GELU) and len(rows[1:]) == 2 and rows[1:][0] is b
    assert rows.extend([c]) is rows and rows[3] is c


def test_dicts_are_dicts():
    parts = nn.ModuleDict({"a": nn.ReLU()})
    parts.update({"b": nn.Tanh(), "a": nn.GELU()})
    assert [type(m).__name__ for m in parts.values()] == ["GELU", "Tanh"] and list(parts.keys()) == ["a", "b"]
    assert isinstance(parts.pop("a"), nn.GELU) and "a" not in parts and len(parts) == 1
    weights = nn.ParameterDict([("a", np.ones(2)), ("b", np.ones(3))])
    del weights["a"]
    assert dict(weights.items())["b"].shape == (3,) and len(weights) == 1 and list(weights) == ["b"]
    rows = nn.ParameterList([np.ones(2)])
    rows[0] = np.zeros(3)
    assert [p.shape for p in rows] == [(3,)] and isinstance(rows[0], nn.Parameter)
    tensor = Tensor([1.0])
    assert nn.ParameterList([tensor])[0] is not tensor


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.ModuleDict({"keys": nn.ReLU()}), KeyError, "'keys' is an attribute already"),
        (lambda: nn.ModuleDict({"a.b": nn.ReLU()}), KeyError, "a string without dots, not 'a.b'"),
        (lambda: nn.ParameterDict({"": np.ones(1)}), KeyError, "a string without dots, not ''"),
        (lambda: nn.ModuleDict({"a": abs}), TypeError, "item 'a' is a builtin_function_or_method, wanted a Module"),
        (lambda: nn.Sequential({"forward": nn.ReLU()}), KeyError, "'forward' is an attribute already"),
        (lambda: nn.ModuleDict({"a": nn.ReLU()}).pop("b"), KeyError, "b"),
        (lambda: nn.ModuleDict({})["a"], KeyError, "a"),
        (lambda: nn.ModuleList([nn.ReLU()])(X), TypeError, "ModuleList only holds what is in it: call its items"),
    ],
)
def test_what_containers_refuse(call, error, words):
    with pytest.raises(error, match=words):
        call()
