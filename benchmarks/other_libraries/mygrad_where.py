"""mg.where with a root in the branch that is not taken: not finite."""

import mygrad as mg
import numpy as np

x = mg.tensor(-1.0)
with np.errstate(all="ignore"):
    mg.where(x.data > 0, mg.sqrt(x), 0.0).backward()
print("gives", x.grad.item())
print("true", 0.0, "- the function is 0 for all x <= 0")
