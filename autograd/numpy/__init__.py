"""NumPy's names, differentiable: `import autograd.numpy as np`.

A name that has a derivative is this package's; constants of nature (`argmax`, `floor`, comparisons), constructors and
dtypes are NumPy's own. On plain arrays every function gives plain arrays.
"""

from typing import Any

import numpy as _numpy

from autograd.numpy import fft, linalg
from autograd.ops.constant import *
from autograd.ops.conv import *
from autograd.ops.elementwise import *
from autograd.ops.elementwise import absolute as abs
from autograd.ops.index import *
from autograd.ops.joining import *
from autograd.ops.neural import *
from autograd.ops.padding import *
from autograd.ops.polynomial import *
from autograd.ops.pooling import *
from autograd.ops.product import *
from autograd.ops.ranges import *
from autograd.ops.reduce import *
from autograd.ops.running import *
from autograd.ops.sets import *
from autograd.ops.shape import *
from autograd.ops.sorting import *
from autograd.ops.special import *
from autograd.ops.statistics import *
from autograd.ops.windows import *
from autograd.primitive import counterpart as _counterpart


def __getattr__(name: str) -> Any:
    return _counterpart(getattr(_numpy, name))
