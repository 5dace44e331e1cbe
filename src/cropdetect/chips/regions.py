"""Which parts of a block are read, where the chips in it leave gaps."""

from collections.abc import Sequence

from cropdetect.imagery import Window

# Skipped pixels of one band and date that are worth a read of their own: a call took as long as reading 30,000 pixels.
_WORTH_A_READ = 2**16


def regions(windows: Sequence[Window], stored: tuple[int, int]) -> tuple[list[Window], list[int]]:
    """Join windows that lie near each other, so that stored blocks that no window touches are not read.

    First rows, then columns are split where whole stored blocks lie between windows. No two regions share a stored block.

    Args:
        windows: what is needed.
        stored: (height, width) of the blocks in the files.

    Returns:
        The regions, and of each window the region that holds it.
    """
    found: list[Window] = []
    region_of = [0] * len(windows)
    for band in _split(windows, range(len(windows)), stored, along_rows=True) if windows else ():
        for group in _split(windows, band, stored, along_rows=False):
            for position in group:
                region_of[position] = len(found)
            found.append(hull([windows[position] for position in group]))
    return found, region_of


def hull(windows: Sequence[Window]) -> Window:
    """Return the smallest window that holds all."""
    return Window(
        min(w.top for w in windows), min(w.left for w in windows), max(w.bottom for w in windows), max(w.right for w in windows)
    )


def _split(windows: Sequence[Window], positions: Sequence[int], stored: tuple[int, int], *, along_rows: bool) -> list[list[int]]:
    """Split positions of windows where the stored blocks between them hold enough pixels."""
    whole = hull([windows[position] for position in positions])
    across = whole.shape[1] if along_rows else whole.shape[0]
    length = stored[0] if along_rows else stored[1]

    def span(position: int) -> tuple[int, int]:
        """Return the first and the last stored block along the axis."""
        one = windows[position]
        start, end = (one.top, one.bottom) if along_rows else (one.left, one.right)
        return start // length, (end - 1) // length

    groups: list[list[int]] = []
    reached = 0
    for position in sorted(positions, key=span):
        first, last = span(position)
        if groups and (first - reached - 1) * length * across < _WORTH_A_READ:
            groups[-1].append(position)
        else:
            groups.append([position])
        reached = max(reached, last)
    return groups
