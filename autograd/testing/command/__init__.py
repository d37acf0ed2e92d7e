"""The command `glassgrad fuzz`: `main.py` reads its arguments, `jobs.py` runs in processes, `screen.py` tells."""

from autograd.testing.command.main import FORMAT, families, main, seconds

__all__ = ["FORMAT", "families", "main", "seconds"]
