import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { AgeIdentities, Gpg, SopsFile } from "../../src/unseal/index.ts";
import { goTool } from "../real/go-tools.ts";
import { mustRun, runReal } from "../real/run.ts";

/** Whether sops has been built here. */
export const haveSops = existsSync(goTool("sops"));

/** A folder with an age key, in which real sops and Halite's work on the same files. */
export interface SopsBench {
  readonly folder: string;
  readonly identity: string;
  readonly recipient: string;
  readonly ring: { readonly age: AgeIdentities; readonly gpg: Gpg | undefined };
  write(name: string, text: string | Uint8Array): Promise<void>;
  /** Real sops. @throws where it fails */
  sops(...args: string[]): Promise<string>;
  trySops(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }>;
  /** What Halite makes of an encrypted text, in the clear. */
  plain(text: string, name: string): Promise<string>;
  end(): Promise<void>;
}

export const NOW = "2026-01-02T03:04:05Z";

export async function newBench(gpgHome?: string): Promise<SopsBench> {
  const folder = await mkdtemp(join(tmpdir(), "halite-sops-"));
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  await writeFile(join(folder, "keys.txt"), `# a key\n${identity}\n`, { mode: 0o600 });
  const age = await AgeIdentities.parse([{ name: "keys.txt", text: `${identity}\n` }]);
  const ring = { age, gpg: gpgHome === undefined ? undefined : new Gpg({ home: gpgHome }) };
  const options = {
    cwd: folder,
    env: {
      SOPS_AGE_KEY_FILE: join(folder, "keys.txt"),
      SOPS_DISABLE_VERSION_CHECK: "1",
      ...(gpgHome === undefined ? {} : { GNUPGHOME: gpgHome }),
    },
  };
  return {
    folder,
    identity,
    recipient,
    ring,
    write: (name, text) => writeFile(join(folder, name), text),
    sops: (...args) => mustRun(goTool("sops"), args, options),
    trySops: async (...args) => {
      const run = await runReal(goTool("sops"), args, options);
      return { ...run, stdout: run.stdout.toString("utf8") };
    },
    plain: async (text, name) => {
      const open = await SopsFile.read(text, name).open(ring);
      const plain = Buffer.from(open.plainText()).toString("utf8");
      open.wipe();
      return plain;
    },
    end: () => rm(folder, { recursive: true, force: true }),
  };
}
