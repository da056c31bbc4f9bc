"""Execution environments: where functions run, behind the real Lambda Runtime API.

A warm parent (`inside/zygote.py`, started by `launcher.py` as `bubblewrap.py` or `process.py` says) forks a keeper, and
the keeper the function's process, in namespaces of their own where the machine allows. `environment.py` is the life of
one environment, `pool.py` all of them, `payloads.py` and `log_lines.py` what the platform itself answers and logs.
"""

from outfall.sandbox.launcher import CannotLaunch
from outfall.sandbox.opening import Beginning, open_sandbox
from outfall.sandbox.pool import LocalSandbox
from outfall.sandbox.variables import EnvironmentCredentials

__all__ = ["Beginning", "CannotLaunch", "EnvironmentCredentials", "LocalSandbox", "open_sandbox"]
