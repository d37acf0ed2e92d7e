"""mg.linalg.norm at 0: not finite, though every slope is between -1 and 1."""

import mygrad as mg
import numpy as np

x = mg.tensor([0.0, 0.0])
with np.errstate(all="ignore"):
    mg.linalg.norm(x).backward()
print("gives", x.grad.tolist())
print("true", "any vector of length at most 1", "- the subgradients of the length")
