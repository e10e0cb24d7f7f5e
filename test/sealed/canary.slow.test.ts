import { constants, createCipheriv, generateKeyPairSync, publicEncrypt, randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { createSopsFile, creationRule } from "../../src/unseal/index.ts";
import { gitIn } from "../git/fleet-repository.ts";
import { PROJECT } from "../cli/halite.ts";
import { runWatched } from "./canary-run.ts";
import { CanarySearch, leaksText, plantCanaries } from "./canary-search.ts";
import { sealedFleet } from "./sealed-fleet.ts";

const canaries = plantCanaries("SOPS YAML", "SOPS JSON", "SealedSecret", "unsealed file", "broken file", "private key", "Secret", "bytes");
const search = new CanarySearch(Object.values(canaries));
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

beforeAll(async () => {
  await build();
});

function put(folder: string, files: ReadonlyMap<string, string | Uint8Array>): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** A SOPS file as Halite seals it, to a key that is thrown away. */
async function sops(name: string, plain: string): Promise<string> {
  const recipient = await identityToRecipient(await generateX25519Identity());
  const rule = creationRule(`creation_rules:\n  - age: ${recipient}\n`, ".sops.yaml", name);
  if (rule === undefined) throw new Error("no rule");
  return createSopsFile(Buffer.from(plain), name, { ...rule, gpg: undefined }, "2026-01-02T03:04:05Z");
}

/** A value of a SealedSecret, to a key that is thrown away. */
function sealed(value: string, label: string): string {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = randomBytes(32);
  const wrapped = publicEncrypt(
    { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256", oaepLabel: Buffer.from(label) },
    key,
  );
  const cipher = createCipheriv("aes-256-gcm", key, Buffer.alloc(12));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(wrapped.length);
  return Buffer.concat([length, wrapped, cipher.update(value, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
}

/** The sealed fleet with canaries behind what is sealed. */
async function fleet(): Promise<Map<string, string | Uint8Array>> {
  const files = new Map<string, string | Uint8Array>(sealedFleet());
  const yaml = `rbd:\n    # ${canaries["SOPS YAML"].value}\n    userKey: ${canaries["SOPS YAML"].value}\n    adminKey: x\n`;
  files.set("halite.yaml", 'roster: roster.yaml\nkubernetes: "1.36"\n');
  files.set("secrets/ceph.sops.yaml", await sops("ceph.sops.yaml", yaml));
  files.set("secrets/other.json", await sops("other.json", JSON.stringify({ a: { b: canaries["SOPS JSON"].value } })));
  files.set(
    "states/rest.yaml",
    `${sealedFleet().get("states/rest.yaml") ?? ""}  json: '?{sops:other.json#a/b}'\n---\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: s, namespace: default}\nspec:\n  encryptedData:\n    key: ${sealed(canaries.SealedSecret.value, "default/s")}\n  template: {metadata: {name: s, namespace: default}}\n`,
  );
  files.set(
    "schemas/crds/sealedsecrets.yaml",
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: sealedsecrets.bitnami.com}\nspec:\n  group: bitnami.com\n  scope: Namespaced\n  names: {plural: sealedsecrets, kind: SealedSecret}\n  versions:\n    - {name: v1alpha1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}\n",
  );
  return files;
}

async function folderWith(files: ReadonlyMap<string, string | Uint8Array>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "halite-canary-"));
  folders.push(folder);
  put(folder, files);
  return folder;
}

const STAGES = ["pillar", "top", "high", "low", "files"].map((stage) => ["show", stage, "--cluster", "c1"]);
const COMMANDS: readonly (readonly string[])[] = [
  ["render"],
  ["render", "--check"],
  ["render", "--no-memo", "--out", "again"],
  ...STAGES,
  ["explain", "ceph/secret.yaml", "--cluster", "c1"],
  ...[8, 11, 13].map((line) => ["explain", `ceph/secret.yaml:${line}`, "--cluster", "c1"]),
  ["impact", "secrets/ceph.sops.yaml"],
  ["impact", "pillar:key"],
  ["validate"],
  ["publish"],
  ["render", "--shards", "1", "--shard", "0", "--out", "shard"],
  ["publish", "--rendered", "shard"],
];

describe("no canary is to be found", { timeout: 600_000 }, () => {
  test("in anything that the commands write or print, in the cache, in the published repository, in processes", async () => {
    const folder = await folderWith(await fleet());
    gitIn(folder, "init", "-q", "-b", "main");
    gitIn(folder, "add", ".");
    gitIn(folder, "commit", "-qm", "first");
    put(folder, new Map([["secrets/ceph.sops.yaml", await sops("ceph.sops.yaml", `rbd: {userKey: ${canaries["SOPS YAML"].value}2}\n`)]]));
    gitIn(folder, "commit", "-qam", "another value");
    const diffs = ["text", "markdown", "html", "json"].map((format) => ["diff", "--base", "HEAD~1", "--format", format]);
    const { leaks, statuses, said } = await runWatched(search, folder, [...COMMANDS, ...diffs]);
    const failed = [...statuses].filter(([name, status]) => status !== 0 && !(name.startsWith("diff") && status === 1));
    expect(failed.map(([name]) => name).filter((name) => !/^diff .*--json$/.test(name))).toEqual([]);
    // That something was looked at: the references are everywhere, and the change is seen.
    expect(said).toContain("?{sops:ceph.sops.yaml#rbd/userKey");
    expect(leaksText(leaks)).toBe("");
    expect(leaksText(search.folder(folder))).toBe("");
    for (const repository of [".git", ".halite/addons.git"]) expect(leaksText(await search.repository(join(folder, repository)))).toBe("");
  });

  const mistakes: readonly (readonly [string, Readonly<Record<string, string | Uint8Array>>])[] = [
    ["a file that was not sealed", { "secrets/ceph.sops.yaml": `rbd: {userKey: ${canaries["unsealed file"].value}}\n` }],
    [
      "a file that looks sealed, with a leaf that is not there",
      { "secrets/ceph.sops.yaml": `rbd: {userkey: ${canaries["unsealed file"].value}}\nsops: {}\n` },
    ],
    ["a value that was not sealed", { "secrets/ceph.sops.yaml": `rbd: {userKey: "${canaries["unsealed file"].value}"}\nsops: {mac: x}\n` }],
    ["a file that is no YAML", { "secrets/ceph.sops.yaml": `rbd: {userKey: "${canaries["broken file"].value}\n  x: [\n` }],
    [
      "a file whose key stands twice",
      { "secrets/ceph.sops.yaml": `rbd:\n  userKey: ${canaries["broken file"].value}\n  userKey: ${canaries["broken file"].value}\n` },
    ],
    [
      "a file with an alias that is not there",
      { "secrets/ceph.sops.yaml": `rbd:\n  userKey: ${canaries["broken file"].value}\n  x: *nothing\n` },
    ],
    ["a file that is no JSON", { "secrets/other.json": `{"a": {"b": "${canaries["broken file"].value}",}` }],
    ["a file of bytes", { "secrets/ceph.sops.yaml": Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(canaries.bytes.value)]) }],
    [
      "a private key in a ConfigMap",
      {
        "states/rest.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: default}\ndata:\n  key: |\n    -----BEGIN PRIVATE KEY-----\n    ${canaries["private key"].value}\n    -----END PRIVATE KEY-----\n`,
      },
    ],
    [
      "a value in a Secret in plain text",
      {
        "states/rest.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: default}\nstringData: {key: "${canaries.Secret.value}"}\n`,
      },
    ],
    [
      "a value in a Secret that is no text",
      {
        "states/rest.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: default}\ndata: {key: "${canaries.Secret.value} "}\n`,
      },
    ],
  ];

  test.each(mistakes)("in what is said of %s, nor in what is written", async (_name, files) => {
    const all = new Map([...(await fleet()), ...Object.entries(files)]);
    const folder = await folderWith(all);
    const { leaks, statuses } = await runWatched(search, folder, [
      ["render"],
      ["validate"],
      ["publish"],
      ["publish", "--partial"],
      ["impact", "secrets/ceph.sops.yaml"],
    ]);
    expect(statuses.get("render")).toBe(1);
    expect(statuses.get("publish")).toBe(1);
    expect(leaksText(leaks)).toBe("");
    // The cache holds renders of templates: what stands in a template in plain text stands there too.
    const inTemplate = Object.keys(files).some((path) => path.startsWith("states/"));
    const except = (path: string): boolean => path in files || (inTemplate && path === ".halite/cache");
    expect(leaksText(search.folder(folder, except))).toBe("");
    expect(leaksText(await search.repository(join(folder, ".halite/addons.git")))).toBe("");
  });

  test("in what a crash prints", async () => {
    const folder = await folderWith(await fleet());
    // A program without its schemas ends in an error that nobody foresaw.
    cpSync(join(PROJECT, "dist"), join(folder, "program/dist"), { recursive: true });
    const { leaks, statuses, said } = await runWatched(
      search,
      folder,
      [["render"], ["validate"], ["show", "files", "--cluster", "c1"]],
      join(folder, "program/dist/halite.mjs"),
    );
    expect([...statuses.values()]).toContain(70);
    expect(said).toContain("internal error");
    expect(leaksText(leaks)).toBe("");
    expect(leaksText(search.folder(folder))).toBe("");
  });

  test("and they would be found: the same fleet with a value where the reference stands", async () => {
    const files = await fleet();
    files.set("pillar/ceph.sls", String(files.get("pillar/ceph.sls")).replace("?{sops:ceph.sops.yaml#rbd/userKey}", canaries.Secret.value));
    files.set("halite.yaml", 'roster: roster.yaml\nkubernetes: "1.36"\npolicies: {disable: [policy-secret-plain]}\n');
    const folder = await folderWith(files);
    const { leaks } = await runWatched(search, folder, [
      ["render"],
      ["show", "files", "--cluster", "c1"],
      ["publish", "--allow-plain", "a/c1/ceph/secret.yaml"],
    ]);
    expect(leaksText(leaks)).toContain("standard output of show files --cluster c1");
    expect(leaksText(search.folder(join(folder, "out")))).toContain("canary of Secret in a/c1/ceph/secret.yaml, base64 at 0");
    expect(leaksText(search.folder(join(folder, ".halite/cache")))).toContain("canary of Secret");
    expect(leaksText(await search.repository(join(folder, ".halite/addons.git")))).toContain("canary of Secret");
  });
});
