import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FindingError, printFinding } from "../../src/finding/index.ts";
import {
  formatReference,
  normalPgpBlock,
  parseReference,
  pgpDigest,
  revealObject,
  SecretValue,
  sealedDigest,
  type SealedSource,
} from "../../src/sealed/index.ts";
import {
  AgeIdentities,
  ClusterSecretSource,
  createSopsFile,
  DEFAULT_SELECTION,
  Gpg,
  PgpSource,
  readBelow,
  SopsSource,
} from "../../src/unseal/index.ts";
import { newKeyring, type Keyring } from "../real/gnupg.ts";

const haveGpg = spawnSync("gpg", ["--version"]).status === 0;

describe.skipIf(!haveGpg)("an object of a release is revealed from every kind of source", () => {
  let folder: string;
  let keyring: Keyring;
  let sources: (SealedSource & { wipe?: () => Promise<void> })[];
  let block: string;
  let reads = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "halite-sources-"));
    keyring = await newKeyring();
    const identity = await generateX25519Identity();
    const groups = [[{ kind: "age", recipient: await identityToRecipient(identity) } as const]];
    const settings = { groups, threshold: 0, selection: DEFAULT_SELECTION, macOnlyEncrypted: false, gpg: undefined };
    await mkdir(join(folder, "sops/deep"), { recursive: true });
    await writeFile(
      join(folder, "sops/deep/ceph.yaml"),
      await createSopsFile(
        Buffer.from('rbd:\n    userKey: "canary-sops"\nclear_unencrypted: x\n'),
        "ceph.yaml",
        settings,
        "2026-01-02T03:04:05Z",
      ),
    );
    await writeFile(join(folder, "outside.yaml"), "a: 1\n");
    await symlink(join(folder, "outside.yaml"), join(folder, "sops/link.yaml"));
    const fingerprint = await keyring.newKey("pillar@example.org");
    block = normalPgpBlock(await new Gpg({ home: keyring.home }).encrypt(Buffer.from("canary-pgp"), [fingerprint]));
    await writeFile(join(folder, `${pgpDigest(block)}.asc`), `${block}\n`);
    const read = async (path: string): Promise<string> => {
      reads++;
      return readFile(path, "utf8");
    };
    const ring = { age: await AgeIdentities.parse([{ name: "k", text: identity }]), gpg: undefined };
    sources = [
      new SopsSource(readBelow(join(folder, "sops"), read, realpath), ring),
      new PgpSource((digest) => readBelow(folder, read, realpath)(`${digest}.asc`), new Gpg({ home: keyring.home })),
      new ClusterSecretSource((namespace, name) => {
        const data = new Map([["key", SecretValue.of(Buffer.from("canary-there"))]]);
        return Promise.resolve(namespace === "rook-ceph" && name === "mon" ? data : undefined);
      }),
    ];
  });
  afterAll(async () => {
    await keyring.end();
    await rm(folder, { recursive: true, force: true });
  });

  const pin = async (text: string): Promise<string> => {
    const reference = parseReference(text);
    const source = sources.find((each) => each.kind === reference.kind);
    const sealed = (await source?.sealedText(reference, {})) ?? "";
    return formatReference({ ...reference, digest: sealedDigest(sealed) });
  };
  const secret = (data: Record<string, string>) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "ceph", namespace: "storage" },
    data,
  });
  const refusal = async (text: string): Promise<string> => {
    try {
      await revealObject(secret({ k: text }), sources);
    } catch (error) {
      if (error instanceof FindingError) return error.findings.map(printFinding).join("\n");
      throw error;
    }
    throw new Error("revealed");
  };

  test("sops, pgp and a Secret of the destination in one text", async () => {
    const text = `a=${await pin("?{sops:deep/ceph.yaml#rbd/userKey}")} b=${await pin(`?{pgp:${pgpDigest(block)}}`)} c=${await pin("?{secret:rook-ceph/mon#key}")}`;
    const before = reads;
    const revealed = JSON.parse(Buffer.from((await revealObject(secret({ k: text }), sources)).body()).toString());
    expect(Buffer.from(revealed.data.k, "base64").toString()).toBe("a=canary-sops b=canary-pgp c=canary-there");
    expect(reads - before).toBeLessThanOrEqual(2);
  });

  test("the digest of a PGP message is its reference's own", async () => {
    expect(await pin(`?{pgp:${pgpDigest(block)}}`)).toContain(`sha256=${pgpDigest(block)}`);
  });

  test("what is not there, not sealed, or outside", async () => {
    const digest = `;sha256=${"0".repeat(64)}}`;
    const said = [
      await refusal(`?{sops:none.yaml#a${digest}`),
      await refusal(`?{sops:link.yaml#a${digest}`),
      await refusal(`?{sops:deep/ceph.yaml#rbd/other${digest}`),
      await refusal(`?{sops:deep/ceph.yaml#clear_unencrypted${digest}`),
      await refusal(`?{pgp:${"1".repeat(64)}${digest}`),
      await refusal(
        (await pin("?{secret:rook-ceph/mon#key}"))
          .replace("#key", "#other")
          .replace(/sha256=\w+/, `sha256=${sealedDigest("?{secret:rook-ceph/mon#other}")}`),
      ),
      await refusal(`?{secret:rook-ceph/none#key;sha256=${sealedDigest("?{secret:rook-ceph/none#key}")}}`),
      await refusal(`?{sops:deep/ceph.yaml#rbd/userKey${digest}`),
    ].join("\n");
    expect(said).not.toContain("canary");
    await expect(`${said}\n`).toMatchFileSnapshot("golden/sources.txt");
  });

  test("a changed file is refused as a whole, whichever of its values is wanted", async () => {
    const pinned = await pin("?{sops:deep/ceph.yaml#rbd/userKey}");
    const path = join(folder, "sops/deep/ceph.yaml");
    const whole = await readFile(path, "utf8");
    await writeFile(path, whole.replace("clear_unencrypted: x", "clear_unencrypted: y"));
    try {
      for (const source of sources) await source.wipe?.();
      expect(await refusal(pinned)).toContain("its message authentication code does not fit");
    } finally {
      await writeFile(path, whole);
    }
  });
});
