"""aioboto3: many things at once over one session. The endpoint comes from the environment."""

import asyncio

import aioboto3


async def main() -> None:
    session = aioboto3.Session()
    async with session.client("s3") as s3, session.client("sqs") as sqs, session.client("sns") as sns:
        await s3.create_bucket(Bucket="aio")
        await asyncio.gather(*(s3.put_object(Bucket="aio", Key=f"k{n:02}", Body=b"x" * n) for n in range(40)))
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="aio", PaginationConfig={"PageSize": 7})
        keys = [one["Key"] async for page in pages for one in page["Contents"]]
        assert keys == [f"k{n:02}" for n in range(40)]
        body = (await s3.get_object(Bucket="aio", Key="k39"))["Body"]
        assert await body.read() == b"x" * 39

        queue = (await sqs.create_queue(QueueName="aio"))["QueueUrl"]
        waiting = asyncio.create_task(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20))
        await asyncio.sleep(0.2)
        await sqs.send_message(QueueUrl=queue, MessageBody="hello")
        assert (await asyncio.wait_for(waiting, 15))["Messages"][0]["Body"] == "hello"

        topic = (await sns.create_topic(Name="aio"))["TopicArn"]
        answers = await asyncio.gather(*(sns.publish(TopicArn=topic, Message=str(n)) for n in range(20)))
        assert len({one["MessageId"] for one in answers}) == 20
    async with session.resource("s3") as resource:
        bucket = await resource.Bucket("aio")
        assert len([one async for one in bucket.objects.all()]) == 40
    print("done")


asyncio.run(main())
