// Deployment packages: the files in a zip, and a zip of files.
import { strFromU8, strToU8, unzip, zip, type Zippable } from "fflate";

export type Files = Record<string, Uint8Array>;

const MODE = 0o644 << 16;
const EDITED_SIZE_MAX = 3 * 1024 * 1024;

export function unpack(archive: Uint8Array): Promise<Files> {
  return new Promise((resolve, reject) => {
    unzip(archive, (error, files) => {
      if (error) reject(error);
      else resolve(Object.fromEntries(Object.entries(files).filter(([name]) => !name.endsWith("/"))));
    });
  });
}

export function pack(files: Files): Promise<Uint8Array> {
  const entries: Zippable = {};
  for (const [name, data] of Object.entries(files)) entries[name] = [data, { os: 3, attrs: MODE }];
  return new Promise((resolve, reject) => zip(entries, { level: 6 }, (error, data) => (error ? reject(error) : resolve(data))));
}

export const toText = strFromU8;
export const toBytes = strToU8;

/** Whether a file can be shown as text. */
export function isText(data: Uint8Array): boolean {
  if (data.length > EDITED_SIZE_MAX) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(data);
    return !data.includes(0);
  } catch {
    return false;
  }
}
