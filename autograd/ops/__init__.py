"""The table of ops, a family a file; `table` holds every op's declaration by name, `composites` what is made of them.

Each family says in `__all__` what it gives; `linalg` and `fft` are namespaces of their own, as in NumPy.
"""

from autograd.ops import fft, linalg, matrix_functions
from autograd.ops.attention import *
from autograd.ops.constant import *
from autograd.ops.conv import *
from autograd.ops.elementwise import *
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
from autograd.primitive import composites, table
