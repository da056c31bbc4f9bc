// The AWS SDK's clients, all made in this one place: this server, path style, the region and keys of the settings.
import { settings } from "../app/settings";

interface ClientConfig {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  maxAttempts: number;
}

const made = new Map<unknown, { key: string; client: unknown }>();

/**
 * The client of a service, made once and again when region or keys change: `client(SQSClient).send(...)`.
 * `more` are settings of that service alone.
 */
export function client<T, C extends object>(Client: new (config: C) => T, more: Partial<C> = {}): T {
  const { region, accessKeyId, secretAccessKey } = settings();
  const key = JSON.stringify([region, accessKeyId, secretAccessKey]);
  const known = made.get(Client);
  if (known?.key === key) return known.client as T;
  const config: ClientConfig = {
    endpoint: window.location.origin,
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 2,
  };
  const fresh = new Client({ ...config, ...more } as unknown as C);
  made.set(Client, { key, client: fresh });
  return fresh;
}

/** The parts of an ARN. */
export function arnParts(arn: string): { service: string; region: string; account: string; resource: string } {
  const [, , service = "", region = "", account = "", ...rest] = arn.split(":");
  return { service, region, account, resource: rest.join(":") };
}
