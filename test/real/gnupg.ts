import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "./run.ts";

/** A keyring of its own, with an agent that ends with it. */
export interface Keyring {
  readonly home: string;
  /** Makes a key without a pass phrase and gives its fingerprint. */
  newKey(name: string): Promise<string>;
  exportPublic(fingerprint: string): Promise<string>;
  exportSecret(fingerprint: string): Promise<string>;
  importKey(armoured: string): Promise<void>;
  end(): Promise<void>;
}

export async function newKeyring(): Promise<Keyring> {
  // Short: the agent's socket is in it, and paths of sockets are 107 characters at most.
  const home = await mkdtemp(join("/tmp", "hg-"));
  const gpg = (args: readonly string[], input = ""): Promise<string> =>
    mustRun("gpg", ["--homedir", home, "--batch", "--quiet", ...args], { input });
  return {
    home,
    newKey: async (name) => {
      await gpg(["--passphrase", "", "--quick-gen-key", name, "default", "default", "never"]);
      const listed = await gpg(["--with-colons", "--list-keys", `=${name}`]);
      return /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? "";
    },
    exportPublic: (fingerprint) => gpg(["--armor", "--export", fingerprint]),
    exportSecret: (fingerprint) => gpg(["--armor", "--export-secret-keys", fingerprint]),
    importKey: async (armoured) => {
      await gpg(["--import"], armoured);
    },
    end: async () => {
      await mustRun("gpgconf", ["--homedir", home, "--kill", "all"]);
      await rm(home, { recursive: true, force: true });
    },
  };
}
