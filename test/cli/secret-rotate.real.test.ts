import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { newKeyring, type Keyring } from "../real/gnupg.ts";
import { goTool } from "../real/go-tools.ts";
import { mustRun } from "../real/run.ts";
import { haveBarbican, startBarbican, type Service } from "../sealed/barbican-service.ts";
import { sealingPair, type SealingPair } from "../sealed/certificate.ts";
import { HALITE, inTemporaryFolder } from "./halite.ts";
import { secret } from "./secret-command.ts";

const haveGpg = spawnSync("gpg", ["--version"]).status === 0;
const haveKubeseal = existsSync(goTool("kubeseal"));

function put(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const CRD = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: sealedsecrets.bitnami.com}
spec:
  group: bitnami.com
  scope: Namespaced
  names: {plural: sealedsecrets, kind: SealedSecret}
  versions:
    - {name: v1alpha1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`;

/** Two clusters, c1 and c2, whose addon ceph is what states/secret.yaml says. */
function writeFleet(folder: string, sealed: string, pillar: string, manifest: string): void {
  put(folder, {
    "halite.yaml": `roster: roster.yaml\nkubernetes: "1.36"\nsealed:\n${sealed}`,
    "roster.yaml": "c1: {minion_opts: {grains: {az: a}}}\nc2: {minion_opts: {grains: {az: b}}}\n",
    "pillar/top.sls": "base:\n  '*': [common]\n  c1: [ceph]\n",
    "pillar/common.sls": "user: kubernetes\n",
    "pillar/ceph.sls": pillar,
    "states/top.sls": "base:\n  c1: [ceph]\n",
    "states/ceph.sls":
      "ceph:\n  file.managed:\n    - name: /etc/kubernetes/addons/ceph/secret.yaml\n    - source: salt://secret.yaml\n    - template: jinja\n    - makedirs: True\n",
    "states/secret.yaml": manifest,
    "schemas/crds/sealedsecrets.yaml": CRD,
  });
}

const SECRET =
  "apiVersion: v1\nkind: Secret\nmetadata: {name: ceph, namespace: default}\nstringData:\n  key: {{ pillar.key | json }}\n  again: {{ pillar.again | json }}\n";

beforeAll(() => build());

describe.skipIf(!haveGpg)("PGP messages in pillar", () => {
  let keyring: Keyring;
  let [mine, first, second] = ["", "", ""];
  beforeAll(async () => {
    keyring = await newKeyring();
    mine = await keyring.newKey("engineer@example.org");
    first = await keyring.newKey("cluster-1@example.org");
    second = await keyring.newKey("cluster-2@example.org");
  });
  afterAll(() => keyring.end());

  const settings = (recipients: string, cluster: string): string =>
    `  pgp: {home: ${keyring.home}, recipients: [${recipients}]}\n  clusters:\n    c1: {pgp: ${cluster}}\n    c2: {pgp: ${second}}\n`;
  const masked = (text: string): string =>
    text
      .replaceAll(mine, "ENGINEER")
      .replaceAll(first, "FIRST")
      .replaceAll(second, "SECOND")
      .replaceAll(/[0-9a-f]{12}…/g, "DIGEST…")
      .replaceAll(/PGP [0-9A-F]{16}\b/g, "PGP ID");
  const opened = async (message: string): Promise<string> =>
    mustRun("gpg", ["--homedir", keyring.home, "--batch", "--quiet", "-d"], { input: message });

  test("sealed anew to whom they are for; what is as it should be and every other byte stays; in each form", () =>
    inTemporaryFolder(async (folder) => {
      writeFleet(folder, settings(mine, first), "x: 1\n", SECRET);
      const seal = async (value: string): Promise<string> =>
        (await secret(folder, ["seal", "pgp:", "--clusters", "c1"], value)).stdout.trimEnd();
      const [kept, block] = [await seal("canary kept"), await seal("canary one")];
      const pillar = `#!yaml|gpg\n# a comment\nkey: |\n${block.replaceAll(/^(?=.)/gm, "    ")}\nagain: "${block.replaceAll("\n", "\\n")}\\n"  # on one line\nlast:   odd   spaces\n`;
      put(folder, { "pillar/ceph.sls": pillar });
      expect(await secret(folder, ["rotate", "--check"])).toMatchObject({ status: 0, stderr: "" });

      // Another key for the cluster.
      const third = await keyring.newKey(`cluster-3-${kept.length}@example.org`);
      writeFileSync(join(folder, "halite.yaml"), readFileSync(join(folder, "halite.yaml"), "utf8").replace(first, third));
      const check = await secret(folder, ["rotate", "--check"]);
      await expect(`${masked(check.stdout).replaceAll(third, "THIRD")}${check.stderr}→ ${check.status}\n`).toMatchFileSnapshot(
        "golden/secret/rotate-pgp-check.txt",
      );
      expect(readFileSync(join(folder, "pillar/ceph.sls"), "utf8")).toBe(pillar);

      const rotated = await secret(folder, ["rotate", "--json"]);
      expect(rotated.stderr).toBe("");
      const report = JSON.parse(rotated.stdout);
      expect(report).toMatchObject({ files: [], sealedSecrets: [], findings: [] });
      expect(report.messages).toHaveLength(2);
      const [{ message, replacedBy }] = report.messages;
      expect(report.messages).toEqual(
        [3, 4].map((_, index) => ({
          message,
          at: `pillar/ceph.sls:${index === 0 ? 4 : 4 + block.split("\n").length}`,
          from: "halite.yaml",
          added: [`PGP ${third}`],
          removed: [expect.stringMatching(/^PGP [0-9A-F]{16}$/)],
          changed: true,
          replacedBy,
        })),
      );
      const after = readFileSync(join(folder, "pillar/ceph.sls"), "utf8");
      const frame = (text: string): string => text.replaceAll(/-----BEGIN PGP MESSAGE-----[\s\S]*?-----END PGP MESSAGE-----/g, "MESSAGE");
      expect(frame(after)).toBe(frame(pillar));
      const blocks = [...after.matchAll(/-----BEGIN PGP MESSAGE-----[\s\S]*?-----END PGP MESSAGE-----/g)].map(([each]) => each);
      expect(blocks[0]?.split("\n").every((line, index) => index === 0 || line === "" || line.startsWith("    "))).toBe(true);
      for (const each of blocks) expect(await opened(each.replaceAll("\\n", "\n").replaceAll(/^ +/gm, ""))).toBe("canary one");
      expect((await secret(folder, ["rotate", "--check"])).status).toBe(0);
      expect((await secret(folder, ["verify"])).stdout).toContain("1 reference and 0 SealedSecrets in 2 clusters; 1 opened here");
      // Nothing is to do: not a byte changes; anew, it does.
      expect(
        JSON.parse((await secret(folder, ["rotate", "--json"])).stdout).messages.map((each: { changed: boolean }) => each.changed),
      ).toEqual([false, false]);
      expect(readFileSync(join(folder, "pillar/ceph.sls"), "utf8")).toBe(after);
      expect((await secret(folder, ["rotate", "--new-data-key", "pillar/ceph.sls"])).status).toBe(0);
      expect(readFileSync(join(folder, "pillar/ceph.sls"), "utf8")).not.toBe(after);
    }));

  test("what can't be opened, is written in a form of its own, or is used by what does not compile, stays; each is said", () =>
    inTemporaryFolder(async (folder) => {
      writeFleet(folder, settings(mine, first), "x: 1\n", SECRET);
      const block = (await secret(folder, ["seal", "pgp:", "--clusters", "c1"], "canary")).stdout.trimEnd();
      const foreign = await newKeyring();
      try {
        const theirs = await foreign.newKey("them@example.org");
        const closed = await mustRun(
          "gpg",
          ["--homedir", foreign.home, "--batch", "--quiet", "--armor", "--trust-model", "always", "-r", theirs, "--encrypt"],
          { input: "canary" },
        );
        const pillar = `#!yaml|gpg\nkey: |\n${closed.trimEnd().replaceAll(/^(?=.)/gm, "  ")}\nagain: "${block.replaceAll("\n", "\\n\\\n  ")}"\n`;
        put(folder, { "pillar/ceph.sls": pillar });
        const anew = await secret(folder, ["rotate", "--new-data-key"]);
        expect(anew.status).toBe(1);
        expect(anew.stderr).toContain("pillar/ceph.sls:3: error: the PGP message can't be decrypted");
        expect(anew.stderr).toContain("a form that can't be replaced");
        expect(readFileSync(join(folder, "pillar/ceph.sls"), "utf8")).toBe(pillar);
        put(folder, { "states/secret.yaml": "kind: [\n" });
        const broken = await secret(folder, ["rotate"]);
        expect(broken.status).toBe(1);
        expect(broken.stderr).toContain("can't be told: c1/ceph does not compile");
        expect(broken.stderr).not.toContain("canary");
        expect(readFileSync(join(folder, "pillar/ceph.sls"), "utf8")).toBe(pillar);
      } finally {
        await foreign.end();
      }
    }));

  test("list names who can open them", () =>
    inTemporaryFolder(async (folder) => {
      writeFleet(folder, settings(mine, first), "x: 1\n", SECRET);
      const block = (await secret(folder, ["seal", "pgp:", "--clusters", "c1"], "canary")).stdout.trimEnd();
      put(folder, { "pillar/ceph.sls": `#!yaml|gpg\nkey: |\n${block.replaceAll(/^(?=.)/gm, "  ")}\nagain: x\n` });
      expect((await secret(folder, ["list"])).stdout).toMatch(/^pgp:[0-9a-f]{12}…\s+not committed\s+operators, c1\s+pillar\/ceph\.sls:3$/m);
    }));
});

test("SOPS files with --json", () =>
  inTemporaryFolder(async (folder) => {
    const [own, cluster] = await Promise.all([generateX25519Identity(), generateX25519Identity()]);
    const [recipient, other] = await Promise.all([identityToRecipient(own), identityToRecipient(cluster)]);
    writeFleet(
      folder,
      `  age: {recipients: [${recipient}], identities: [keys.txt]}\n`,
      "key: '?{sops:a.yaml#k}'\nagain: '?{sops:a.yaml#k}'\n",
      SECRET,
    );
    put(folder, { "keys.txt": `${own}\n` });
    await secret(folder, ["seal", "a.yaml#k"], "canary");
    const before = readFileSync(join(folder, "secrets/a.yaml"), "utf8");
    put(folder, { "halite.yaml": `${readFileSync(join(folder, "halite.yaml"), "utf8")}  clusters: {c1: {age: ${other}}}\n` });
    const expected = { file: "secrets/a.yaml", from: "halite.yaml", added: [other], removed: [], changed: true };
    const check = await secret(folder, ["rotate", "--check", "--json"]);
    expect(check.status).toBe(1);
    expect(JSON.parse(check.stdout)).toEqual({ files: [expected], messages: [], sealedSecrets: [], findings: [] });
    expect(readFileSync(join(folder, "secrets/a.yaml"), "utf8")).toBe(before);
    const rotated = await secret(folder, ["rotate", "--json", "a.yaml"]);
    expect(rotated.status).toBe(0);
    expect(JSON.parse(rotated.stdout)).toEqual({ files: [expected], messages: [], sealedSecrets: [], findings: [] });
    const after = readFileSync(join(folder, "secrets/a.yaml"), "utf8");
    expect(before.split("\n").filter((line) => !after.split("\n").includes(line))).toEqual([]);
    expect(JSON.parse((await secret(folder, ["rotate", "--check", "--json"])).stdout).files).toEqual([
      { ...expected, added: [], changed: false },
    ]);
    // Who uses it can't be told where an addon fails: nobody is shut out.
    put(folder, { "states/secret.yaml": "kind: [\n" });
    const failed = await secret(folder, ["rotate", "--json"]);
    expect(failed.status).toBe(1);
    expect(JSON.parse(failed.stdout)).toMatchObject({ files: [], findings: [{ code: "sealed-users-unknown", severity: "error" }] });
    expect(readFileSync(join(folder, "secrets/a.yaml"), "utf8")).toBe(after);
    expect(await secret(folder, ["rotate", "--clusters", "c1"])).toMatchObject({ status: 2 });
  }));

describe.skipIf(!haveKubeseal)("SealedSecrets", () => {
  let [old, fresh, other]: SealingPair[] = [];
  beforeAll(async () => {
    [old, fresh, other] = await Promise.all([sealingPair(), sealingPair(), sealingPair(3072)]);
  });

  test("values that a key given opens are sealed to the new certificate; others and every other byte stay; kubeseal opens the result", () =>
    inTemporaryFolder(async (folder) => {
      writeFleet(folder, "  clusters:\n    c1: {certificate: c1.pem}\n", "key: x\n", "");
      put(folder, { "c1.pem": old?.certificate ?? "", "old.pem": old?.privateKey ?? "", "fresh.pem": fresh?.privateKey ?? "" });
      const blob = async (key: string, value: string): Promise<string> => {
        const made = await secret(folder, ["seal", `default/ceph#${key}`, "--cluster", "c1"], value);
        return new RegExp(`${key}: (\\S+)`).exec(made.stdout)?.[1] ?? "";
      };
      const [userKey, inPillar] = [await blob("userKey", "canary one"), await blob("inPillar", "canary two")];
      put(folder, { "c1.pem": fresh?.certificate ?? "" });
      const kept = await blob("kept", "canary three");
      const manifest = `# {{ pillar.user }}\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: ceph,   namespace: default}\nspec:\n  encryptedData:\n    userKey: ${userKey}   # the old one\n    inPillar: {{ pillar.blob }}\n    kept: "${kept}"\n  template: {metadata: {name: ceph, namespace: default}}\n`;
      put(folder, { "states/secret.yaml": manifest, "pillar/ceph.sls": `blob: ${inPillar}\n` });

      const blind = await secret(folder, ["rotate", "--check"]);
      expect(blind).toEqual({
        status: 0,
        stdout: "3 values of SealedSecrets: whether sealed to the present certificate only the controller's keys tell (--sealing-keys)\n",
        stderr: "",
      });
      put(folder, { "keys.pem": `${fresh?.privateKey}${old?.privateKey}` });
      const check = await secret(folder, ["rotate", "--check", "--sealing-keys", "keys.pem"]);
      expect(check).toEqual({
        status: 1,
        stdout:
          "pillar/ceph.sls:1: SealedSecret default/ceph#inPillar: is not sealed to c1.pem\nstates/secret.yaml:9: SealedSecret default/ceph#kept: is sealed to c1.pem\nstates/secret.yaml:7: SealedSecret default/ceph#userKey: is not sealed to c1.pem\n",
        stderr: "",
      });
      expect(readFileSync(join(folder, "states/secret.yaml"), "utf8")).toBe(manifest);

      const rotated = await secret(folder, ["rotate", "--sealing-keys", "keys.pem", "--json"]);
      expect(rotated).toMatchObject({ status: 0, stderr: "" });
      const report = JSON.parse(rotated.stdout);
      expect(report).toMatchObject({ files: [], messages: [], findings: [] });
      expect(report.sealedSecrets).toEqual([
        { name: "default/ceph#inPillar", at: "pillar/ceph.sls:1", from: "c1.pem", clusters: ["c1"], changed: true },
        { name: "default/ceph#kept", at: "states/secret.yaml:9", from: "c1.pem", clusters: ["c1"], changed: false },
        { name: "default/ceph#userKey", at: "states/secret.yaml:7", from: "c1.pem", clusters: ["c1"], changed: true },
      ]);
      const after = readFileSync(join(folder, "states/secret.yaml"), "utf8");
      const newBlob = /userKey: (\S+)/.exec(after)?.[1] ?? "";
      expect(newBlob).not.toBe(userKey);
      expect(after.replace(newBlob, userKey)).toBe(manifest);
      await mustRun(process.execPath, [HALITE, "render", "--clusters", "c1"], { cwd: folder });
      const compiled = readFileSync(join(folder, "out/a/c1/ceph/secret.yaml"), "utf8");
      const opened = JSON.parse(
        await mustRun(goTool("kubeseal"), ["--recovery-unseal", "--recovery-private-key", "fresh.pem", "-o", "json"], {
          cwd: folder,
          input: compiled,
        }),
      );
      const plain = Object.fromEntries(
        Object.entries(opened.data as Record<string, string>).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
      );
      expect(plain).toEqual({ userKey: "canary one", inPillar: "canary two", kept: "canary three" });
      expect((await secret(folder, ["rotate", "--check", "--sealing-keys", "fresh.pem"])).status).toBe(0);
      expect((await secret(folder, ["verify", "--sealing-keys", "fresh.pem"])).status).toBe(0);
      expect((await secret(folder, ["verify", "--sealing-keys", "old.pem"])).status).toBe(1);
    }));

  test("refused: no key opens it, no certificate, one that has run out, clusters with several; a larger key shows without one", () =>
    inTemporaryFolder(async (folder) => {
      writeFleet(folder, "  clusters:\n    c1: {certificate: c1.pem}\n", "key: x\n", "");
      put(folder, { "c1.pem": old?.certificate ?? "", "other.pem": other?.privateKey ?? "", "old.pem": old?.privateKey ?? "" });
      const made = await secret(folder, ["seal", "default/ceph#k", "--cluster", "c1"], "canary");
      put(folder, { "states/secret.yaml": made.stdout });
      const said: string[] = [];
      const run = async (...args: string[]): Promise<void> => {
        const { status, stdout, stderr } = await secret(folder, ["rotate", ...args]);
        said.push(`$ halite secret rotate ${args.join(" ")}\n${stdout}${stderr}→ ${status}\n`);
      };
      await run("--sealing-keys", "other.pem");
      put(folder, { "c1.pem": other?.certificate ?? "" });
      await run("--check");
      const expired = await sealingPair(2048, "20200101000000Z", "20210101000000Z");
      put(folder, { "c1.pem": expired.certificate });
      await run("--sealing-keys", "old.pem");
      await run("--sealing-keys", "c1.pem");
      put(folder, {
        "states/top.sls": "base:\n  '*': [ceph]\n",
        "c1.pem": old?.certificate ?? "",
        "c2.pem": fresh?.certificate ?? "",
      });
      await run("--sealing-keys", "old.pem");
      put(folder, { "halite.yaml": `${readFileSync(join(folder, "halite.yaml"), "utf8")}    c2: {certificate: c2.pem}\n` });
      await run("--sealing-keys", "old.pem");
      put(folder, { "states/secret.yaml": `${made.stdout}---\nkind: [\n` });
      await run("--sealing-keys", "old.pem");
      expect(said.join("")).not.toContain("canary");
      await expect(said.join("\n")).toMatchFileSnapshot("golden/secret/rotate-sealed-secrets.txt");
      expect(readFileSync(join(folder, "states/secret.yaml"), "utf8")).toBe(`${made.stdout}---\nkind: [\n`);
    }));
});

describe.skipIf(!haveBarbican)("list of all kinds", () => {
  let service: Service;
  beforeAll(async () => {
    service = await startBarbican();
  });
  afterAll(() => service?.stop());

  test("with age by git and by Barbican, and who can open each", () =>
    inTemporaryFolder(async (folder) => {
      const git = (...args: string[]): void => {
        const date = "2024-01-02T03:04:05Z";
        const done = spawnSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
          cwd: folder,
          env: { PATH: process.env["PATH"] ?? "", HOME: folder, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
        });
        if (done.status !== 0) throw new Error(done.stderr.toString());
      };
      const own = await generateX25519Identity();
      const pair = await sealingPair();
      writeFleet(
        folder,
        `  age: {recipients: [${await identityToRecipient(own)}], identities: [keys.txt]}\n  barbican: {endpoint: "${service.url}", project: storage}\n  clusters: {c1: {certificate: c1.pem}}\n`,
        "key: '?{barbican:ceph@2}'\nagain: '?{secret:rook-ceph/mon#key}'\nsops: '?{sops:a.yaml#k}'\n",
        `${SECRET}  sops: {{ pillar.sops }}\n`,
      );
      put(folder, { "c1.pem": pair.certificate, "keys.txt": `${own}\n` });
      await secret(folder, ["seal", "a.yaml#k"], "canary");
      const made = await secret(folder, ["seal", "default/s#k", "--cluster", "c1"], "canary");
      put(folder, { "states/secret.yaml": `${readFileSync(join(folder, "states/secret.yaml"), "utf8")}---\n${made.stdout}` });
      git("init", "-q");
      git("add", "-A");
      git("commit", "-qm", "x");
      const missing = await secret(folder, ["list"]);
      expect(missing.status).toBe(1);
      expect(missing.stderr).toContain("has no secret called ceph");
      await secret(folder, ["seal", "barbican:ceph@2"], "canary");
      const listed = await secret(folder, ["list", "--json"]);
      expect(listed).toMatchObject({ status: 0, stderr: "" });
      const { sealed, findings } = JSON.parse(listed.stdout);
      expect(findings).toEqual([]);
      const old = "2024-01-02T03:04:05.000Z";
      expect(sealed).toEqual([
        {
          kind: "sops",
          name: "a.yaml#k",
          at: "secrets/a.yaml:1",
          since: old,
          why: null,
          committed: true,
          recipients: [await identityToRecipient(own)],
        },
        {
          kind: "sealed-secret",
          name: "default/s#k",
          at: expect.stringMatching(/^states\/secret\.yaml:\d+$/),
          since: old,
          why: null,
          committed: true,
          recipients: ["sealed-secrets of c1"],
        },
        {
          kind: "barbican",
          name: "barbican:ceph@2",
          at: "pillar/ceph.sls:1",
          since: expect.stringMatching(/^20\d\d-/),
          why: null,
          committed: true,
          recipients: ["project storage"],
        },
        {
          kind: "secret",
          name: "secret:rook-ceph/mon#key",
          at: "pillar/ceph.sls:2",
          since: null,
          why: "only the cluster knows: --kubeconfig",
          committed: true,
          recipients: ["readers in c1"],
        },
      ]);
      expect(Date.parse(sealed[2].since)).toBeGreaterThan(Date.now() - 600_000);
      const offline = JSON.parse((await secret(folder, ["list", "--json", "--offline"])).stdout).sealed;
      expect(offline[2]).toMatchObject({ kind: "barbican", since: old, recipients: [] });
      const text = await secret(folder, ["list"]);
      await expect(text.stdout.replaceAll(/\d+ d/g, "N d").replaceAll(/ {2,}/g, "  ").replaceAll(/:\d+$/gm, ":N")).toMatchFileSnapshot(
        "golden/secret/list-all.txt",
      );
      const older = await secret(folder, ["list", "--older-than", "100"]);
      expect(older.status).toBe(1);
      expect(older.stdout).not.toContain("barbican");
      // Its access list says who may read it.
      const found = await fetch(`${service.url}/v1/secrets?name=ceph`, { headers: { "x-project-id": "storage" } });
      const id = JSON.parse(await found.text())
        .secrets[0].secret_ref.split("/")
        .at(-1);
      await fetch(`${service.url}/v1/secrets/${id}/acl`, {
        method: "PUT",
        headers: { "x-project-id": "storage", "content-type": "application/json" },
        body: JSON.stringify({ read: { users: ["ann"], "project-access": false } }),
      });
      expect(JSON.parse((await secret(folder, ["list", "--json"])).stdout).sealed[2].recipients).toEqual(["user ann"]);
    }));
});
