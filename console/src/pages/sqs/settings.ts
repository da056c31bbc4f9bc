// What can be set of a queue, as a table: name, AWS's limits, and what it is before anybody sets it.

export interface Setting {
  attribute: string;
  label: string;
  hint: string;
  initial: string;
  most: number;
}

export const SETTINGS: readonly Setting[] = [
  { attribute: "VisibilityTimeout", label: "Visibility timeout", hint: "Seconds, 0 to 43200", initial: "30", most: 43_200 },
  { attribute: "MessageRetentionPeriod", label: "Message retention period", hint: "Seconds, 60 to 1209600", initial: "345600", most: 1_209_600 },
  { attribute: "DelaySeconds", label: "Delivery delay", hint: "Seconds, 0 to 900", initial: "0", most: 900 },
  { attribute: "MaximumMessageSize", label: "Maximum message size", hint: "Bytes, 1024 to 1048576", initial: "1048576", most: 1_048_576 },
  { attribute: "ReceiveMessageWaitTimeSeconds", label: "Receive message wait time", hint: "Seconds, 0 to 20", initial: "0", most: 20 },
];
