"""Arrays inside the page: little-endian bytes, deflated, base64, unpacked by the browser when they are needed."""

import base64
import zlib

import numpy as np
import numpy.typing as npt


class Blobs:
    """Collects arrays and gives each a name by which the page finds it."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def add(self, name: str, array: npt.NDArray[np.generic]) -> str:
        """Keep an array (float32, uint32, int32 or uint16) and return its name."""
        plain = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
        self._texts[name] = base64.b64encode(zlib.compress(plain.tobytes(), 6)).decode()
        return name

    def size(self, name: str) -> int:
        """Return the bytes that an array takes in the page."""
        return len(self._texts[name])

    def remove(self, name: str) -> None:
        """Forget an array."""
        del self._texts[name]

    def html(self) -> str:
        """Return one inert script element an array; base64 holds nothing that HTML or the names' attribute could run."""
        elements = (f'<script type="text/plain" id="blob-{name}">{text}</script>' for name, text in self._texts.items())
        return "\n".join(elements)
