"""The checkpoint folder on disk."""

from cropdetect.checkpoint.elu import with_quick_elu
from cropdetect.checkpoint.folder import Checkpoint, MemberFiles, checkpoint_path, read_checkpoint, write_checkpoint
from cropdetect.checkpoint.joined import joined_networks
from cropdetect.checkpoint.network import check_network
from cropdetect.checkpoint.shipped import shipped_names, shipped_path
from cropdetect.checkpoint.training_fields import TrainingFields

__all__ = [
    "Checkpoint",
    "MemberFiles",
    "TrainingFields",
    "check_network",
    "checkpoint_path",
    "joined_networks",
    "read_checkpoint",
    "shipped_names",
    "shipped_path",
    "with_quick_elu",
    "write_checkpoint",
]
