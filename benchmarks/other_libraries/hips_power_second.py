"""Second derivatives of x ** y at y = 0: wrong."""

from autograd import grad

print("gives", grad(lambda y: grad(lambda x: x**y)(2.0))(0.0))
print("true", 0.5, "- x ** (y - 1) (1 + y log x) = 1 / x")
