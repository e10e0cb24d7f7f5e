import { resolve } from "node:path";
import { FindingError } from "../finding/index.ts";
import { clean } from "./fast-import.ts";
import { runGit, type GitRunOptions } from "./run.ts";
import type { Signature } from "./source.ts";

/** With what commits are signed. */
export interface SigningKey {
  readonly format: "ssh" | "openpgp";
  /** ssh: path of a key; openpgp: a key's id or fingerprint. */
  readonly key: string;
}

/**
 * Makes a signed commit that is like another but for its signature. Gives its id.
 *
 * @param folder what a relative path of an ssh key counts from
 * @throws FindingError `git-sign` where the key can't be used
 */
export async function signCommit(
  commit: {
    readonly tree: string;
    readonly parent: string | null;
    readonly message: string;
    readonly author: Signature;
    readonly committer: Signature;
  },
  { format, key }: SigningKey,
  folder: string,
  options: GitRunOptions,
): Promise<string> {
  const name = format === "ssh" && !key.startsWith("key::") ? resolve(folder, key) : key;
  const parent = commit.parent === null ? [] : ["-p", commit.parent];
  const run = await runGit(["commit-tree", `-S${name}`, ...parent, "-F", "-", commit.tree], {
    ...options,
    input: commit.message,
    config: [...(options.config ?? []), ["gpg.format", format], ["i18n.commitEncoding", "UTF-8"]],
    env: { ...options.env, ...identity("AUTHOR", commit.author), ...identity("COMMITTER", commit.committer) },
  });
  if (run.status === 0) return run.stdout.toString("utf8").trim();
  throw new FindingError({
    code: "git-sign",
    severity: "error",
    message: `the commit can't be signed with the ${format} key ${key}:\n${run.stderr.trim().split("\n").slice(-4).join("\n")}`,
    advice:
      format === "ssh"
        ? "publish.sign.key is the path of a private key without a pass phrase, or of a public key whose private one ssh's agent has."
        : "publish.sign.key is a key of gpg's keyring (GNUPGHOME); gpg's agent must be able to use it without asking.",
  });
}

function identity(who: "AUTHOR" | "COMMITTER", { name, email, date }: Signature): Record<string, string> {
  return { [`GIT_${who}_NAME`]: clean(name), [`GIT_${who}_EMAIL`]: clean(email), [`GIT_${who}_DATE`]: `@${date}` };
}
