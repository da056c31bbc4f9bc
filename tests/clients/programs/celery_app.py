"""A Celery application on SQS. The endpoint comes from the environment."""

import os
import urllib.parse

from celery import Celery

endpoint = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
app = Celery("work", broker=f"sqs://test:test@{endpoint.netloc}")
app.conf.broker_transport_options = {"is_secure": False, "region": "us-east-1", "wait_time_seconds": 2}
app.conf.broker_connection_retry_on_startup = True
app.conf.worker_enable_remote_control = False


@app.task(bind=True, max_retries=2, default_retry_delay=0)
def add(self, path, a, b):
    if self.request.retries == 0 and a == 7:
        raise self.retry()
    with open(path, "a") as file:
        file.write(f"{a + b}\n")
