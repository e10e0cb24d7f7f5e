import type { ApiClient } from "../kubernetes/index.ts";
import { apiVersionOf, type ObjectRef } from "./types.ts";

/** What is told in the cluster about an object: `kubectl describe` and `kubectl events` show it. */
export interface ObjectEvent {
  readonly ref: ObjectRef;
  readonly uid: string | null;
  readonly type: "Normal" | "Warning";
  /** One word: `Applied`, `Pruned` … */
  readonly reason: string;
  readonly message: string;
}

/** The API takes 1024 bytes. */
const LONGEST = 1000;

/** Tells the cluster, as far as it lets itself be told: an event that can't be written is no failure. */
export async function tell(client: ApiClient, event: ObjectEvent, now: Date): Promise<void> {
  // Events about what is in no namespace stand in `default`.
  const namespace = event.ref.namespace ?? "default";
  const time = `${now.toISOString().slice(0, 19)}Z`;
  try {
    await client.call({
      method: "POST",
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`,
      background: true,
      body: {
        apiVersion: "v1",
        kind: "Event",
        metadata: { generateName: `${event.ref.name.slice(0, 200)}.`, namespace },
        involvedObject: {
          apiVersion: apiVersionOf(event.ref),
          kind: event.ref.kind,
          ...(event.ref.namespace === null ? {} : { namespace: event.ref.namespace }),
          name: event.ref.name,
          ...(event.uid === null ? {} : { uid: event.uid }),
        },
        type: event.type,
        reason: event.reason,
        message: event.message.slice(0, LONGEST),
        source: { component: "halite" },
        reportingComponent: "halite.dev/halite",
        reportingInstance: "halite",
        action: event.reason,
        firstTimestamp: time,
        lastTimestamp: time,
        count: 1,
      },
    });
  } catch {
    // The namespace may be gone, or the right to write events missing.
  }
}
