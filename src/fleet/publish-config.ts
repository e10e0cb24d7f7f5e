import { FindingError } from "../finding/index.ts";
import { PyDict, PyFloat, type Value } from "../python/index.ts";

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

/** Reads `publish`; what it may hold the config's schema has checked. `file`: its name in messages. @throws FindingError `config-invalid` */
export function parsePublishConfig(publish: PyDict | null, file: string): PublishConfig {
  const refuse = (message: string): FindingError =>
    new FindingError({ code: "config-invalid", severity: "error", message: `publish:${message}`, at: { file } });
  const text = (of: PyDict | null, name: string): string | undefined => {
    const value = of?.get(name) ?? null;
    if (value === null) return undefined;
    if (typeof value !== "string" || value === "") throw refuse(`${name} must be a string that is not empty`);
    return value;
  };
  const maxDeletion = percentOf(publish?.get("maxDeletion") ?? null);
  if (maxDeletion === undefined) throw refuse("maxDeletion must be a number from 0 to 100");
  const auth = mapping(publish?.get("auth"));
  const [env, tokenFile] = [text(auth, "tokenEnv"), text(auth, "tokenFile")];
  if (env !== undefined && tokenFile !== undefined) throw refuse("auth has both tokenEnv and tokenFile: the token is in one place");
  if (env !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(env)) throw refuse("auth:tokenEnv must name an environment variable");
  const [username, sshKey, knownHosts] = [text(auth, "username"), text(auth, "sshKey"), text(auth, "knownHosts")];
  const sign = mapping(publish?.get("sign"));
  const [format, key] = [text(sign, "format") ?? "ssh", text(sign, "key")];
  if (sign !== null && (key === undefined || (format !== "ssh" && format !== "openpgp")))
    throw refuse("sign must have a key, and as format ssh or openpgp");
  return {
    remote: text(publish, "remote") ?? ".halite/addons.git",
    branch: text(publish, "branch") ?? "addons",
    maxDeletion,
    auth: {
      ...(env === undefined ? {} : { token: { env } }),
      ...(tokenFile === undefined ? {} : { token: { file: tokenFile } }),
      ...(username === undefined ? {} : { username }),
      ...(sshKey === undefined ? {} : { sshKey }),
      ...(knownHosts === undefined ? {} : { knownHosts }),
    },
    sign: key === undefined || (format !== "ssh" && format !== "openpgp") ? null : { format, key },
  };
}

function mapping(value: Value | undefined): PyDict | null {
  return value instanceof PyDict ? value : null;
}

function percentOf(value: Value): number | undefined {
  if (value === null) return MAX_DELETION;
  const number = value instanceof PyFloat ? value.value : typeof value === "number" ? value : Number.NaN;
  return number >= 0 && number <= 100 ? number : undefined;
}
