// Names that must not be taken: made of this browser's randomness, without what only safe pages have.

const hex = (data: Uint8Array): string => [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export function uuid(): string {
  const data = crypto.getRandomValues(new Uint8Array(16));
  data[6] = ((data[6] ?? 0) & 0x0f) | 0x40;
  data[8] = ((data[8] ?? 0) & 0x3f) | 0x80;
  const text = hex(data);
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Some letters and digits, as AWS's console ends the names of roles. */
export function letters(length: number): string {
  return [...crypto.getRandomValues(new Uint8Array(length))].map((byte) => LETTERS[byte % LETTERS.length]).join("");
}
