"""Where the time of a prediction went."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Seconds of each stage of a prediction.

    Attributes:
        seconds: wall clock. "cutting": the thread that cuts chips was busy; "network": a worker was busy, the mean over
            workers; "predicting": the whole, in which the other two overlap.
        cpu_seconds: CPU time. "cutting" and "network" are those threads' own; "predicting" is the whole process, with
            what threads inside the libraries used.
    """

    seconds: dict[str, float]
    cpu_seconds: dict[str, float]
