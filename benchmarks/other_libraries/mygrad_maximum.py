"""mg.maximum and mg.minimum at ties: the gradient is lost."""

import mygrad as mg

x = mg.tensor([3.0])
mg.maximum(x, x).backward()
print("gives", x.grad.tolist())
print("true", [1.0], "- the larger of x and x is x")
