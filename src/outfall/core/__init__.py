"""Values and rules of the road, with standard-library data types and msgspec's structs only.

Nothing here does anything: no clock, no randomness, no thread, no socket. What time it is, which id comes next and
what is stored arrive as arguments (`ports.py`), and what should happen leaves as a return value (`effects.py`).
"""
