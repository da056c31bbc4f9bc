// What may be done, and why: the questions that the private API answers as the server would now.
import { ask, tell } from "./api";

export interface Question {
  principal: string;
  action: string;
  resource: string;
  context: Record<string, string>;
  region: string;
}

export interface Decision {
  allowed: boolean;
  audited: boolean;
  principal: string;
  policies_of: string;
  action: string;
  resource: string;
  context: Record<string, string | string[]>;
  absent: string[];
  policies: string[];
  kind: string;
  policy: string;
  statement: string;
  missing: string;
  missing_in: string;
  message: string;
}

export interface Use {
  action: string;
  resource: string;
  first_ms: number;
  last_ms: number;
  count: number;
}

export interface Least {
  arn: string;
  policy: { Version: string; Statement: object[] };
  uses: Use[];
  /** Statements of its policies that allow, and what of each was never used. */
  held: { policy: string; statement: string; used: string[]; unused_actions: string[]; unused_resources: string[] }[];
}

export const mayIt = (question: Question): Promise<{ mode: string; decision: Decision }> =>
  tell("explain", {}, JSON.stringify(question));
export const leastOf = (role: string, account: string): Promise<Least> => ask("policy", { role, account });
