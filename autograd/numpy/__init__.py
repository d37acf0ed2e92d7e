"""NumPy's names, differentiable: `import autograd.numpy as np`.

A name that has a derivative is this package's; constants of nature (`argmax`, `floor`, comparisons), constructors and
dtypes are NumPy's own. On plain arrays every function gives plain arrays.
"""

from typing import Any

import numpy as _numpy

from autograd import ops as _ops
from autograd.ops import *  # noqa: F403
from autograd.primitive import numpy_functions as _functions

abs = _ops.absolute


def __getattr__(name: str) -> Any:
    value = getattr(_numpy, name)
    return _functions.get(value, value) if callable(value) and getattr(value, "__hash__", None) else value
