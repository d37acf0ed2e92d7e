"""leaky_relu at 0: the slope is that of neither side, nor between."""

import mygrad as mg
from mygrad.nnet.activations import leaky_relu

x = mg.tensor([0.0])
leaky_relu(x, 0.1).backward()
print("gives", x.grad.tolist())
print("true", "between 0.1 and 1", "- the slopes to the left and to the right")
