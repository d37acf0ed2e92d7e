"""Draw the pictures that the README and the docs show: python docs/pictures/make.py."""

from pathlib import Path

import autograd.numpy as np
from autograd import Tensor

HERE = Path(__file__).resolve().parent

x = Tensor([0.5, -1.0], requires_grad=True, name="x")
w = Tensor([0.8, 0.2], requires_grad=True, name="w")
b = Tensor(0.1, requires_grad=True, name="b")
np.tanh(np.sum(w * x) + b).draw().save(HERE / "neuron.svg")
