import type { Reveal } from "../cluster/index.ts";
import type { ApiClient } from "../kubernetes/index.ts";
import { revealObject, type SealedSource } from "../sealed/index.ts";
import type { CommandContext } from "./command.ts";

/** How long opened values are kept, in milliseconds. */
const KEPT = 60_000;

/**
 * Opens the references of one cluster's release: the sealed files that are published with it, PGP messages, the key service that halite.yaml names, and
 * Secrets of the cluster itself. Keys are looked for when the first reference is opened. What was opened is kept for a minute: a value that is rotated at
 * its source is another one then.
 */
export function revealerOf(context: CommandContext, client: ApiClient, files: ReadonlyMap<string, Uint8Array>): Reveal {
  let sources: Promise<readonly SealedSource[]> | undefined;
  let opened = 0;
  return async (object) => {
    const now = performance.now();
    if (now - opened > KEPT) sources = undefined;
    if (sources === undefined) opened = now;
    // Few releases hold references: what opens them is loaded for those alone.
    sources ??= import("./sealed-sources.ts").then(({ openSources }) => openSources(context, client, files));
    // What was read from a release is JSON through and through.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the sealed room's type of the same JSON has no undefined
    return await revealObject(object as Parameters<typeof revealObject>[0], await sources);
  };
}
