"""Outfall: the road an event takes on AWS, whole, on your own machine."""

__version__ = "0.1.0"
