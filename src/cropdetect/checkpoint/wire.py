"""The wire format of Protocol Buffers, as far as ONNX files need it: predicting does without the packages onnx and protobuf.

References:
    Protocol Buffers, Encoding, https://protobuf.dev/programming-guides/encoding
"""

from collections.abc import Iterator

Value = int | memoryview

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5  # kinds of values


def message(value: Value) -> memoryview:
    """Return a value that must be a text or an inner message.

    Raises:
        ValueError: it is a number.
    """
    if isinstance(value, int):
        raise ValueError("it is no ONNX network")
    return value


def fields(content: memoryview) -> Iterator[tuple[int, Value, memoryview]]:
    """Yield the number and the value of each field of a message, and the field as it is written.

    Values are numbers, and the bytes of texts and inner messages.

    Raises:
        ValueError, IndexError: these are no fields.
    """
    place = 0
    while place < len(content):
        start = place
        tag, place = _varint(content, place)
        field, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = _varint(content, place)
            yield field, value, content[start:place]
            continue
        if kind == _BYTES:
            length, place = _varint(content, place)
        elif kind in (_EIGHT, _FOUR):
            length = 8 if kind == _EIGHT else 4
        else:
            raise ValueError("it is no ONNX network")
        if field == 0 or place + length > len(content):
            raise ValueError("it is cut off, or no ONNX network")
        yield field, content[place : place + length], content[start : place + length]
        place += length


def written(field: int, content: bytes) -> bytes:
    """Return a field that holds a text or an inner message as it is written."""
    return _number(field << 3 | _BYTES) + _number(len(content)) + content


def _number(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def _varint(content: memoryview, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = content[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
        shift += 7
        if shift > 63:
            raise ValueError("it is no ONNX network")
