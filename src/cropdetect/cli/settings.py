"""Settings of libraries in the environment that would change what is read or written, or lead to nothing.

The same command on the same files gives the same answer, whoever runs it. So GDAL, PROJ and Zarr do not see such settings; a
warning names them. Settings of the machine stay: network, certificates, memory, threads, temporary folders, logs.
"""

import contextlib
import os
import re
import warnings
from pathlib import Path

_STEERING = re.compile(r"(GDAL|OGR|OSR|CPL|GTIFF|SHAPE|SQLITE|COMPRESS|PROJ|ZARR)_\w+|USE_RRD|CENTER_LONG|CHECK_WITH_INVERT_PROJ")
_OF_THE_MACHINE = re.compile(
    r"GDAL_(DATA|VERSION|CONFIG|HOME|ROOT|DIR|PREFIX|LIBRARY\w*|INCLUDE\w*|\w*DRIVER_PATH|CACHEMAX|NUM_THREADS|HTTP_\w+|CURL_\w+|MAX_\w+|"
    r"INGESTED_BYTES_AT_OPEN|BAND_BLOCK_CACHE|DISABLE_READDIR_ON_OPEN|PAM_ENABLED)|SQLITE_TMPDIR"
    r"|CPL_(DEBUG|LOG\w*|TIMESTAMP|TMPDIR|ZIP_ENCODING|CURL_\w+|VSIL_\w+|MAX_ERROR_REPORTS)"
    r"|PROJ_(DATA|LIB|DIR|VERSION|DEBUG|NETWORK\w*|CURL_\w+|USER_WRITABLE_DIRECTORY)"
)


def leave_out() -> None:
    """Take the settings out of what the libraries see, with warnings that name them."""
    steering = {name: value for name, value in os.environ.items() if _steers(name) and value != os.devnull}
    for name in steering:
        del os.environ[name]
    os.environ["GDAL_CONFIG_FILE"] = os.devnull  # else GDAL reads ~/.gdal/gdalrc
    if steering:
        named = ", ".join(f"{name}={value[:80]}" for name, value in sorted(steering.items()))
        warnings.warn(f"not used, since they could change what is read or written: the settings {named}", stacklevel=2)
    with contextlib.suppress(RuntimeError, OSError):  # nobody's home, or one that may not be looked at
        if Path("~/.gdal/gdalrc").expanduser().is_file():
            warnings.warn("the settings of GDAL in ~/.gdal/gdalrc are not used", stacklevel=2)
    for name in ("PROJ_DATA", "PROJ_LIB"):  # left behind by a program that was removed
        folders = os.environ.get(name)
        if folders is not None and not any((Path(folder) / "proj.db").is_file() for folder in folders.split(os.pathsep)):
            del os.environ[name]
            warnings.warn(f"{name}={folders} leads to no proj.db and is not used", stacklevel=2)


def _steers(name: str) -> bool:
    return _STEERING.fullmatch(name) is not None and _OF_THE_MACHINE.fullmatch(name) is None
