"""np.where with a root in the branch that is not taken: not finite."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(lambda x: np.where(x > 0, np.sqrt(x), 0.0))(-1.0))
print("true", 0.0, "- the function is 0 for all x <= 0")
