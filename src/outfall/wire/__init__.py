"""Bytes to calls and back, without I/O: AWS's protocols, signatures and errors, drawn from the service models.

Formats belong here, and never what an operation does.
"""
