import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { HALITE, halite, type Run } from "../cli/halite.ts";
import { Client, startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { Other } from "./kube.ts";

const possible = await canHavePlane();

describe.skipIf(!possible)("a sealed value on its way from git into a cluster", () => {
  let plane: ControlPlane;
  let api: Client;
  let folder: string;
  beforeAll(async () => {
    await build();
    plane = await startControlPlane();
    api = new Client(plane);
    folder = mkdtempSync(join(tmpdir(), "halite-sealed-"));
    const identity = await generateIdentity();
    write("key.txt", `${identity}\n`);
    write(
      "halite.yaml",
      `roster: roster.yaml\nkubernetes: "1.36"\nsealed:\n  root: secrets\n  age: {recipients: [${await identityToRecipient(identity)}], identities: [key.txt]}\n`,
    );
    write("roster.yaml", "one: {minion_opts: {grains: {az: z1}}}\n");
    write("pillar/top.sls", "base:\n  '*': [p]\n");
    write("pillar/p.sls", "password: '?{sops:demo.sops.yaml#password}'\n");
    write("states/top.sls", "base:\n  '*': [demo]\n");
    write(
      "states/demo.sls",
      "s:\n  file.managed:\n    - name: /etc/kubernetes/addons/demo/s.yaml\n    - source: salt://s.yaml\n    - template: jinja\n    - makedirs: True\n",
    );
    write(
      "states/s.yaml",
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: default}\nstringData: {password: "{{ pillar.password }}"}\n',
    );
  });
  afterAll(async () => {
    api?.close();
    await plane?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { mode: 0o600 });
  };
  const seal = async (value: string): Promise<void> => {
    const child = spawn(process.execPath, [HALITE, "secret", "seal", "demo.sops.yaml#password"], {
      cwd: folder,
      stdio: ["pipe", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
    child.stdin.end(value);
    const status = await new Promise((resolve) => child.once("close", resolve));
    expect(status, said).toBe(0);
  };
  const run = async (...args: string[]): Promise<Run> => await halite(args, { cwd: folder, env: { NO_COLOR: "1" } });
  const apply = async (): Promise<Run> => await run("apply", "--cluster", "one", "--local", "--kubeconfig", plane.kubeconfig);
  const outText = (): string =>
    readdirSync(join(folder, "out"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
      .join("\n");

  test("sealed in git, revealed for the apply by the keys of this machine, rotated, and nowhere else", async () => {
    const other = new Other(api, "default");
    for (const value of ["correct-horse", "battery-staple"]) {
      await seal(value);
      const rendered = await run("render");
      expect(rendered.status, rendered.stdout + rendered.stderr).toBe(0);
      const planned = await run("plan", "--cluster", "one", "--local", "--kubeconfig", plane.kubeconfig, "--json");
      const applied = await apply();
      expect(applied.status, applied.stdout + applied.stderr).toBe(0);
      expect((await other.get("secret", "s"))?.data?.["password"]).toBe(Buffer.from(value).toString("base64"));
      const again = await apply();
      expect(again.stdout).toContain("nothing had to change");
      const traces = [
        planned.stdout,
        planned.stderr,
        applied.stdout,
        applied.stderr,
        again.stdout,
        outText(),
        JSON.stringify((await api.call("GET", "/api/v1/events")).body),
        JSON.stringify((await other.get("addon", "demo")) ?? ""),
      ].join("\n");
      for (const form of [value, Buffer.from(value).toString("base64")]) expect(traces).not.toContain(form);
    }
  });

  test("without the key the object is refused with what to do, and what is there stays", async () => {
    rmSync(join(folder, "key.txt"));
    const refused = await apply();
    expect(refused.status).toBe(1);
    expect(refused.stdout).toMatch(/demo {2}Refused.*Secret default\/s: .*demo\.sops\.yaml/);
    expect((await new Other(api, "default").get("secret", "s"))?.data?.["password"]).toBe(Buffer.from("battery-staple").toString("base64"));
  });

  test("how old a Secret of a cluster is, or why nobody can say", async () => {
    write("roster.yaml", ["one", "two", "three"].map((id) => `${id}: {minion_opts: {grains: {az: z1}}}\n`).join(""));
    write("pillar/p.sls", "password: '?{secret:default/kept#password}'\n");
    const unasked = await run("secret", "list");
    expect(unasked.stdout).toMatch(/^secret:default\/kept#password\s+only the cluster knows: --kubeconfig\s+readers in one, /m);

    // A key that somebody wrote when the Secret was there already.
    const created = Date.now();
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "kept", namespace: "default" }, data: { other: "" } };
    expect((await api.call("POST", "/api/v1/namespaces/default/secrets?fieldManager=a", secret)).status).toBe(201);
    const absent = await run("secret", "list", "--kubeconfig", kubeconfigs({ one: plane.kubeconfig }));
    expect(absent.stdout).toContain("no cluster says: the Secret has no key password there");
    const patch = { data: { password: Buffer.from("canary-of-the-cluster").toString("base64") } };
    const patched = await api.call(
      "PATCH",
      "/api/v1/namespaces/default/secrets/kept?fieldManager=b",
      patch,
      "application/merge-patch+json",
    );
    expect(patched.status).toBe(200);

    const closed = readFileSync(plane.kubeconfig, "utf8").replaceAll(/https:\/\/127\.0\.0\.1:\d+/g, "https://127.0.0.1:1");
    const sources = kubeconfigs({ one: plane.kubeconfig, two: closed });
    const listed = await run("secret", "list", "--kubeconfig", sources, "--json");
    const value = JSON.parse(listed.stdout).sealed.find(({ kind }: { kind: string }) => kind === "secret");
    expect(value).toMatchObject({
      kind: "secret",
      why: null,
      clusters: [
        { cluster: "one", why: null },
        { cluster: "three", since: null, why: expect.stringContaining("three") },
        { cluster: "two", since: null, why: expect.stringContaining("its API server gives no answer") },
      ],
    });
    expect(value.since).toBe(value.clusters[0].since);
    expect(Math.abs(Date.parse(value.since) - created)).toBeLessThan(120_000);
    expect(listed.stdout + listed.stderr).not.toContain("canary-of-the-cluster");

    const table = await run("secret", "list", "--kubeconfig", sources);
    expect(table.stdout + table.stderr).toContain(
      "how old secret:default/kept#password is can't be told: two: its API server gives no answer",
    );
    expect(table.stdout).toMatch(/^secret:default\/kept#password\s+0 d\s+readers in one, /m);
    const old = await run("secret", "list", "--older-than", "0", "--kubeconfig", sources);
    expect([old.status, old.stdout]).toStrictEqual([1, expect.stringContaining("secret:default/kept#password")]);
    expect((await run("secret", "list", "--older-than", "1", "--kubeconfig", sources)).status).toBe(0);
    expect((await run("secret", "list", "--older-than", "1")).stderr).toContain("can't be told: only the cluster knows");
    // One context of a file can't be three clusters.
    const file = await run("secret", "list", "--kubeconfig", plane.kubeconfig);
    expect(file.stdout).toContain("no cluster says: no context of the kubeconfig is named one; it has plane");
  });

  function kubeconfigs(texts: Readonly<Record<string, string>>): string {
    const name = mkdtempSync(join(folder, "kubeconfigs-"));
    for (const [cluster, text] of Object.entries(texts))
      writeFileSync(join(name, `${cluster}.yaml`), text.startsWith("/") ? readFileSync(text) : text);
    return name;
  }
});
