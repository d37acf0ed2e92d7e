"""mg.std of one number: not finite."""

import mygrad as mg
import numpy as np

x = mg.tensor([3.0])
with np.errstate(all="ignore"):
    mg.std(x).backward()
print("gives", x.grad.tolist())
print("true", [0.0], "- it is 0 whatever the number")
