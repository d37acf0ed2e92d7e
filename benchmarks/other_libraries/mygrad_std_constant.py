"""mg.std of equal numbers: not finite."""

import mygrad as mg
import numpy as np

x = mg.tensor([1.0, 1.0])
with np.errstate(all="ignore"):
    mg.std(x).backward()
print("gives", x.grad.tolist())
print("true", "any (a, -a) with |a| <= 1/2", "- it is |x0 - x1| / 2")
