"""mg.repeat of an empty array: the backward pass raises."""

import mygrad as mg
import numpy as np

x = mg.tensor(np.zeros(0))
try:
    mg.repeat(x, 2).sum().backward()
    print("gives", x.grad.tolist())
except ValueError as error:
    print("gives", f"ValueError: {error}")
print("true", [], "- an empty gradient")
