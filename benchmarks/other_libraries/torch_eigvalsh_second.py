"""Second derivative of the sum of the eigenvalues, which is the trace: not finite where two are equal."""

import torch

hessian = torch.autograd.functional.hessian(
    lambda x: torch.linalg.eigvalsh((x + x.T) / 2).sum(), torch.eye(2, dtype=torch.float64)
)
print("gives", hessian.flatten().tolist()[:4])
print("true", [0.0, 0.0, 0.0, 0.0], "- the trace is linear")
