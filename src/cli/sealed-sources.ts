import { ApiError, type ApiClient } from "../kubernetes/index.ts";
import { SecretValue, type SealedSource } from "../sealed/index.ts";
import { Barbican, ClusterSecretSource, PgpSource, SopsSource } from "../unseal/index.ts";
import { FindingError } from "../finding/index.ts";
import { EnvironmentError, type CommandContext } from "./command.ts";
import { SecretFleet } from "./secret-fleet.ts";

/** What opens the references of a release. What this machine lacks stops the addons that need it, and no others. @throws FindingError `sealed-keys` */
export async function openSources(
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
