"""np.where with a root in the branch that is not taken: not finite."""

import autograd.numpy as np
from autograd import grad

with np.errstate(all="ignore"):
    print("gives", grad(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)))(np.array([-1.0])).tolist())
print("true", [0.0], "- the function is 0 for all x <= 0")
