"""The first frame of a warm parent and, after the fork, of a Python function.

A file of its own, run as a script: a function that ends or fails outside its handler then unwinds to the top of the
interpreter as it does on AWS, with exit handlers and buffers flushed.
"""

import json
import os
import sys

parent, library, channel_fd, isolated, with_boto3 = sys.argv[1:]
sys.path[:] = [*(path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))), library, parent]
from inside import function, zygote  # type: ignore  # noqa: E402  (the package under the name it has there)

sys.path.remove(parent)
request = zygote.main(int(channel_fd), isolated == "1", with_boto3 == "1")
function.become(request)
if request["argv"]:
    function.execute(request["argv"])
os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(function.LOG_DESCRIPTOR)
function.prepare_interpreter(request)
handler = request["handler"]
del json, os, parent, library, channel_fd, isolated, with_boto3, function, zygote, request, sys

from awslambdaric import bootstrap  # noqa: E402
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient  # noqa: E402

bootstrap.run(handler, LambdaRuntimeClient(__import__("os").environ["AWS_LAMBDA_RUNTIME_API"]))
