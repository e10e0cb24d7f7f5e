import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { FindingError } from "../finding/index.ts";
import type { Remote } from "./remote.ts";
import type { GitSettings } from "./run.ts";

/**
 * How to get at a remote, beside what git does by itself (its credential helpers, ssh's agent and keys). It only ever names where a
 * secret is.
 */
export interface RemoteAuth {
  /** Where the token for http is: the name of an environment variable, or a file's path. */
  readonly token?: { readonly env: string } | { readonly file: string };
  /** The user that goes with the token. Default `x-access-token`, which the large hosts take. */
  readonly username?: string;
  /** Paths of a private key and a known_hosts file for ssh. */
  readonly sshKey?: string;
  readonly knownHosts?: string;
}

/** A credential helper in git's own protocol: it names the user and prints the token out of where it already is. */
const HELPER = '!f() { test "$1" = get || return 0; printf "username=%s\\npassword=%s\\n" "$HALITE_GIT_USERNAME" "$(SOURCE)"; }; f';

/**
 * Settings that have git use what the config names. The token goes through git's credential protocol: it is in no argument, no further
 * variable and no file, and git sends it to that host only.
 *
 * @param folder what relative paths count from
 * @throws FindingError `git-auth` where what is named is not there
 */
export function authSettings(
  remote: Remote,
  auth: RemoteAuth,
  folder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): GitSettings {
  if (remote.kind !== "url") return {};
  if (remote.transport === "ssh") return sshSettings(auth, folder, env);
  const from = auth.token;
  if (remote.transport !== "http" || from === undefined) return {};
  const username = auth.username ?? "x-access-token";
  const token = readToken(from, folder, env);
  const source = "env" in from ? `printf %s "$${from.env}"` : 'cat -- "$HALITE_GIT_TOKEN_FILE"';
  return {
    env: {
      HALITE_GIT_USERNAME: username,
      ...("env" in from ? {} : { HALITE_GIT_TOKEN_FILE: resolve(folder, from.file) }),
    },
    config: [
      // Not the user's own helpers: they would answer first, and be told to keep the token.
      ["credential.helper", ""],
      [`credential.${new URL(remote.url).origin}.helper`, HELPER.replace("SOURCE", source)],
    ],
    conceal: [token, encodeURIComponent(token), Buffer.from(`${username}:${token}`, "utf8").toString("base64")],
  };
}

function readToken(from: NonNullable<RemoteAuth["token"]>, folder: string, env: Readonly<Record<string, string | undefined>>): string {
  if ("env" in from) {
    const value = env[from.env];
    if (value !== undefined && value !== "") return checkToken(value, `the variable ${from.env}`);
    throw missing(
      `publish.auth names the environment variable ${from.env}, which is not set`,
      "Set it to the token, or let publish.auth name a file.",
    );
  }
  let text: string;
  try {
    text = readFileSync(resolve(folder, from.file), "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "it can't be read";
    throw missing(
      `publish.auth names the file ${from.file}, which can't be read: ${code}`,
      "Put the token there, readable by this user alone.",
    );
  }
  return checkToken(text.replace(/\n+$/, ""), `the file ${from.file}`);
}

function checkToken(token: string, where: string): string {
  if (token === "") throw missing(`${where} holds no token`, "Put the token there.");
  if (/[\u0000-\u001f]/.test(token))
    throw missing(`${where} holds more than one line, so it is no token`, "Put nothing but the token there.");
  return token;
}

function missing(message: string, advice: string): FindingError {
  return new FindingError({ code: "git-auth", severity: "error", message, advice });
}

/** ssh never asks: neither for a pass phrase nor whether a host is the right one. A command that the user has set is left as it is. */
function sshSettings({ sshKey, knownHosts }: RemoteAuth, folder: string, env: Readonly<Record<string, string | undefined>>): GitSettings {
  const own = sshKey === undefined && knownHosts === undefined;
  if (own && (env["GIT_SSH_COMMAND"] !== undefined || env["GIT_SSH"] !== undefined)) return {};
  const options = ["-o BatchMode=yes"];
  if (sshKey !== undefined) options.push("-o IdentitiesOnly=yes", `-i ${quoted(resolve(folder, sshKey))}`);
  if (knownHosts !== undefined)
    options.push("-o StrictHostKeyChecking=yes", `-o UserKnownHostsFile=${quoted(resolve(folder, knownHosts))}`);
  // As config rather than a variable, so that core.sshCommand of the user's counts where nothing is set here.
  return own ? {} : { env: { GIT_SSH_COMMAND: `ssh ${options.join(" ")}` } };
}

/** A word for the shell that git hands the ssh command to. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
