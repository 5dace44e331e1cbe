"""A chip through the season: what a network sees."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from cropdetect.chips.batch import ChipBatch
from cropdetect.errors import OptionError
from cropdetect.outputs.spectral import true_colour

_MOST = 12  # dates, spread over the season


def plot_chip(batch: ChipBatch, bands: tuple[str, ...], *, chip: int = 0, most: int = _MOST) -> list[Axes]:
    """Draw one chip on up to twelve dates, with the field's outline; what is not clear is hatched.

    True colour where the bands are there, else the first band in grey; one stretch (2nd to 98th percentile of the clear
    pixels) for all dates.

    Args:
        batch: chips, e.g. `open_chips(path).take([7])`.
        bands: their band names (`chips.info.bands`).
        chip: which chip of the batch.
        most: dates to draw at most.

    Returns:
        The axes, one a date.

    Raises:
        OptionError: there is no such chip, or it has no date.
    """
    if not 0 <= chip < len(batch):
        raise OptionError(f"there is no chip {chip} among {len(batch)}", fix="Count from 0.")
    steps = np.flatnonzero(~np.isnat(batch.date[chip]))
    if not len(steps):
        raise OptionError(f"chip {chip} has no date", fix="Choose another chip.")
    if len(steps) > most:
        steps = steps[np.linspace(0, len(steps) - 1, most).round().astype(int)]
    chosen = true_colour(bands) or (bands[0],)
    image = batch.image[chip][:, [bands.index(name) for name in chosen]].astype(np.float32)  # (step, band, y, x)
    clear = batch.clear[chip]
    seen = np.moveaxis(image, 1, 3)[clear] if clear.any() else np.moveaxis(image, 1, 3).reshape(-1, len(chosen))
    low, high = np.nanpercentile(seen, (2, 98), axis=0)
    shown = np.clip((np.moveaxis(image, 1, 3) - low) / np.maximum(high - low, 1e-6), 0, 1)
    shown = np.nan_to_num(np.repeat(shown, 3, axis=3) if len(chosen) == 1 else shown, nan=1.0)
    columns = min(4, len(steps))
    rows = -(-len(steps) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(2 * columns, 2.2 * rows), layout="constrained", squeeze=False)
    axes: list[Axes] = []
    for place, ax in enumerate(grid.flat):
        ax.set_axis_off()
        if place >= len(steps):
            continue
        step = steps[place]
        ax.imshow(shown[step])
        if batch.mask.shape[1] > 1 and (batch.mask[chip] < 0.5).any():
            ax.contour(batch.mask[chip], levels=[0.5], colors="yellow", linewidths=1.2)
        if not clear[step].all() and min(clear[step].shape) > 1:
            ax.contourf(~clear[step], levels=[0.5, 1.5], colors="none", hatches=["////"])
        share = (clear[step] * batch.mask[chip]).sum() / max(batch.mask[chip].sum(), 1e-9)
        ax.set_title(f"{batch.date[chip, step]}, {share:.0%} clear", fontsize=8)
        axes.append(ax)
    figure.suptitle(f"{', '.join(chosen)}; yellow: the field; hatched: not clear", fontsize=9)
    return axes
