"""Memory that is free inside the process goes back to the system."""

import ctypes


def give_back() -> None:
    """Hand back what Arrow and the C library keep of what was used; without it, peaks of several stages add up.

    Only glibc can be asked; other C libraries hand memory back by themselves, or not.
    """
    import pyarrow

    pyarrow.default_memory_pool().release_unused()
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # no glibc; Windows wants the name of a library
        return
    trim(0)
