import { spawnSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { FindingError, printFinding } from "../../src/finding/index.ts";
import {
  newSealedSecret,
  openBlob,
  readCertificate,
  readSealedSecret,
  readSealingKeys,
  sealBlob,
  SEALING_SCOPES,
  blobBits,
} from "../../src/unseal/index.ts";
import { Client, startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { freePorts } from "../control-plane/ports.ts";
import { Program } from "../control-plane/process.ts";
import { goModule, goTool } from "../real/go-tools.ts";
import { mustRun, runReal } from "../real/run.ts";
import { sealingPair, type SealingPair } from "./certificate.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const haveKubeseal = existsSync(goTool("kubeseal"));
const haveController =
  existsSync(goTool("sealed-secrets-controller")) && process.getuid?.() === 0 && spawnSync("unshare", ["--version"]).status === 0;
const VALUES: readonly (readonly [string, Buffer])[] = [
  ["text", Buffer.from('pa"ss wörd\n')],
  ["bytes", Buffer.from(Uint8Array.from({ length: 256 }, (_, index) => index))],
  ["one", Buffer.from("x")],
];

describe("sealed values", () => {
  let pair: SealingPair;
  let folder: string;
  beforeAll(async () => {
    pair = await sealingPair();
    folder = await mkdtemp(join(tmpdir(), "halite-sealed-"));
    await writeFile(join(folder, "cert.pem"), pair.certificate);
    await writeFile(join(folder, "key.pem"), pair.privateKey, { mode: 0o600 });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("any bytes come back, and only where they are tied to (property)", () => {
    const { key } = readCertificate(pair.certificate, "cert.pem", NOW);
    const keys = readSealingKeys(pair.privateKey, "key.pem");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...SEALING_SCOPES), (bytes, scope) => {
        const blob = sealBlob(key, bytes, scope, "ns", "name");
        expect(openBlob(keys, blob, scope, "ns", "name")?.reveal("verify")).toEqual(bytes);
        expect(blobBits(blob)).toBe(2048);
        expect(openBlob(keys, blob, scope, "ns", "other") !== undefined).toBe(scope !== "strict");
        expect(openBlob(keys, blob, scope, "elsewhere", "name") !== undefined).toBe(scope === "cluster-wide");
        const changed = Buffer.from(blob, "base64");
        changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
        expect(openBlob(keys, changed.toString("base64"), scope, "ns", "name")).toBeUndefined();
      }),
      { numRuns: 25 },
    );
  });

  test("certificates, objects and key files that can't be used", async () => {
    const old = await sealingPair(2048, "20200101000000Z", "20210101000000Z");
    const said = (run: () => unknown): string => {
      try {
        run();
      } catch (error) {
        if (error instanceof FindingError) return error.findings.map(printFinding).join("\n");
        throw error;
      }
      return "not refused";
    };
    const object = (metadata: object, spec: object): Parameters<typeof readSealedSecret>[0] =>
      JSON.parse(JSON.stringify({ kind: "SealedSecret", metadata, spec }));
    const lines = [
      said(() => readCertificate(old.certificate, "cert.pem", NOW)),
      said(() => readCertificate("x", "cert.pem", NOW)),
      said(() => readSealedSecret(object({}, {}), "a.yaml")),
      said(() => readSealedSecret(object({ name: "a" }, { encryptedData: {} }), "a.yaml")),
      said(() => readSealedSecret(object({ name: "a", namespace: "b" }, { data: "AgA" }), "a.yaml")),
      said(() => readSealedSecret(object({ name: "a", namespace: "b" }, { encryptedData: { k: "cGxhaW4=" } }), "a.yaml")),
      said(() => readSealingKeys("-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----", "keys.yaml")),
    ];
    expect(lines.join("\n")).not.toContain("CANARY");
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("golden/sealed-secret.txt");
  });

  describe.skipIf(!haveKubeseal)("kubeseal", () => {
    test.each(SEALING_SCOPES)("--recovery-unseal opens what Halite seals: %s", async (scope) => {
      const { key } = readCertificate(pair.certificate, "cert.pem", NOW);
      const target = { name: "ceph", namespace: scope === "cluster-wide" ? null : "storage", scope, type: "kubernetes.io/rbd" };
      const object = newSealedSecret(
        target,
        new Map(VALUES.map(([name, value]) => [name, sealBlob(key, value, scope, target.namespace ?? "", "ceph")])),
      );
      await writeFile(join(folder, "sealed.json"), JSON.stringify(object));
      const opened = JSON.parse(
        await mustRun(goTool("kubeseal"), ["--recovery-unseal", "--recovery-private-key", "key.pem", "-o", "json"], {
          cwd: folder,
          input: JSON.stringify(object),
        }),
      );
      expect(opened).toMatchObject({ kind: "Secret", type: "kubernetes.io/rbd", metadata: { name: "ceph" } });
      for (const [name, value] of VALUES) expect(Buffer.from(opened.data[name], "base64").equals(value)).toBe(true);
      // Tied to another name or namespace it stays shut.
      for (const change of [{ name: "other" }, { namespace: "elsewhere" }]) {
        const moved = { ...object, metadata: { ...(object["metadata"] as object), ...change } };
        const { status } = await runReal(goTool("kubeseal"), ["--recovery-unseal", "--recovery-private-key", "key.pem"], {
          cwd: folder,
          input: JSON.stringify(moved),
        });
        const free = scope === "cluster-wide" || (scope === "namespace-wide" && "name" in change);
        expect({ change, opens: status === 0 }).toEqual({ change, opens: free });
      }
    });

    test.each(SEALING_SCOPES)("Halite opens what kubeseal seals: %s", async (scope) => {
      const secret = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "ceph", namespace: "storage" },
        data: Object.fromEntries(VALUES.map(([name, value]) => [name, value.toString("base64")])),
      };
      const sealed = JSON.parse(
        await mustRun(goTool("kubeseal"), ["--cert", "cert.pem", "--scope", scope, "-o", "json"], {
          cwd: folder,
          input: JSON.stringify(secret),
        }),
      );
      const found = readSealedSecret(sealed, "sealed.json");
      expect(found).toMatchObject({ name: "ceph", namespace: "storage", scope });
      const keys = readSealingKeys(await readFile(join(folder, "key.pem"), "utf8"), "key.pem");
      for (const [name, value] of VALUES) {
        const opened = openBlob(
          [createPrivateKey((await sealingPair()).privateKey), ...keys],
          found.encrypted.get(name) ?? "",
          found.scope,
          found.namespace ?? "",
          found.name,
        );
        expect(Buffer.from(opened?.reveal("verify") ?? []).equals(value)).toBe(true);
      }
      // The object itself looks the same, but for the blobs and times that kubeseal writes as null.
      const { key } = readCertificate(pair.certificate, "cert.pem", NOW);
      const ours = newSealedSecret(
        { ...found, type: found.type },
        new Map(VALUES.map(([name, value]) => [name, sealBlob(key, value, scope, "storage", "ceph")])),
      );
      const shape = (object: object): unknown =>
        JSON.parse(
          JSON.stringify(object)
            .replaceAll(/"A[gQ][A-Za-z0-9+/=]+"/g, '"BLOB"')
            .replaceAll(/,?"creationTimestamp":null/g, "")
            .replaceAll("{,", "{"),
        );
      expect(shape(ours)).toEqual(shape(sealed));
    });
  });

  describe.skipIf(!haveController)("the sealed-secrets controller on a real API server", () => {
    let plane: ControlPlane;
    let client: Client;
    let controller: Program;
    const CONTROLLER_NAMESPACE = "kube-system";
    beforeAll(async () => {
      plane = await startControlPlane();
      client = new Client(plane);
      const crds = join(await goModule("sealed-secrets-controller"), "helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml");
      const definition: unknown = parse(await readFile(crds, "utf8"));
      const applied = await client.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition);
      expect(applied.status).toBe(201);
      await client.call("POST", "/api/v1/namespaces", { metadata: { name: "storage" } });
      await until(async () => (await client.call("GET", "/apis/bitnami.com/v1alpha1/sealedsecrets")).status === 200);
      await writeFile(join(folder, "ca.crt"), plane.ca);
      await writeFile(join(folder, "token"), plane.token, { mode: 0o600 });
      const [listen = 0, metrics = 0] = await freePorts(2);
      const port = new URL(plane.url).port;
      // client-go's in-cluster config: its files in a mount namespace of the controller's own.
      const script = `set -e
mkdir -p /run/secrets; mount -t tmpfs t /run/secrets
d=/run/secrets/kubernetes.io/serviceaccount; mkdir -p $d
cp ca.crt token $d/; printf %s ${CONTROLLER_NAMESPACE} > $d/namespace
export POD_NAMESPACE=${CONTROLLER_NAMESPACE} KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=${port}
exec "$0" --listen-addr 127.0.0.1:${listen} --listen-metrics-addr 127.0.0.1:${metrics}`;
      controller = new Program("controller", "unshare", ["-m", "bash", "-c", script, goTool("sealed-secrets-controller")], folder);
      let certificate = "";
      await controller.ready(async () => {
        try {
          const answer = await fetch(`http://127.0.0.1:${listen}/v1/cert.pem`);
          certificate = await answer.text();
          return answer.ok;
        } catch {
          return false;
        }
      });
      await writeFile(join(folder, "live.pem"), certificate);
    }, 900_000);
    afterAll(async () => {
      await controller?.stop();
      client?.close();
      await plane?.stop();
    });

    test.each(SEALING_SCOPES)("makes a Secret of what Halite seals to its certificate: %s", async (scope) => {
      const { key, bits } = readCertificate(await readFile(join(folder, "live.pem"), "utf8"), "live.pem", Date.now());
      expect(bits).toBe(4096);
      const target = { name: `ceph-${scope}`, namespace: "storage", scope, type: null };
      const object = newSealedSecret(
        target,
        new Map(VALUES.map(([name, value]) => [name, sealBlob(key, value, scope, "storage", target.name)])),
      );
      expect((await client.call("POST", "/apis/bitnami.com/v1alpha1/namespaces/storage/sealedsecrets", object)).status).toBe(201);
      let data: Record<string, string> = {};
      await until(async () => {
        const answer = await client.call("GET", `/api/v1/namespaces/storage/secrets/${target.name}`);
        if (answer.status === 200) data = (answer.body as { data: Record<string, string> }).data;
        return answer.status === 200;
      });
      for (const [name, value] of VALUES) expect(Buffer.from(data[name] ?? "", "base64").equals(value)).toBe(true);
    });

    test("its keys, as kubectl prints them, open what was sealed", async () => {
      const answer = await client.call(
        "GET",
        `/api/v1/namespaces/${CONTROLLER_NAMESPACE}/secrets?labelSelector=sealedsecrets.bitnami.com/sealed-secrets-key`,
      );
      const keys = readSealingKeys(JSON.stringify(answer.body), "keys.json");
      const { key } = readCertificate(await readFile(join(folder, "live.pem"), "utf8"), "live.pem", Date.now());
      expect(
        Buffer.from(
          openBlob(keys, sealBlob(key, Buffer.from("back"), "strict", "a", "b"), "strict", "a", "b")?.reveal("verify") ?? [],
        ).toString(),
      ).toBe("back");
    });
  });
});

/** Asks every 100 ms, for two minutes at most. */
async function until(ask: () => Promise<boolean>): Promise<void> {
  const { setTimeout: wait } = await import("node:timers/promises");
  for (let tries = 0; tries < 1200; tries++) {
    if (await ask()) return;
    await wait(100);
  }
  throw new Error("it did not come about within two minutes");
}
