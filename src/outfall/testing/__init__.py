"""Outfall inside a test: a whole server in this process, in memory, on a clock that the test moves.

    def test_failures_are_kept(outfall):
        sqs = outfall.client("sqs")
        ...
        outfall.run_until_idle()   # three attempts over three minutes, in milliseconds

The fixture `outfall` comes with the package; `running()` is the same for any other test framework.
"""

from outfall.testing.inside import Inside, StillWaiting, running

__all__ = ["Inside", "StillWaiting", "running"]
