"""Write the page that docs/replay.md shows: python docs/pictures/replay.py."""

from pathlib import Path

import autograd.numpy as np
from autograd import Tensor, replay

VALUES = {"x1": 2.0, "x2": 0.0, "w1": -3.0, "w2": 1.0, "b": 6.8813735870195432}

x1, x2, w1, w2, b = (Tensor(value, requires_grad=True, name=name) for name, value in VALUES.items())
replay(np.tanh(w1 * x1 + w2 * x2 + b)).save(Path(__file__).with_name("replay.html"))
