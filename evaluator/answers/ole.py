"""Checks that the sectors of an old Excel file lead to an end.

Such a file is a small file system: a table says which sector follows which. In a damaged one the sectors may run in a
circle, which a reader would follow until the memory is full.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

HEADER_BYTES = 512
TABLE_SECTORS_IN_HEADER = 109
FIRST_RESERVED = 0xFFFFFFFA
"""Sector numbers from here on mean an end, a free sector or a part of the table itself (MS-CFB, section 2.1)."""


def sectors_end(data: bytes) -> bool:
    """Return whether every chain of sectors in a compound file ends within the file."""
    if len(data) < HEADER_BYTES:
        return False
    size = 1 << min(struct.unpack_from("<H", data, 30)[0], 12)
    first_small, table_at = struct.unpack_from("<I", data, 60)[0], struct.unpack_from("<I", data, 68)[0]
    listed = list(struct.unpack_from(f"<{TABLE_SECTORS_IN_HEADER}I", data, 76))
    seen: set[int] = set()
    while table_at < FIRST_RESERVED:
        more = _sector(data, table_at, size)
        if table_at in seen or not more:
            return False
        seen.add(table_at)
        listed += more[:-1]
        table_at = more[-1]
    parts = [sector for sector in listed if sector < FIRST_RESERVED]
    if len(set(parts)) < len(parts):
        return False
    table = [entry for sector in parts for entry in _sector(data, sector, size)]
    if not _ends(table):
        return False
    small: list[int] = []
    while first_small < len(table):
        small += _sector(data, first_small, size)
        first_small = table[first_small]
    return _ends(small)


def _sector(data: bytes, number: int, size: int) -> list[int]:
    piece = data[(number + 1) * size : (number + 2) * size]
    return list(struct.unpack(f"<{len(piece) // 4}I", piece[: len(piece) // 4 * 4]))


def _ends(following: Sequence[int]) -> bool:
    """Return whether no chain comes back to a sector that it has been to."""
    done = bytearray(len(following))
    for start in range(len(following)):
        chain = []
        sector = start
        while sector < len(following) and not done[sector]:
            done[sector] = 2
            chain.append(sector)
            sector = following[sector]
        if sector < len(following) and done[sector] == 2:
            return False
        for sector in chain:
            done[sector] = 1
    return True
