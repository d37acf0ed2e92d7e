"""mg.arctan2 of tiny numbers: not finite."""

import mygrad as mg
import numpy as np

x = mg.tensor(1e-200)
with np.errstate(all="ignore"):
    mg.arctan2(x, 1e-200).backward()
print("gives", x.grad.item())
print("true", 5e199, "- y / (x**2 + y**2)")
