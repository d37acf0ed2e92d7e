"""np.linalg.norm(x, np.inf): not finite at any point."""

import autograd.numpy as np
from autograd import grad

print("gives", grad(lambda x: np.linalg.norm(x, np.inf))(np.array([3.0, 1.0, -4.0])).tolist())
print("true", [0.0, 0.0, -1.0], "- the largest absolute value")
