// What a citizen looks for: services of a kind in an oblast, page by page, with labels in the reader's language.
import type { components, operations } from "#aksu/registry";
import type { Platform } from "./platform";

export type Service = components["schemas"]["ServiceRead"];
export type Filters = NonNullable<operations["list_services"]["parameters"]["query"]>;

export interface Found {
  readonly rows: readonly { readonly name: string; readonly kind: string; readonly where: string }[];
  readonly next: string | null;
}

export async function labels({ registry }: Platform, list: string): Promise<ReadonlyMap<string, string>> {
  const { data, error } = await registry.GET("/v1/codelists/{name}", { params: { path: { name: list } } });
  if (error !== undefined) throw new Error(error.title);
  return new Map(data.items.map((code) => [code.id, code.bg]));
}

/** More of the same: a code from an answer is a code for a question. */
export const alike = (service: Service): Filters => ({ kind: service.kind, oblast: service.municipality.slice(0, 3) });

export async function search(on: Platform, filters: Filters, kinds: ReadonlyMap<string, string>): Promise<Found> {
  const { data, error } = await on.registry.GET("/v1/services", { params: { query: filters } });
  if (error !== undefined) throw new Error(error.title);
  const rows = data.items.map((service: Service) => ({
    name: service.name,
    kind: kinds.get(service.kind) ?? service.kind,
    where: `${service.settlement}, ${service.address}`,
  }));
  return { rows, next: data.next };
}
