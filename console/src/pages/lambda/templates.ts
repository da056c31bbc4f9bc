// Events to test a function with.

export interface Template {
  id: string;
  name: string;
  text: string;
}

const json = (value: unknown): string => JSON.stringify(value, null, 2);

const S3_PUT = {
  Records: [
    {
      eventVersion: "2.1",
      eventSource: "aws:s3",
      awsRegion: "us-east-1",
      eventTime: "1970-01-01T00:00:00.000Z",
      eventName: "ObjectCreated:Put",
      userIdentity: { principalId: "EXAMPLE" },
      requestParameters: { sourceIPAddress: "127.0.0.1" },
      responseElements: { "x-amz-request-id": "EXAMPLE123456789", "x-amz-id-2": "EXAMPLE0123456789" },
      s3: {
        s3SchemaVersion: "1.0",
        configurationId: "test",
        bucket: { name: "photos", ownerIdentity: { principalId: "EXAMPLE" }, arn: "arn:aws:s3:::photos" },
        object: { key: "beach.jpeg", size: 1024, eTag: "0123456789abcdef0123456789abcdef", sequencer: "0A1B2C3D4E5F678901" },
      },
    },
  ],
};

const SQS = {
  Records: [
    {
      messageId: "19dd0b57-b21e-4ac1-bd88-01bbb068cb78",
      receiptHandle: "MessageReceiptHandle",
      body: "Hello from SQS!",
      attributes: { ApproximateReceiveCount: "1", SentTimestamp: "1523232000000", SenderId: "000000000000", ApproximateFirstReceiveTimestamp: "1523232000001" },
      messageAttributes: {},
      md5OfBody: "00000000000000000000000000000000",
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:MyQueue",
      awsRegion: "us-east-1",
    },
  ],
};

export const TEMPLATES: readonly Template[] = [
  { id: "hello", name: "Hello World", text: json({ key1: "value1", key2: "value2", key3: "value3" }) },
  { id: "s3-put", name: "S3 Put", text: json(S3_PUT) },
  { id: "sqs", name: "SQS", text: json(SQS) },
  { id: "empty", name: "Empty", text: "{}" },
];
