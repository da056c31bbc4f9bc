// What the server tells of itself, and what can be done with it.
import { ask, tell } from "./api";
import { noteKind } from "./clock";

export interface NodeFacts {
  id: string;
  endpoint: string;
  version: string;
  this: boolean;
  started_ms: number;
  seen_ms_ago: number;
  running: number;
}

export interface Health {
  status: string;
  version: string;
  services: Record<string, string>;
  data: string;
  nodes: NodeFacts[] | null;
  time_scale: number;
  clock: string;
  iam: string;
  environments: { kind: string; max: number; notices: Record<string, string> };
  /** By the ARN of the function. */
  running: Record<string, number>;
  clock_ms: number;
}

export async function readHealth(): Promise<Health> {
  const health = await ask<Health>("health");
  noteKind(health.clock, health.time_scale);
  return health;
}

export type Move = { advance_ms: number } | { to: "next" | "idle" };

export const moveClock = (move: Move): Promise<{ clock_ms: number }> => tell("clock", { ...move });
export const reset = (): Promise<unknown> => tell("reset");
