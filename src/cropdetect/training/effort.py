"""How many members and epochs a training has, and about how long it takes."""

from cropdetect.formats import TrainOptions

_EPOCHS = (25, 80)  # of a cycle, at least and at most, where the options give a number of steps
_FEW_FIELDS, _MEMBERS, _MEMBERS_OF_FEW = 2000, 5, 10  # few: of several pixels each; see `TrainOptions.members`
_SAMPLES_PER_SECOND = (1600.0, 150.0)  # of field means, and of chips, on two cores (docs/performance.md, docs/gpu.md)


def members_of(options: TrainOptions, n_fields: int, chip_size: int) -> int:
    """Return the number of members of an ensemble."""
    few = n_fields < _FEW_FIELDS and chip_size > 1
    return options.members or (_MEMBERS_OF_FEW if few else _MEMBERS)


def epochs_of(options: TrainOptions, n_training: int) -> int:
    """Return the number of epochs of a cycle, for so many fields to train on."""
    if options.epochs is not None:
        return options.epochs
    batches = -(-n_training // options.batch_size)
    return min(max(-(-options.steps // batches), _EPOCHS[0]), _EPOCHS[1])


def seconds_to_train(options: TrainOptions, n_fields: int, chip_size: int) -> float:
    """Return about how many seconds a training of so many labelled fields takes on two cores."""
    n_training = max(1, round(n_fields * (1 - options.validation_share)))
    n_shown = n_training * epochs_of(options, n_training) * options.snapshots * members_of(options, n_fields, chip_size)
    return n_shown / _SAMPLES_PER_SECOND[chip_size > 1]
