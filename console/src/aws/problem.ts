// What went wrong, as a sentence: the errors of the AWS SDK, of the private API, and of a server that is gone.

/** The sentence for an error. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isGone(error)) return "The server does not answer.";
  const { name, message } = error;
  if (name === "Error" || message.startsWith(name)) return message;
  return message ? `${name}: ${message}` : name;
}

/** Whether an error says that nobody answered. */
export function isGone(error: unknown): boolean {
  return error instanceof TypeError && /fetch|network|load failed/i.test(error.message);
}

/** Whether an error has one of these names (AWS's error codes). */
export function isCalled(error: unknown, ...names: string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
