"""torch.nn.functional.cosine_similarity of a vector shorter than eps: the gradient is not the function's."""

import torch

y = torch.tensor([1.0, 2.0], dtype=torch.float64)
x = torch.tensor([1e-9, 0.0], dtype=torch.float64, requires_grad=True)
torch.nn.functional.cosine_similarity(x, y, dim=0).backward()
print("gives", x.grad[0].item())
print("true", 1e8 / 5**0.5, "- below eps = 1e-8 it is x y / (eps |y|), and that is what the value is")
