"""A synthetic season on disk, in the same layouts as real ones."""

from cropdetect.simulation.season import Layout, simulate

__all__ = ["Layout", "simulate"]
