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
  held: { policy: string; statement: string; action: string; used: boolean }[];
}

export const mayIt = (question: Question): Promise<{ mode: string; decision: Decision }> =>
  tell("explain", {}, JSON.stringify(question));
export const leastOf = (role: string, account: string): Promise<Least> => ask("policy", { role, account });
