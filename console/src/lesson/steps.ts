// The steps of the lesson, in its own words: what to do, where, and how the server shows that it was done.
import { segment } from "../app/routes";
import { FAILURE, FIRST, SECOND, SUCCESS, type LessonState } from "./state";

export interface Step {
  title: string;
  /** What to click, in order. */
  how: (state: LessonState) => string;
  to: (state: LessonState) => string;
  done: (state: LessonState) => boolean;
}

export interface Chapter {
  title: string;
  steps: Step[];
}

const fn = ({ fn: name }: LessonState): string => (name ? `/lambda/functions/${segment(name)}` : "/lambda/functions");
const upload = ({ bucket }: LessonState): string => (bucket ? `/s3/upload/${segment(bucket)}` : "/s3/buckets");
const receive = (queue: string) => (): string => `/sqs/queues/${queue}/send-receive`;

const createQueue = (name: string): Step => ({
  title: `Create a queue named ${name}`,
  how: () => `Open Amazon SQS, choose Create queue, enter ${name} and choose Create queue.`,
  to: () => "/sqs/create-queue",
  done: ({ queues }) => queues.has(name),
});

const addDestination = (condition: string, queue: string, done: Step["done"]): Step => ({
  title: `Add a destination ${condition}: ${queue}`,
  how: () => `Configuration, Destinations, Add destination: ${condition}, SQS queue, ${queue}, Save.`,
  to: (state) => (state.fn ? `${fn(state)}?tab=configuration&panel=destinations` : fn(state)),
  done,
});

export const CHAPTERS: readonly Chapter[] = [
  { title: "Create SQS queues for destinations", steps: [createQueue(SUCCESS), createQueue(FAILURE)] },
  {
    title: "Configure destinations in the Lambda function",
    steps: [
      {
        title: "Open the function that your S3 bucket triggers",
        how: ({ bucket, fn: name }) =>
          name
            ? `The bucket ${bucket} invokes ${name}.`
            : bucket
              ? "There is none yet: create one from the blueprint Process uploads to S3."
              : "There is none yet: create a bucket first, then a function from the blueprint Process uploads to S3.",
        to: (state) => (state.fn ? fn(state) : state.bucket ? "/lambda/create?way=blueprint" : "/s3/buckets"),
        done: ({ fn: name }) => name !== undefined,
      },
      addDestination("On failure", FAILURE, ({ onFailure }) => onFailure),
      addDestination("On success", SUCCESS, ({ onSuccess }) => onSuccess),
      {
        title: "See that the function's role may send to both queues",
        how: () => "Saving a destination adds the permission. Configuration, Permissions shows the role and its policies.",
        to: (state) => `${fn(state)}?tab=configuration&panel=permissions`,
        done: ({ allowed }) => allowed,
      },
    ],
  },
  {
    title: "Test the success scenario",
    steps: [
      {
        title: `Upload ${FIRST}`,
        how: ({ bucket }) => `Open the bucket ${bucket ?? ""}, choose Upload, add a file named ${FIRST}, choose Upload.`,
        to: upload,
        done: ({ first }) => first?.state === "succeeded",
      },
      {
        title: `Poll ${SUCCESS} and read the message`,
        how: () => "Send and receive messages, Poll for messages; open the message and its Body: response payload, request context.",
        to: receive(SUCCESS),
        done: ({ readSuccess }) => readSuccess,
      },
    ],
  },
  {
    title: "Test the failure scenario",
    steps: [
      {
        title: 'Have the code raise Exception("boom!") and deploy it',
        how: () => 'In the tab Code, put raise Exception("boom!") into the handler and choose Deploy.',
        to: fn,
        done: ({ raises }) => raises,
      },
      {
        title: `Upload ${SECOND}`,
        how: ({ bucket }) => `Open the bucket ${bucket ?? ""}, choose Upload, add a file named ${SECOND}, choose Upload.`,
        to: upload,
        done: ({ second }) => second !== undefined,
      },
      {
        title: "Wait for two retries, or skip the waits",
        how: () => "Lambda tries again after one minute and after two more. Events shows each wait, with Skip the wait.",
        to: () => "/events",
        done: ({ second }) => second?.state === "failed",
      },
      {
        title: `Poll ${FAILURE} and read the message`,
        how: () => "In its Body: the error message, the error type, the stack trace, and approximateInvokeCount 3.",
        to: receive(FAILURE),
        done: ({ readFailure }) => readFailure,
      },
    ],
  },
];

export const STEPS: readonly Step[] = CHAPTERS.flatMap(({ steps }) => steps);
