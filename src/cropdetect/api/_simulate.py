"""The verb `simulate`."""

from cropdetect.simulation import simulate

__all__ = ["simulate"]
