// S3, as the pages need it.
import { S3Client } from "@aws-sdk/client-s3";
import { client } from "./client";

export const s3 = (): S3Client =>
  client(S3Client, {
    forcePathStyle: true,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    followRegionRedirects: true,
  });

/** The address of an object on this server. */
export const objectPath = (bucket: string, key: string): string =>
  `/${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;
