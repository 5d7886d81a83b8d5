"""Draws the product's sign as PNG, for the screens of phones and computers: the strokes of kx/favicon.svg, no library.

`build(FOLDER)` writes the sizes that browsers ask for; `tools/frontend.py` calls it.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path

#: The sign in a box of 24: strokes from (x, y) to (x, y), round at their ends. The same as in favicon.svg.
STROKES = (((7.0, 8.0), (17.0, 8.0)), ((7.0, 12.0), (17.0, 12.0)), ((9.0, 16.0), (17.0, 16.0)), ((12.0, 5.0), (12.0, 8.0)))
BOX, HALF_STROKE, CORNER = 24.0, 0.9, 6.0
GROUND, SIGN = (0x1F, 0x5A, 0xA6), (0xFF, 0xFF, 0xFF)
#: name -> pixels, whether it fills its square (the system cuts it to its own shape: the sign stays in the middle).
SIZES = {"icon-192": (192, False), "icon-512": (512, False), "icon-maskable-512": (512, True), "icon-180": (180, True)}
MASKABLE = 0.72
#: The strokes stand a little high in their box for a small favicon; on a large icon they stand in the middle.
LOWER = 1.5


def _stroke(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Distance from a point to a stroke's edge; negative inside."""
    (ax, ay), (bx, by) = start, end
    length = (bx - ax) ** 2 + (by - ay) ** 2
    along = max(0.0, min(1.0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length))
    return math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)) - HALF_STROKE


def _tile(x: float, y: float) -> float:
    """Distance from a point to the edge of the rounded square; negative inside."""
    half = BOX / 2
    dx, dy = abs(x - half) - half + CORNER, abs(y - half) - half + CORNER
    return math.hypot(max(dx, 0.0), max(dy, 0.0)) + min(max(dx, dy), 0.0) - CORNER


def _pixels(size: int, *, full: bool) -> bytes:
    """Rows of RGBA, each behind the filter byte 0; edges are smoothed by their distance."""
    scale = BOX / size
    rows = bytearray()
    for row in range(size):
        rows.append(0)
        for column in range(size):
            x, y = (column + 0.5) * scale, (row + 0.5) * scale
            inside = 1.0 if full else min(1.0, max(0.0, 0.5 - _tile(x, y) / scale))
            if full:
                x, y = (x - BOX / 2) / MASKABLE + BOX / 2, (y - BOX / 2) / MASKABLE + BOX / 2
            away = min(_stroke(x, y - LOWER, *stroke) for stroke in STROKES)
            share = min(1.0, max(0.0, 0.5 - away / scale * (MASKABLE if full else 1.0)))
            rows += bytes(round(low + (high - low) * share) for low, high in zip(GROUND, SIGN, strict=True))
            rows.append(round(255 * inside))
    return bytes(rows)


def png(size: int, *, full: bool) -> bytes:
    """The whole file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    picture = zlib.compress(_pixels(size, full=full), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", picture) + chunk(b"IEND", b"")


def build(folder: Path) -> None:
    """Write every size."""
    for name, (size, full) in SIZES.items():
        (folder / f"{name}.png").write_bytes(png(size, full=full))
