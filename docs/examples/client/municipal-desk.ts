// A municipality's desk: prescriptions addressed to it by term, and the entry of a service of its own.
import type { components } from "#aksu/registry";
import type { components as Monitoring } from "#aksu/monitoring";
import { newKey, type Platform } from "./platform";

export type NewService = components["schemas"]["NewService"];
export type Prescription = Monitoring["schemas"]["PrescriptionRead"];

export async function prescriptions({ monitoring }: Platform, municipality: string): Promise<readonly Prescription[]> {
  const { data, error } = await monitoring.GET("/v1/prescriptions", {
    params: { query: { municipality, overdue: true, include: "actions" } },
  });
  if (error !== undefined) throw new Error(error.title);
  return data.items.filter((each) => each.actions?.includes("acknowledge") ?? false);
}

/** The new service's path and position, or the faults of the form by the pointer of the field. */
export async function enter(
  { registry }: Platform,
  service: NewService,
  key = newKey(),
): Promise<{ made: string; position: string | null } | { faults: ReadonlyMap<string, string> }> {
  const { data, error, response } = await registry.POST("/v1/services", {
    params: { header: { "Idempotency-Key": key } },
    body: service,
  });
  if (error === undefined) return { made: data.id, position: response.headers.get("Aksu-Position") };
  const fields = error.errors ?? [];
  return { faults: new Map(fields.length > 0 ? fields.map((each) => [each.pointer, each.message]) : [["", error.title]]) };
}
