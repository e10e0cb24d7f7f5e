import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { build } from "../../scripts/build.mjs";
import { newKeyring, type Keyring } from "../real/gnupg.ts";
import { goTool } from "../real/go-tools.ts";
import { mustRun } from "../real/run.ts";
import { haveBarbican, startBarbican, type Service } from "../sealed/barbican-service.ts";
import { sealingPair, type SealingPair } from "../sealed/certificate.ts";
import { inTemporaryFolder } from "./halite.ts";
import { secret } from "./secret-command.ts";

const haveGpg = spawnSync("gpg", ["--version"]).status === 0;
const haveKubeseal = existsSync(goTool("kubeseal"));

/** A fleet of one cluster with these sealed settings and manifest. */
function writeFleet(folder: string, sealed: string, pillar: string, manifest: string): void {
  const files: Record<string, string> = {
    "halite.yaml": `roster: roster.yaml\nkubernetes: "1.36"\nsealed:\n${sealed}`,
    "roster.yaml": "c1: {minion_opts: {grains: {az: a}}}\n",
    "pillar/top.sls": "base:\n  '*': [ceph]\n",
    "pillar/ceph.sls": pillar,
    "states/top.sls": "base:\n  '*': [ceph]\n",
    "states/ceph.sls":
      "ceph:\n  file.managed:\n    - name: /etc/kubernetes/addons/ceph/secret.yaml\n    - source: salt://secret.yaml\n    - template: jinja\n    - makedirs: True\n",
    "states/secret.yaml": manifest,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: ceph, namespace: default}\nstringData:\n  key: {{ pillar.key }}\n";

beforeAll(() => build());

describe.skipIf(!haveGpg)("PGP messages", () => {
  let keyring: Keyring;
  let [mine, theirs] = ["", ""];
  beforeAll(async () => {
    keyring = await newKeyring();
    mine = await keyring.newKey("engineer@example.org");
    theirs = await keyring.newKey("cluster@example.org");
  });
  afterAll(() => keyring.end());

  test("sealed, put into pillar, listed, verified; gpg opens them; sealed to others only, verify says so", () =>
    inTemporaryFolder(async (folder) => {
      const sealed = (cluster: string): string =>
        `  pgp: {home: ${keyring.home}, recipients: [${mine}]}\n  clusters:\n    c1: {pgp: ${cluster}}\n`;
      writeFleet(folder, sealed(theirs), "key: x\n", SECRET);
      const made = await secret(folder, ["seal", "pgp:"], "canary-pgp");
      expect(made).toMatchObject({ status: 0, stderr: "" });
      expect(await mustRun("gpg", ["--homedir", keyring.home, "--batch", "--quiet", "-d"], { input: made.stdout })).toBe("canary-pgp");
      const pillar = `#!yaml|gpg\nkey: |\n${made.stdout.replaceAll(/^(?=.)/gm, "  ")}`;
      writeFileSync(join(folder, "pillar/ceph.sls"), pillar);
      expect(await secret(folder, ["verify"])).toEqual({
        status: 0,
        stdout: "1 reference and 0 SealedSecrets in 1 cluster; 1 opened here: no findings\n",
        stderr: "",
      });
      const listed = JSON.parse((await secret(folder, ["list", "--json"])).stdout);
      expect(listed.sealed).toMatchObject([{ kind: "pgp", at: "pillar/ceph.sls:3", since: null, committed: false }]);
      expect(listed.sealed[0].recipients).toHaveLength(2);
      const other = await keyring.newKey("other@example.org");
      writeFileSync(join(folder, "halite.yaml"), readFileSync(join(folder, "halite.yaml"), "utf8").replace(theirs, other));
      const closed = await secret(folder, ["verify"]);
      expect(closed.status).toBe(1);
      expect(closed.stderr).toMatch(
        /error: PGP message [0-9a-f]{12}… is sealed to [0-9A-F]{16}, [0-9A-F]{16}, and to none of the cluster's keys \[sealed-cannot-open\]/,
      );
    }));

  test("a SOPS file for PGP alone: sealed, and opened with gpg for the next value", () =>
    inTemporaryFolder(async (folder) => {
      writeFleet(folder, `  pgp: {home: ${keyring.home}, recipients: [${mine}]}\n`, "key: '?{sops:a.yaml#b}'\n", SECRET);
      expect((await secret(folder, ["seal", "a.yaml#b"], "canary")).status).toBe(0);
      expect((await secret(folder, ["seal", "a.yaml#c"], "canary")).status).toBe(0);
      expect((await secret(folder, ["verify"])).stdout).toContain("1 opened here");
    }));
});

describe.skipIf(!haveKubeseal)("SealedSecrets", () => {
  let pair: SealingPair;
  let other: SealingPair;
  beforeAll(async () => {
    [pair, other] = await Promise.all([sealingPair(), sealingPair(3072)]);
  });

  test("made, added to, opened by kubeseal; verify holds them against the certificate and the keys", () =>
    inTemporaryFolder(async (folder) => {
      writeFleet(folder, "  clusters:\n    c1: {certificate: c1.pem}\n", "key: x\n", "");
      writeFileSync(join(folder, "c1.pem"), pair.certificate);
      writeFileSync(join(folder, "key.pem"), pair.privateKey);
      writeFileSync(join(folder, "other.pem"), other.privateKey);
      const first = await secret(folder, ["seal", "default/ceph#userKey", "--cluster", "c1", "--type", "kubernetes.io/rbd"], "canary one");
      expect(first.stderr).toBe("");
      expect(parse(first.stdout)).toMatchObject({
        kind: "SealedSecret",
        metadata: { name: "ceph", namespace: "default" },
        spec: { template: { type: "kubernetes.io/rbd" } },
      });
      writeFileSync(join(folder, "states/secret.yaml"), first.stdout);
      const second = await secret(
        folder,
        ["seal", "default/ceph#adminKey", "--kubeseal-cert", "c1.pem", "--into", "states/secret.yaml"],
        "canary two",
      );
      expect(second).toEqual({ status: 0, stdout: "sealed adminKey into states/secret.yaml\n", stderr: "" });
      const text = readFileSync(join(folder, "states/secret.yaml"), "utf8");
      expect(text).toContain(parse(first.stdout).spec.encryptedData.userKey);
      const opened = JSON.parse(
        await mustRun(goTool("kubeseal"), ["--recovery-unseal", "--recovery-private-key", "key.pem", "-o", "json"], {
          cwd: folder,
          input: text,
        }),
      );
      expect(Buffer.from(opened.data.userKey, "base64").toString()).toBe("canary one");
      expect(Buffer.from(opened.data.adminKey, "base64").toString()).toBe("canary two");
      const wrong = await secret(
        folder,
        ["seal", "default/other#k", "--kubeseal-cert", "c1.pem", "--into", "states/secret.yaml"],
        "canary",
      );
      expect(wrong.stderr).toContain("it holds default/ceph, strict, and not default/other, strict");
      expect(readFileSync(join(folder, "states/secret.yaml"), "utf8")).toBe(text);
      // The fleet knows no such kind without its definition; that is for validate to say.
      expect((await secret(folder, ["verify", "--sealing-keys", "key.pem"])).stdout).toContain("SealedSecret");
      const others = await secret(folder, ["verify", "--sealing-keys", "other.pem", "--json"]);
      const report = JSON.parse(others.stdout);
      if (report.sealedSecrets > 0) expect(JSON.stringify(report.findings)).toContain("none of the sealing keys given opens it");
    }));
});

describe.skipIf(!haveBarbican)("Barbican", () => {
  let service: Service;
  beforeAll(async () => {
    service = await startBarbican();
  });
  afterAll(() => service?.stop());

  test("stored, verified, replaced only when told to", () =>
    inTemporaryFolder(async (folder) => {
      writeFleet(folder, `  barbican: {endpoint: "${service.url}", project: storage}\n`, "key: '?{barbican:ceph@1}'\n", SECRET);
      const missing = await secret(folder, ["verify"]);
      expect(missing.status).toBe(1);
      expect(missing.stderr).toContain("has no secret called ceph");
      const stored = await secret(folder, ["seal", "barbican:ceph@1"], "canary");
      expect(stored.stdout).toMatch(/^stored as [0-9a-f-]{36}\n\?\{barbican:ceph@1\}\n$/);
      expect((await secret(folder, ["verify"])).status).toBe(0);
      const again = await secret(folder, ["seal", "barbican:ceph@2"], "canary");
      expect(again.status).toBe(1);
      expect(again.stderr).toContain("Barbican has a secret called ceph already");
      const replaced = await secret(folder, ["seal", "barbican:ceph", "--replace"], "canary new");
      expect(replaced.stdout).toContain("the reference has no @VERSION");
      expect((await secret(folder, ["verify"])).status).toBe(0);
      const read = await fetch(`${service.url}/v1/secrets?name=ceph`, { headers: { "x-project-id": "storage" } });
      expect((await read.json()) as { total: number }).toMatchObject({ total: 1 });
    }));
});
