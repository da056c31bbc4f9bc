// Putting a file into a bucket: in one piece when it is small, else in parts, a few at once. What was cancelled or broken
// off goes on with the parts that are missing.
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { BuildHandler, BuildHandlerArguments } from "@smithy/types";
import { s3 } from "./s3";

const PART_SIZE = 8 * 1024 * 1024;
const PARTS_MAX = 10_000;
const AT_ONCE = 3;

/** A file on its way, with what of it has arrived: given to `send` again, it goes on there. */
export class Sending {
  uploadId: string | undefined;
  sent = 0;
  readonly etags = new Map<number, string>();

  constructor(
    readonly file: File,
    readonly bucket: string,
    readonly key: string,
  ) {}

  get partSize(): number {
    return Math.max(PART_SIZE, Math.ceil(this.file.size / PARTS_MAX));
  }
}

/** Sends what is missing; `onProgress` hears how many bytes have arrived. Rejects when `signal` says stop. */
export async function send(sending: Sending, signal: AbortSignal, onProgress: (sent: number) => void): Promise<void> {
  if (sending.file.size <= sending.partSize) {
    await sendWhole(sending, signal);
    onProgress(sending.file.size);
    return;
  }
  const { bucket: Bucket, key: Key, file } = sending;
  if (!sending.uploadId) {
    const begun = await s3().send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType: typeOf(file) }), {
      abortSignal: signal,
    });
    sending.uploadId = begun.UploadId;
  }
  const missing = numbers(sending).filter((number) => !sending.etags.has(number));
  const work = async () => {
    for (let number = missing.shift(); number !== undefined; number = missing.shift()) {
      signal.throwIfAborted();
      const size = await sendPart(sending, number, signal);
      sending.sent += size; // Not in one line: the sum would be read before the wait, and others add to it meanwhile.
      onProgress(sending.sent);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const Parts = numbers(sending).map((PartNumber) => ({ PartNumber, ETag: sending.etags.get(PartNumber) }));
  const whole = { Bucket, Key, UploadId: sending.uploadId, MultipartUpload: { Parts } };
  await s3().send(new CompleteMultipartUploadCommand(whole), { abortSignal: signal });
}

function numbers(sending: Sending): number[] {
  return Array.from({ length: Math.ceil(sending.file.size / sending.partSize) }, (_, i) => i + 1);
}

async function sendWhole({ bucket, key, file }: Sending, abortSignal: AbortSignal): Promise<void> {
  const put = new PutObjectCommand({ Bucket: bucket, Key: key, Body: file, ContentType: typeOf(file) });
  put.middlewareStack.add(unhashed, UNHASHED);
  await s3().send(put, { abortSignal });
}

async function sendPart(sending: Sending, number: number, abortSignal: AbortSignal): Promise<number> {
  const { partSize, file, bucket, key, uploadId } = sending;
  const piece = file.slice((number - 1) * partSize, number * partSize);
  const part = new UploadPartCommand({ Bucket: bucket, Key: key, UploadId: uploadId, PartNumber: number, Body: piece });
  part.middlewareStack.add(unhashed, UNHASHED);
  const got = await s3().send(part, { abortSignal });
  sending.etags.set(number, got.ETag ?? "");
  return piece.size;
}

const UNHASHED = { step: "build", name: "unhashed" } as const;

/**
 * Signs a request without its body. Hashing in the browser takes longer than sending, and a body that nobody looks at can
 * be a piece of the file: the browser sends it from the disk, and nothing of it is in the tab's memory.
 */
function unhashed<I extends object, O extends object>(next: BuildHandler<I, O>): BuildHandler<I, O> {
  return (args: BuildHandlerArguments<I>) => {
    const { headers } = args.request as { headers: Record<string, string> };
    headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
    return next(args);
  };
}

const typeOf = (file: File): string => file.type || "application/octet-stream";
