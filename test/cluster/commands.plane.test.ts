import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { halite, type Run } from "../cli/halite.ts";
import { Client, startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { Other } from "./kube.ts";

const possible = await canHavePlane();

describe.skipIf(!possible)("halite plan, apply and status", () => {
  let plane: ControlPlane;
  let api: Client;
  let folder: string;
  beforeAll(async () => {
    await build();
    plane = await startControlPlane({ version: "older" });
    api = new Client(plane);
    folder = mkdtempSync(join(tmpdir(), "halite-commands-"));
    write("halite.yaml", 'roster: roster.yaml\nkubernetes: "1.35"\n');
    write("roster.yaml", "one: {host: 'https://127.0.0.1:1', minion_opts: {grains: {az: z1}}}\ntwo: {minion_opts: {grains: {az: z1}}}\n");
    write("pillar/top.sls", "base:\n  '*': [p]\n");
    write("pillar/p.sls", "value: one\n");
    write("states/top.sls", "base:\n  '*': [demo]\n");
    write(
      "states/demo.sls",
      ["ns", "a", "b", "c"]
        .map(
          (name) =>
            `${name}:\n  file.managed:\n    - name: /etc/kubernetes/addons/demo/${name}.yaml\n    - source: salt://${name}.yaml\n    - template: jinja\n    - makedirs: True\n`,
        )
        .join(""),
    );
    write("states/ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: demo}\n");
    for (const name of ["a", "b", "c"])
      write(
        `states/${name}.yaml`,
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: demo}\ndata: {value: "{{ pillar.value }}"}\n`,
      );
    git("init", "--quiet", "--initial-branch=main");
    commit("one");
  });
  afterAll(async () => {
    api?.close();
    await plane?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.org", ...args], { cwd: folder, encoding: "utf8" });
  const commit = (message: string): void => {
    git("add", "--", "halite.yaml", "roster.yaml", "pillar", "states");
    git("commit", "--quiet", "--allow-empty", "-m", message);
  };
  const run = async (...args: string[]): Promise<Run> => await halite(args, { cwd: folder, env: { NO_COLOR: "1" } });
  const on = async (command: string, ...args: string[]): Promise<Run> =>
    await run(command, "--cluster", "one", "--kubeconfig", plane.kubeconfig, ...args);
  const publish = async (): Promise<void> => {
    const done = await run("publish");
    expect(done.status, done.stderr).toBe(0);
  };

  test("nothing is done to a cluster that is not named, or that no kubeconfig leads to", async () => {
    expect(await run("apply", "--local")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("--cluster ID is needed: nothing is done to a cluster that is not named"),
    });
    expect(await run("plan", "--cluster", "none", "--local")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("the roster has no cluster none"),
    });
    expect(await run("plan", "--cluster", "one", "--kubeconfig", plane.kubeconfig)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("nothing is published yet"),
    });
    await publish();
    expect(await run("plan", "--cluster", "one")).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/\.kube\/config \(the default\) can't be read: ENOENT/),
    });
    // Of a kubeconfig that is merely set, the current context may be any cluster's.
    const merely = await halite(["plan", "--cluster", "one"], { cwd: folder, env: { KUBECONFIG: plane.kubeconfig } });
    expect(merely).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("no context of the kubeconfig is named one or leads to https://127.0.0.1:1; it has plane"),
    });
    const named = await halite(["plan", "--cluster", "one", "--context", "plane"], { cwd: folder, env: { KUBECONFIG: plane.kubeconfig } });
    expect(named.status, named.stderr).toBe(1);
  });

  test("plan says what apply does; apply does it; then there is nothing to do; status says so", async () => {
    const planned = await on("plan");
    expect(planned).toMatchObject({ status: 1, stderr: "" });
    expect(planned.stdout).toMatch(/^demo {2}4 to create\n {2}\+ create {2}Namespace demo {2}it is not there\n/);
    const applied = await on("apply");
    expect(applied.status, applied.stderr).toBe(0);
    expect(applied.stdout).toMatch(/created {3}demo {2}ConfigMap demo\/a\n/);
    expect(applied.stdout).toMatch(/4 objects changed; 1 of 1 addons synced and healthy\n$/);
    expect(await on("plan")).toMatchObject({ status: 0, stdout: expect.stringMatching(/4 unchanged\n$/) });
    const again = await on("apply");
    expect(again.stdout).toMatch(/^one from commit [0-9a-f]{12} of addons: nothing had to change; 1 of 1 addons synced and healthy\n$/);
    const status = await on("status");
    expect(status.status).toBe(0);
    expect(status.stdout).toMatch(/ADDON {2}SYNC {4}HEALTH {3}OBJECTS {2}REASON\ndemo {3}Synced {2}Current {2}4\/4\n$/);
  });

  test("what drifted is shown with its fields, as text and as JSON", async () => {
    await new Other(api, "demo").merge("configmap", "a", { data: { value: "drifted" } });
    const planned = await on("plan");
    expect(planned.stdout).toContain(
      '  ~ update  ConfigMap demo/a  other than the manifest: data.value; somebody had set data.value; the manifest owns it\n      data.value: "drifted" → "one"\n',
    );
    const status = await on("status");
    expect(status).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/demo {3}OutOfSync {2}Current {2}4\/4 {6}ConfigMap demo\/a: other than the manifest/),
    });
    const json: { readonly addons: readonly { readonly operations: readonly { readonly op: string; readonly name: string }[] }[] } =
      JSON.parse((await on("plan", "--json")).stdout);
    expect(json.addons[0]?.operations.find(({ name }) => name === "a")).toMatchObject({
      op: "update",
      apiVersion: "v1",
      kind: "ConfigMap",
      namespace: "demo",
      mode: "Reconcile",
      changes: [{ path: "data.value", from: "drifted", to: "one" }],
      conflicts: [{ manager: "somebody", field: "data.value" }],
    });
    expect((await on("apply", "--json")).status).toBe(0);
  });

  test("a release older than the one applied is refused, also for what it would prune, unless going back is asked for", async () => {
    const repository = join(folder, ".halite/addons.git");
    const first = execFileSync("git", ["-C", repository, "rev-parse", "addons"], { encoding: "utf8" }).trim();
    write("pillar/p.sls", "value: two\n");
    write("states/d.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: d, namespace: demo}\ndata: {value: new}\n");
    write(
      "states/demo.sls",
      `${readFileSync(join(folder, "states/demo.sls"), "utf8")}d:\n  file.managed:\n    - name: /etc/kubernetes/addons/demo/d.yaml\n    - source: salt://d.yaml\n    - makedirs: True\n`,
    );
    commit("two");
    await publish();
    expect((await on("apply")).status).toBe(0);
    const other = new Other(api, "demo");
    expect((await other.get("configmap", "a"))?.data).toEqual({ value: "two" });
    const back = await on("apply", "--commit", first);
    expect(back).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("a newer release was applied already: this one would go back"),
    });
    expect((await other.get("configmap", "a"))?.data).toEqual({ value: "two" });
    expect(await other.get("configmap", "d")).toBeDefined();
    expect((await on("apply", "--commit", first, "--allow-rollback")).status).toBe(0);
    expect((await other.get("configmap", "a"))?.data).toEqual({ value: "one" });
    expect(await other.get("configmap", "d")).toBeUndefined();
  });

  test("the wrong cluster is found out before anything is written", async () => {
    const wrong = await run("apply", "--cluster", "two", "--kubeconfig", plane.kubeconfig, "--local");
    // Its release was never rendered.
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining("there is no release.yaml for cluster two") });
    expect((await run("render")).status).toBe(0);
    const again = await run("apply", "--cluster", "two", "--kubeconfig", plane.kubeconfig, "--local");
    expect(again).toMatchObject({ status: 1, stderr: expect.stringMatching(/is cluster one, not two: its Addon demo says so/) });
  });

  test("a file of out/ that was changed by hand fails its addon: nothing of it is applied or pruned", async () => {
    const file = join(folder, "out/z1/one/demo/a.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("two", "by hand"));
    const done = await on("apply", "--local");
    expect(done).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(
        /its files are not the ones that release\.yaml was written with \(digest .*\); halite render writes it anew/,
      ),
    });
    expect((await new Other(api, "demo").get("configmap", "a"))?.data).toEqual({ value: "one" });
  });

  test("an API server that does not answer, and credentials that it does not take, are said as they are", async () => {
    const config = JSON.parse(readFileSync(plane.kubeconfig, "utf8")) as {
      clusters: { cluster: { server: string } }[];
      users: { user: { token: string } }[];
    };
    const [cluster] = config.clusters;
    const [user] = config.users;
    if (cluster === undefined || user === undefined) throw new Error("no kubeconfig");
    const with1 = async (): Promise<Run> => {
      write("kubeconfig", JSON.stringify(config));
      return await run("status", "--cluster", "one", "--kubeconfig", join(folder, "kubeconfig"));
    };
    const { token } = user.user;
    user.user.token = "wrong-token";
    const refused = await with1();
    expect(refused).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/refused: Unauthorized\nthe credentials of the kubeconfig are not taken/),
    });
    expect(refused.stderr + refused.stdout).not.toContain("wrong-token");
    user.user.token = token;
    cluster.cluster.server = "https://127.0.0.1:1";
    expect(await with1()).toMatchObject({ status: 3, stderr: expect.stringContaining("nothing listens there (connection refused)") });
  });

  test("what an earlier run has read is taken over for the same bytes alone, and read again where what was kept is spoilt", async () => {
    expect((await run("render")).status).toBe(0);
    const first = await on("plan", "--local");
    const kept = (): string[] =>
      readdirSync(join(folder, ".halite/cache"), { recursive: true, encoding: "utf8" }).filter((name) =>
        /\/release-[0-9a-f]{40}$/.test(name),
      );
    expect(kept().length).toBeGreaterThan(0);
    expect(await on("plan", "--local")).toEqual(first);
    const manifest = readFileSync(join(folder, "out/z1/one/demo/a.yaml"), "utf8");
    write("out/z1/one/demo/a.yaml", `${manifest}# by hand\n`);
    expect((await on("plan", "--local")).stdout).toContain("its files are not the ones that release.yaml was written with");
    rmSync(join(folder, "out/z1/one/demo/a.yaml"));
    expect((await on("plan", "--local")).stdout).toContain(
      "demo  failed: the file demo/a.yaml, which release.yaml names, is not there; halite render writes it anew",
    );
    write("out/z1/one/demo/a.yaml", manifest);
    for (const name of kept()) {
      const path = join(folder, ".halite/cache", name);
      // Its digest before it stays as it is.
      writeFileSync(path, readFileSync(path, "latin1").replace(/"value":"[a-z ]+"/, '"value":"bad"'), "latin1");
    }
    expect(await on("plan", "--local")).toEqual(first);
  });
});
