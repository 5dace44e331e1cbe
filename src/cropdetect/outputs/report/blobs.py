"""Arrays inside the page: little-endian bytes, deflated, base64; the browser unpacks them when it needs them."""

import base64
import zlib

import numpy as np
import numpy.typing as npt


def pack(array: npt.NDArray[np.generic]) -> str:
    """Return an array (float32, uint32, int32 or uint16) as text."""
    plain = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    return base64.b64encode(zlib.compress(plain.tobytes(), 6)).decode()
