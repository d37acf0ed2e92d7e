"""GPT-2's published weights in a `GPT`, and GPT-3's parameters counted."""

from __future__ import annotations

from pathlib import Path

from nn.errors import CheckpointError
from nn.models.gpt import GPT, Config
from nn.models.pretrained import Arrays, Unset, fill, read_folder

# Brown et al., 2020, table 2.1, the last row.
GPT3 = Config(vocab_size=50257, context=2048, layers=96, heads=96, width=12288, bias=True)

_TRANSPOSED = ("attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight")
_MASKS = (".attn.bias", ".attn.masked_bias")
_GELUS = {"gelu_new": "tanh", "gelu_pytorch_tanh": "tanh", "gelu": "none"}


def parameter_counts(config: Config) -> dict[str, int]:
    """How many numbers each part of a `GPT` has, without making it.

    The unembedding's are the embedding's own: a sum over all other parts is `GPT(config).num_parameters()`.

    Examples
    --------
    The lectures count GPT-3's weight matrices, and the unembedding as one of its own:

    >>> counts = parameter_counts(GPT3)
    >>> {part: counts[part] for part in ("embedding", "attention", "mlp", "unembedding")}
    {'embedding': 617558016, 'attention': 57982058496, 'mlp': 115964116992, 'unembedding': 617558016}
    >>> sum(counts[part] for part in ("embedding", "attention", "mlp", "unembedding"))
    175181291520
    """
    c, w = config, config.width
    return {
        "embedding": c.vocab_size * w,
        "positions": c.context * w,
        "attention": c.layers * 4 * w * w,  # queries, keys, values, output
        "mlp": c.layers * 8 * w * w,  # up to four times the width, and down
        "biases": c.layers * 9 * w if c.bias else 0,  # 3 + 1 of attention, 4 + 1 of the mlp
        "norms": (2 * c.layers + 1) * w * (2 if c.bias else 1),
        "unembedding": c.vocab_size * w,
    }


def from_folder(path: str | Path, heads: int | None = None) -> GPT:
    """Read GPT-2 from a Hugging Face folder, or from a safetensors file alone, in evaluation mode.

    The file's linear maps are stored as (in, out), with query, key and value in one: they are transposed. Names may
    begin with ``transformer.``; causal masks that old files hold are left out.

    Parameters
    ----------
    path : path
        A folder with ``model.safetensors`` and ``config.json``, or such a file.
    heads : int, optional
        If there is no ``config.json`` to say it; width / 64, as in all of GPT-2's sizes, unless given.

    Raises
    ------
    CheckpointError
        If a file cannot be read, or its parts do not fit together; all names that are missing or unknown are listed.

    References
    ----------
    Radford et al., Language models are unsupervised multitask learners, 2019.
    """
    values, found, place = read_folder(path)
    arrays = {
        name: array.T if name.endswith(_TRANSPOSED) else array
        for name, array in _trunk_names(found).items()
        if not name.endswith(_MASKS)
    }
    shapes = [arrays[name].shape for name in ("transformer.wte.weight", "transformer.wpe.weight") if name in arrays]
    if len(shapes) < 2 or {len(shape) for shape in shapes} != {2}:
        raise CheckpointError(f"{place}: no GPT-2: it has no embeddings wte.weight and wpe.weight of two axes each")
    (words, width), (context, _) = shapes
    activation = values.get("activation_function", "gelu_new")
    if activation not in _GELUS:
        raise CheckpointError(f"{place}: its activation is {activation!r}, wanted one of {', '.join(_GELUS)}")
    if (eps := values.get("layer_norm_epsilon", 1e-5)) != 1e-5:
        raise CheckpointError(f"{place}: its norms have an epsilon of {eps}, GPT's have 1e-5")
    try:
        config = Config(
            vocab_size=words,
            context=context,
            layers=len({name.split(".")[2] for name in arrays if name.startswith("transformer.h.")}),
            heads=heads or values.get("n_head") or max(1, width // 64),
            width=width,
            bias=True,
            approximate=_GELUS[activation],
        )
        model = GPT(config, rng=Unset())
    except ValueError as error:
        raise CheckpointError(f"{place}: {error}") from error
    arrays.setdefault("lm_head.weight", arrays["transformer.wte.weight"])
    fill(model, arrays, place)
    return model.eval()


def _trunk_names(arrays: Arrays) -> Arrays:
    """Every name but the unembedding's with ``transformer.`` before it."""
    top = ("transformer.", "lm_head.")
    return {name if name.startswith(top) else f"transformer.{name}": array for name, array in arrays.items()}
