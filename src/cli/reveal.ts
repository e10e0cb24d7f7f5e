import type { Reveal } from "../cluster/index.ts";
import { ApiError, type ApiClient } from "../kubernetes/index.ts";
import { revealObject, SecretValue, type SealedSource } from "../sealed/index.ts";
import { Barbican, ClusterSecretSource, PgpSource, SopsSource } from "../unseal/index.ts";
import { FindingError } from "../finding/index.ts";
import { EnvironmentError, type CommandContext } from "./command.ts";
import { SecretFleet } from "./secret-fleet.ts";

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
    sources ??= openSources(context, client, files);
    // What was read from a release is JSON through and through.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the sealed room's type of the same JSON has no undefined
    return await revealObject(object as Parameters<typeof revealObject>[0], await sources);
  };
}

/** What this machine lacks stops the addons that need it, and no others. */
async function openSources(
  context: CommandContext,
  client: ApiClient,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<readonly SealedSource[]> {
  try {
    return await sourcesOf(context, client, files);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    const { advice } = error;
    throw new FindingError({ code: "sealed-keys", severity: "error", message: error.message, ...(advice === undefined ? {} : { advice }) });
  }
}

async function sourcesOf(
  context: CommandContext,
  client: ApiClient,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<readonly SealedSource[]> {
  const fleet = SecretFleet.open(context);
  const ring = await fleet.ring();
  const read = async (path: string): Promise<string | undefined> => {
    const bytes = files.get(path);
    return bytes === undefined ? undefined : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  };
  const barbican: Barbican[] = fleet.keys.barbican === null ? [] : [fleet.barbican()];
  return [
    new SopsSource(async (path) => await read(`.sealed/sops/${path}`), ring),
    new PgpSource(async (digest) => await read(`.sealed/pgp/${digest}.asc`), fleet.gpg()),
    new ClusterSecretSource(async (namespace, name) => await readSecret(client, namespace, name)),
    ...barbican,
  ];
}

async function readSecret(client: ApiClient, namespace: string, name: string): Promise<ReadonlyMap<string, SecretValue> | undefined> {
  let secret;
  try {
    secret = await client.find({
      method: "GET",
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`,
    });
  } catch (error) {
    // Without the right to read it there is none to Halite.
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
  if (secret === undefined) return undefined;
  const data = secret["data"];
  const entries = typeof data === "object" && data !== null ? Object.entries(data) : [];
  return new Map(
    entries.flatMap(([key, value]) => (typeof value === "string" ? [[key, SecretValue.of(Buffer.from(value, "base64"))] as const] : [])),
  );
}
