"""From labelled chips to a checkpoint. Needs the extra `train`."""

from cropdetect.training.monitor import EpochReport
from cropdetect.training.train import train

__all__ = ["EpochReport", "train"]
