import { PyFloat, type Value } from "../python/index.ts";
import type { SettingsReader } from "./settings-reader.ts";

/** What `publish` of halite.yaml says. Paths are as written there, relative to its folder. */
export interface PublishConfig {
  /** A git remote's URL or ssh's HOST:PATH; a path is the embedded repository. */
  readonly remote: string;
  readonly branch: string;
  /** So many of a hundred objects may be deleted at once. */
  readonly maxDeletion: number;
  /** How to get at the remote, beside what git does by itself. It names where secrets are, never what they are. */
  readonly auth: {
    readonly token?: { readonly env: string } | { readonly file: string };
    readonly username?: string;
    readonly sshKey?: string;
    readonly knownHosts?: string;
  };
  /** With what commits are signed. */
  readonly sign: { readonly format: "ssh" | "openpgp"; readonly key: string } | null;
}

const MAX_DELETION = 10;

/** Reads `publish`; what it may hold the config's schema has checked. @throws FindingError `config-invalid` */
export function parsePublishConfig(value: Value, read: SettingsReader): PublishConfig {
  const publish = read.mapping(value, "publish");
  const auth = read.mapping(publish?.get("auth"), "publish:auth");
  const [env, tokenFile, username, sshKey, knownHosts] = ["tokenEnv", "tokenFile", "username", "sshKey", "knownHosts"].map((name) =>
    read.text(auth?.get(name), `publish:auth:${name}`),
  );
  if (env !== undefined && tokenFile !== undefined)
    throw read.refuse("publish:auth has both tokenEnv and tokenFile: the token is in one place");
  if (env !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(env))
    throw read.refuse("publish:auth:tokenEnv must name an environment variable");
  return {
    remote: read.text(publish?.get("remote"), "publish:remote") ?? ".halite/addons.git",
    branch: read.text(publish?.get("branch"), "publish:branch") ?? "addons",
    maxDeletion: percentOf(publish?.get("maxDeletion") ?? null, read),
    auth: {
      ...(env === undefined ? {} : { token: { env } }),
      ...(tokenFile === undefined ? {} : { token: { file: tokenFile } }),
      ...(username === undefined ? {} : { username }),
      ...(sshKey === undefined ? {} : { sshKey }),
      ...(knownHosts === undefined ? {} : { knownHosts }),
    },
    sign: read.signingKey(publish?.get("sign"), "publish:sign") ?? null,
  };
}

function percentOf(value: Value, read: SettingsReader): number {
  if (value === null) return MAX_DELETION;
  const number = value instanceof PyFloat ? value.value : typeof value === "number" ? value : Number.NaN;
  if (number >= 0 && number <= 100) return number;
  throw read.refuse("publish:maxDeletion must be a number from 0 to 100");
}
