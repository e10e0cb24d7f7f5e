import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { FindingError } from "../finding/index.ts";
import { cleanText } from "./clean-text.ts";
import { runGit, type GitRunOptions } from "./run.ts";

/** Who may sign: ssh's file of allowed signers, or a keyring of gpg, as its folder or as a file of exported public keys. */
export type TrustedSigners =
  | { readonly format: "ssh"; readonly allowedSigners: string }
  | { readonly format: "openpgp"; readonly keyring: string };

/** What is known of a commit's signature. */
export type SignatureState =
  | { readonly state: "good"; readonly format: "ssh" | "openpgp"; readonly signer: string; readonly key: string }
  | { readonly state: "unsigned" }
  /** There is a signature, and it does not count. `reason` says why. */
  | { readonly state: "refused"; readonly reason: string; readonly signer: string; readonly key: string };

/** gpg's verdicts, git-log(1) %G?. */
const VERDICTS: Readonly<Record<string, string>> = {
  B: "the signature is bad: the commit is not what was signed",
  X: "the signature has expired",
  Y: "the signature is by a key that has expired",
  R: "the signature is by a key that was revoked",
  E: "the signature can't be checked: its key is not among the trusted ones",
  U: "the signature is by a key that is not among the trusted ones",
};

/** Whether a commit is signed by somebody trusted. Only what is handed in is trusted, never this user's own keyring or git config. */
export async function verifyCommit(commit: string, trusted: TrustedSigners, options: GitRunOptions): Promise<SignatureState> {
  const keyring = trusted.format === "openpgp" ? await openKeyring(trusted.keyring) : undefined;
  try {
    const none = "/dev/null";
    const run = await runGit(["log", "-1", "--format=%G?%x00%GS%x00%GF%x00%GK", commit, "--"], {
      ...options,
      config: [
        ...(options.config ?? []),
        ["gpg.ssh.allowedSignersFile", trusted.format === "ssh" ? trusted.allowedSigners : none],
        ["gpg.minTrustLevel", "undefined"],
      ],
      env: { ...options.env, GNUPGHOME: keyring?.folder ?? "/nonexistent" },
    });
    const [verdict = "", signer = "", fingerprint = "", id = ""] = run.stdout.toString("utf8").trimEnd().split("\0");
    if (run.status !== 0) return { state: "refused", reason: `git can't read the commit: ${run.stderr.trim()}`, signer: "", key: "" };
    const key = fingerprint === "" ? id : fingerprint;
    if (verdict === "N") {
      // For ssh git says N also where nobody is trusted.
      const raw = await runGit(["cat-file", "commit", commit], options);
      return /^gpgsig(?:-sha256)? /m.test(raw.stdout.toString("utf8").split("\n\n")[0] ?? "")
        ? { state: "refused", reason: VERDICTS["E"] ?? "", signer, key }
        : { state: "unsigned" };
    }
    const isSsh = key.startsWith("SHA256:");
    // Whoever is in the keyring that was handed in is trusted, whatever gpg thinks of how sure that is.
    const good = verdict === "G" || (verdict === "U" && trusted.format === "openpgp" && !isSsh);
    if (good && isSsh === (trusted.format === "ssh")) return { state: "good", format: trusted.format, signer, key };
    return { state: "refused", reason: VERDICTS[good ? "E" : verdict] ?? `git says ${verdict}`, signer, key };
  } finally {
    keyring?.close();
  }
}

async function openKeyring(path: string): Promise<{ readonly folder: string; close(): void }> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return { folder: path, close: () => undefined };
  const folder = mkdtempSync(join(tmpdir(), "halite-keys-"));
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    await promisify(execFile)("gpg", ["--homedir", folder, "--batch", "--no-autostart", "--quiet", "--import", "--", path], {
      timeout: 60_000,
    });
    return { folder, close };
  } catch (error) {
    close();
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    throw new FindingError({
      code: "git-keyring",
      severity: "error",
      message: `the keyring ${path} can't be read by gpg${said === "" ? "" : `:\n${cleanText(said)}`}`,
      advice: "It is a folder as GNUPGHOME names one, or a file of public keys as `gpg --export` writes it.",
    });
  }
}
