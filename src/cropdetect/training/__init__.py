"""From labelled chips to a checkpoint. Needs the extra `train`."""

from cropdetect.training.train import train

__all__ = ["train"]
