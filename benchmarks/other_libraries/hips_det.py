"""np.linalg.det of a singular matrix: the backward pass raises."""

import autograd.numpy as np
from autograd import grad

try:
    print("gives", grad(np.linalg.det)(np.array([[1.0, 2.0], [2.0, 4.0]])).tolist())
except Exception as error:
    print("gives", f"{type(error).__name__}: {error}")
print("true", [[4.0, -2.0], [-2.0, 1.0]], "- det is x00 x11 - x01 x10")
