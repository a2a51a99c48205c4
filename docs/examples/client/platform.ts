// The four services as one typed platform: a client each, under one address, as `make run` and a gateway serve them.
import createClient from "openapi-fetch";
import type { paths as Licensing } from "#aksu/licensing";
import type { paths as Monitoring } from "#aksu/monitoring";
import type { paths as Registry } from "#aksu/registry";
import type { paths as Reporting } from "#aksu/reporting";

export interface Session {
  readonly origin: string;
  readonly language: "bg" | "en";
  readonly token?: string;
}

export function platform({ origin, language, token }: Session) {
  const headers = { "Accept-Language": language, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) };
  return {
    registry: createClient<Registry>({ baseUrl: `${origin}/registry`, headers }),
    licensing: createClient<Licensing>({ baseUrl: `${origin}/licensing`, headers }),
    monitoring: createClient<Monitoring>({ baseUrl: `${origin}/monitoring`, headers }),
    reporting: createClient<Reporting>({ baseUrl: `${origin}/reporting`, headers }),
  };
}

export type Platform = ReturnType<typeof platform>;

/** One key per act of a person: kept while the form is open, so that pressing twice acts once. */
export const newKey = (): string => crypto.randomUUID();
