"""Modules: what registers under which name, state dicts, modes, text, and labels in the graph."""

import copy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd import Tensor
from nn import Linear, Module, ModuleList, Parameter, ReLU, Sequential
from nn.models import GPT, MLP, Config

ROOT = Path(__file__).resolve().parents[2]
TINY = Config(vocab_size=5, context=4, layers=2, heads=2, width=4, bias=True)


class Scale(Module):
    """A parameter, a buffer and an inner module, set out of alphabetical order."""

    def __init__(self, rng=None):
        super().__init__()
        self.inner = Linear(2, 2, rng=rng)
        self.weight = Parameter([2.0, 3.0])
        self.register_buffer("count", np.zeros(3, np.int64))
        self.alpha = Parameter([1.0])

    def forward(self, x):
        return self.inner(x) * self.weight + self.alpha


def names(module):
    return [name for name, _ in module.named_parameters()]


def nested(depth):
    """Modules inside each other, `depth` of them; the innermost has a parameter."""
    module = Linear(1, 1, bias=False)
    for _ in range(depth):
        outer = Module()
        outer.m = module
        module = outer
    return module


# ---------------------------------------------------------------------- names and registration
def test_a_modules_own_entries_come_before_those_inside_and_parameters_before_buffers():
    assert names(Scale()) == ["weight", "alpha", "inner.weight", "inner.bias"]
    assert list(Scale().state_dict()) == ["weight", "alpha", "count", "inner.weight", "inner.bias"]


def test_names_of_gpt_are_pytorchs_in_order():
    block = [
        "ln_1.weight", "ln_1.bias", "attn.c_attn.weight", "attn.c_attn.bias", "attn.c_proj.weight", "attn.c_proj.bias",
        "ln_2.weight", "ln_2.bias", "mlp.c_fc.weight", "mlp.c_fc.bias", "mlp.c_proj.weight", "mlp.c_proj.bias",
    ]  # fmt: skip
    expected = ["transformer.wte.weight", "transformer.wpe.weight"]
    expected += [f"transformer.h.{i}.{name}" for i in range(2) for name in block]
    expected += ["transformer.ln_f.weight", "transformer.ln_f.bias"]
    model = GPT(TINY)
    assert list(model.state_dict()) == [*expected, "lm_head.weight"]
    assert names(model) == expected  # the tied weight once, under its first name


def test_tied_weights_are_one_tensor_counted_once():
    model = GPT(TINY)
    assert model.lm_head.weight is model.transformer.wte.weight
    assert model.num_parameters() == sum(v.size for n, v in model.state_dict().items() if n != "lm_head.weight")
    model.loss([[1, 2]], [[2, 3]]).backward()
    assert model.lm_head.weight.grad is model.transformer.wte.weight.grad


def test_a_new_value_keeps_the_place_of_the_old_one():
    layer = Linear(2, 3)
    layer.weight = Parameter(np.zeros((3, 2)))
    assert names(layer) == ["weight", "bias"]
    stack = Sequential(Linear(2, 2), ReLU(), Linear(2, 1))
    setattr(stack, "0", ReLU())
    assert [type(m).__name__ for m in stack] == ["ReLU", "ReLU", "Linear"]


def test_attributes_change_kind_and_go():
    module = Scale()
    module.weight = None
    del module.alpha
    assert names(module) == ["inner.weight", "inner.bias"]
    module.inner = Parameter([1.0])
    assert names(module) == ["inner"]
    assert list(module.children()) == []
    assert not hasattr(module, "alpha")


def test_a_plain_tensor_does_not_silently_replace_a_parameter():
    layer = Linear(2, 3)
    with pytest.raises(TypeError, match=r"Linear.*'weight'.*Parameter"):
        layer.weight = Tensor(np.zeros((3, 2)))
    assert names(layer) == ["weight", "bias"]


def test_a_buffer_that_gets_a_new_array_stays_a_buffer():
    module = Scale()
    module.count = module.count + 1
    assert module.state_dict()["count"].tolist() == [1, 1, 1]


def test_a_buffer_is_a_copy():
    array = np.zeros(3)
    module = Module()
    module.register_buffer("b", array)
    module.load_state_dict({"b": np.ones(3)})
    assert array.tolist() == [0, 0, 0]
    assert module.b.tolist() == [1, 1, 1]


def test_parameters_set_before_init_are_refused():
    class Early(Module):
        def __init__(self):
            self.weight = Parameter([1.0])

    with pytest.raises(AttributeError, match=r"Early: call super\(\)\.__init__\(\) before setting 'weight'"):
        Early()


def test_a_module_without_forward_says_so():
    class Empty(Module):
        pass

    with pytest.raises(NotImplementedError, match="Empty has no forward"):
        Empty()(1)


def test_modules_come_parents_first_and_once():
    shared = Linear(2, 2)
    model = Sequential(shared, Sequential(ReLU(), shared), shared)
    assert [name for name, _ in model.named_modules()] == ["", "0", "1", "1.0"]
    assert names(model) == ["0.weight", "0.bias"]
    assert list(model.state_dict()) == [f"{m}.{p}" for m in ("0", "1.1", "2") for p in ("weight", "bias")]


def test_apply_reaches_children_before_their_parents():
    model = Sequential(Linear(1, 1), Sequential(ReLU()))
    seen = []
    model.apply(seen.append)
    assert seen.index(model[1][0]) < seen.index(model[1]) < seen.index(model)
    assert len(seen) == 4


# ---------------------------------------------------------------------- state
def test_state_dict_round_trip_gives_the_same_outputs(rng):
    a, b = GPT(TINY, rng=np.random.default_rng(1)), GPT(TINY, rng=np.random.default_rng(2))
    tokens = rng.integers(0, 5, (2, 4))
    assert np.abs(a(tokens).data - b(tokens).data).max() > 0
    b.load_state_dict(a.state_dict())
    assert np.array_equal(a(tokens).data, b(tokens).data)
    assert b.lm_head.weight is b.transformer.wte.weight  # still tied


def test_state_dict_is_a_copy():
    model = Scale()
    state = model.state_dict()
    state["weight"][:] = 0
    assert model.weight.data.tolist() == [2, 3]
    state = model.state_dict()
    model.load_state_dict(state)
    state["weight"][:] = 0
    state["count"][:] = 9
    assert model.weight.data.tolist() == [2, 3]
    assert model.count.tolist() == [0, 0, 0]


def test_everything_that_does_not_fit_is_listed_and_nothing_changes():
    model = Scale(np.random.default_rng(0))
    before = model.state_dict()
    state = {name: value + 1 for name, value in before.items()}
    del state["alpha"]
    state |= {"inner.bias": np.zeros(3), "extra": np.zeros((1, 2)), "inner.weight": np.zeros((1, 2))}
    with pytest.raises(ValueError) as info:
        model.load_state_dict(state)
    text = str(info.value)
    for line in (
        "does not fit Scale",
        "missing: alpha [1]",
        "unknown: extra [1, 2]",
        "shape of inner.bias: [3] given, [2] wanted",
        "shape of inner.weight: [1, 2] given, [2, 2] wanted",
    ):
        assert line in text
    after = model.state_dict()
    assert all(np.array_equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("bad", [np.array([1j, 2j]), np.array(["a", "b"]), np.array([None, 1], object)])
def test_entries_that_are_not_real_numbers_are_refused_before_anything_changes(bad):
    model = Scale()
    state = {name: value + 1 for name, value in model.state_dict().items()} | {"weight": bad}
    with pytest.raises(ValueError, match="dtype of weight"):
        model.load_state_dict(state)
    assert model.alpha.data.tolist() == [1]


def test_not_strict_takes_what_fits_by_name_but_no_other_shape():
    model = Scale()
    model.load_state_dict({"alpha": [7.0], "extra": [1.0]}, strict=False)
    assert model.alpha.data.tolist() == [7]
    assert model.weight.data.tolist() == [2, 3]
    with pytest.raises(ValueError, match="shape of alpha"):
        model.load_state_dict({"alpha": [7.0, 8.0]}, strict=False)


def test_loading_keeps_the_dtype_and_takes_tensors():
    model = Scale()
    model.load_state_dict({**model.state_dict(), "weight": Tensor(np.array([4.0, 5.0]))})
    assert model.weight.dtype == np.float32
    assert model.weight.data.tolist() == [4, 5]


def test_loading_leaves_recorded_graphs_right():
    model = Scale(np.random.default_rng(0))
    x = Tensor(np.ones((1, 2), np.float32), requires_grad=True)
    y = model(x).sum()
    weight = model.weight.data @ model.inner.weight.data
    model.load_state_dict({name: 0 * value for name, value in model.state_dict().items()})
    y.backward()
    assert np.allclose(x.grad.data, weight)


# ---------------------------------------------------------------------- modes
def test_train_and_eval_reach_every_module():
    model = GPT(TINY)
    assert all(m.training for m in model.modules())
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    model.transformer.train()
    assert model.transformer.h[1].attn.training
    assert not model.lm_head.training


def test_zero_grad_and_freezing(rng):
    model = MLP([2, 3, 1], rng=rng)
    x = rng.normal(size=(4, 2)).astype(np.float32)
    model(x).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    model.layers[0].requires_grad_(False)
    model(x).sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is not None] == ["layers.2.weight", "layers.2.bias"]


def test_astype_converts_all_parameters_and_keeps_ties_and_frozen_ones(rng):
    model = GPT(TINY, rng=rng)
    model.transformer.wpe.weight.requires_grad_(False)
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float32)}
    before = model.state_dict()
    assert model.astype(np.float64) is model
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float64)}
    assert model.lm_head.weight is model.transformer.wte.weight
    assert [n for n, p in model.named_parameters() if not p.requires_grad] == ["transformer.wpe.weight"]
    assert all(np.array_equal(before[n], v) for n, v in model.state_dict().items())
    loss = model.loss([[1, 2]], [[2, 3]])
    loss.backward()
    assert loss.dtype == np.float64
    assert model.lm_head.weight.grad.dtype == np.float64


def test_astype_refuses_what_cannot_learn_and_changes_nothing():
    model = Scale()
    with pytest.raises(TypeError, match=r"Scale.*int64"):
        model.astype(np.int64)
    assert {p.dtype for p in model.parameters()} == {np.dtype(np.float32)}
    assert all(p.requires_grad for p in model.parameters())


def test_a_deep_copy_is_independent_and_still_tied():
    model = GPT(TINY, rng=np.random.default_rng(0))
    other = copy.deepcopy(model)
    assert other.lm_head.weight is other.transformer.wte.weight
    assert names(other) == names(model)
    other.load_state_dict({name: 0 * value for name, value in other.state_dict().items()})
    assert model.transformer.wte.weight.data.any()
    other.loss([[1]], [[2]]).backward()
    assert model.transformer.ln_f.bias.grad is None


# ---------------------------------------------------------------------- text
def test_repr():
    assert repr(Sequential(Linear(2, 3), Sequential(ReLU()))) == (
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "  )\n"
        ")"
    )


def test_summary_counts_every_parameter_once():
    model = GPT(TINY)
    lines = model.summary().splitlines()
    rows = {line.split()[0]: line.split() for line in lines}
    assert rows["lm_head"][-1] == "tied"
    assert rows["total"][-1] == f"{model.num_parameters():,}"
    counts = [line.split()[-1].replace(",", "") for line in lines[1:-1]]
    assert sum(int(c) for c in counts if c != "tied") == model.num_parameters()
    assert rows["transformer.h.1.attn.c_attn"][1:3] == ["Linear", "weight[12,"]
    assert len({len(line) for line in lines}) == 1  # columns stand under each other
    assert "1,482" in MLP([64, 16, 16, 10]).summary().splitlines()[-1]


# ---------------------------------------------------------------------- labels in the graph
def scopes(output):
    """Paths of all scopes in the graph below a tensor."""
    found, stack, seen = set(), [output._node], set()
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.op is not None:
            found.add(node.scope.path() if node.scope else ())
        stack.extend(node.parents)
    return found


def test_nodes_carry_the_names_of_the_modules_that_recorded_them():
    found = scopes(GPT(TINY)([[1, 2]]))
    assert ("GPT", "lm_head: Linear") in found
    assert ("GPT", "transformer: Transformer") in found
    assert ("GPT", "transformer: Transformer", "h.1: Block", "attn: CausalSelfAttention", "c_attn: Linear") in found
    assert ("GPT", "transformer: Transformer", "h.0: Block", "mlp: FeedForward", "gelu: GELU") in found
    assert all(path[0] == "GPT" for path in found)


def test_a_module_appended_to_a_named_list_is_labelled_as_the_others():
    class Stack(Module):
        def __init__(self):
            super().__init__()
            self.h = ModuleList([Linear(1, 1)])
            self.h.append(Linear(1, 1))
            self.h.append(ModuleList([Linear(1, 1)]))

        def forward(self, x):
            return self.h[2][0](self.h[1](self.h[0](x)))

    found = scopes(Stack()(Tensor(np.ones((1, 1), np.float32))))
    assert found == {("Stack", "h.0: Linear"), ("Stack", "h.1: Linear"), ("Stack", "h.2.0: Linear")}


def test_the_scope_ends_when_a_layer_fails():
    with pytest.raises(ValueError):
        Linear(2, 2)(Tensor(np.ones(3)))
    x = Tensor(1.0, requires_grad=True)
    assert scopes(x * x) == {()}


# ---------------------------------------------------------------------- depth
def test_walking_deep_modules_does_not_recurse():
    depth = 3000
    module = nested(depth)
    (name,) = names(module)
    assert name == "m." * depth + "weight"
    assert list(module.state_dict()) == [name]
    module.load_state_dict({name: [[5.0]]})
    assert next(module.parameters()).item() == 5
    module.eval().zero_grad()
    assert module.num_parameters() == 1
    assert repr(module).count("\n") == 2 * depth
    assert module.summary().splitlines()[-1].split() == ["total", "1"]


def test_naming_deep_lists_does_not_recurse():
    inner = ModuleList([ReLU()])
    for _ in range(1200):
        inner = ModuleList([inner])
    assert sum(1 for _ in inner.modules()) == 1202


# ---------------------------------------------------------------------- what must not go wrong silently
def test_a_module_cannot_be_put_inside_itself():
    outer, inner = Module(), Module()
    outer.inner = inner
    for module, value in ((outer, outer), (inner, outer)):
        with pytest.raises(ValueError, match="'back' would put the module inside itself"):
            module.back = value
    assert [name for name, _ in outer.named_modules()] == ["", "inner"]


@pytest.mark.parametrize("make", [lambda f: Sequential(ReLU(), f), lambda f: ModuleList([ReLU(), f])])
def test_a_plain_function_is_not_dropped_from_a_container(make):
    with pytest.raises(TypeError, match=r"item 1 is a ufunc, wanted a Module"):
        make(np.tanh)


def test_a_buffer_takes_tensors_and_refuses_what_is_no_number():
    module = Scale()
    module.count = Tensor([1.0, 2.0])
    assert module.state_dict()["count"].tolist() == [1, 2]
    module.load_state_dict({**module.state_dict(), "count": [3.0, 4.0]})  # its memory is its own, and writable
    assert module.count.tolist() == [3, 4]
    with pytest.raises(TypeError, match="Scale: the buffer 'count' must hold numbers"):
        module.count = ["a", "b"]


def test_tied_names_with_different_values_are_refused():
    model = GPT(TINY, rng=np.random.default_rng(0))
    state = model.state_dict()
    state["lm_head.weight"] = state["lm_head.weight"] + 1
    with pytest.raises(ValueError, match=r"values of lm_head.weight and transformer.wte.weight differ"):
        model.load_state_dict(state)
    assert np.array_equal(model.lm_head.weight.data, state["transformer.wte.weight"])
    with pytest.raises(TypeError, match="GPT: a state dict maps names to arrays; got a list"):
        model.load_state_dict([1])


def test_astype_keeps_the_parameter_objects_that_an_optimiser_holds():
    model = Scale()
    held = list(model.parameters())
    model.weight.name = "w"
    model.astype(np.float64)
    assert all(a is b for a, b in zip(held, model.parameters(), strict=True))
    assert model.weight.name == "w"


def test_summary_with_an_input_shows_output_shapes_and_leaves_the_model_alone():
    model = GPT(Config(vocab_size=5, context=4, layers=1, heads=2, width=4, dropout=0.5), rng=np.random.default_rng(0))
    model.lm_head.eval()
    before = [m.training for m in model.modules()]
    drawn = model.transformer.drop.rng.bit_generator.state
    rows = {line.split()[0]: line for line in model.summary([[1, 2, 3]]).splitlines()}
    assert "[1, 3, 5]" in rows["(root)"]
    assert "weight[12, 4]  [1, 3, 12]" in rows["transformer.h.0.attn.c_attn"]
    assert [m.training for m in model.modules()] == before
    assert model.transformer.drop.rng.bit_generator.state == drawn
    assert all("forward" not in vars(m) for m in model.modules())
    with pytest.raises(ValueError, match="9 tokens"):
        model.summary(np.zeros((1, 9), int))
    assert all("forward" not in vars(m) for m in model.modules())
    assert [m.training for m in model.modules()] == before


def test_repr_of_a_module_with_settings_and_parts():
    lines = repr(GPT(TINY).transformer.h[0].attn).splitlines()
    assert lines[:3] == [
        "CausalSelfAttention(",
        "  width=4, heads=2",
        "  (c_attn): Linear(in_features=4, out_features=12, bias=True)",
    ]
    assert lines[-1] == ")"


def test_importing_nn_takes_numpy_only():
    heavy = ["graphviz", "pygraphviz", "matplotlib", "rich", "safetensors", "sklearn", "torch", "hypothesis"]
    code = f"import sys, nn; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
