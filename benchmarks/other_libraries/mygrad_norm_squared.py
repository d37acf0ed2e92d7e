"""The squared norm at 0: not finite."""

import mygrad as mg
import numpy as np

x = mg.tensor([0.0, 0.0])
with np.errstate(all="ignore"):
    (mg.linalg.norm(x) ** 2).backward()
print("gives", x.grad.tolist())
print("true", [0.0, 0.0], "- 2 x")
