// A licensing officer's desk: open applications with what may be done with each, and a step with every refusal handled.
import type { components } from "#aksu/licensing";
import { newKey, type Platform } from "./platform";

export type Application = components["schemas"]["ApplicationRead"];

export async function desk({ licensing }: Platform): Promise<readonly Application[]> {
  const found: Application[] = [];
  let cursor: string | undefined;
  do {
    const { data, error } = await licensing.GET("/v1/applications", {
      params: { query: { include: "actions", limit: 100, ...(cursor === undefined ? {} : { cursor }) } },
    });
    if (error !== undefined) throw new Error(error.title);
    found.push(...data.items);
    cursor = data.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}

/** What the officer is told after pressing "start review"; null: done. */
export async function startReview(on: Platform, application: Application, key = newKey()): Promise<string | null> {
  const { error } = await on.licensing.POST("/v1/applications/{application_id}/start-review", {
    params: {
      path: { application_id: application.id },
      header: { "Idempotency-Key": key, "If-Match": `"${application.version}"` },
    },
    body: {},
  });
  if (error === undefined) return null;
  switch (error.code) {
    case "illegal_transition":
      return `${error.title} (${String(error.legal)})`;
    case "version_conflict":
      return "Междувременно преписката е променена; заредете я отново.";
    case "forbidden":
      return `${error.title} ${error.legal_basis ?? ""}`;
    case "request_in_progress":
    case "concurrent_write":
      return startReview(on, application, key);
    default:
      return error.title;
  }
}
