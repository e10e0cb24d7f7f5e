/** The rows of docs/clusters.md about files, paths and leaders: 34, 35, 40 and 41. The others are in addon-manager.plane.test.ts. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { endpointOf } from "../../src/cluster/index.ts";
import { jsonLog, Leader, systemClock, type Clock } from "../../src/controllers/runtime/index.ts";
import { ApiClient } from "../../src/kubernetes/index.ts";
import { halite } from "../cli/halite.ts";
import { ManualClock } from "../controllers/runtime/manual-clock.ts";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import { canHavePlane, usePlane } from "../control-plane/use-plane.ts";
import { configYaml, namespaceYaml, Other, pathTo } from "./kube.ts";
import { pass, troubles } from "./passes.ts";

const possible = await canHavePlane();

describe.skipIf(!possible)("addon-manager behaviour: files and leaders", () => {
  let plane: ControlPlane;
  let api: Client;
  usePlane({}, (started) => ({ plane, api } = started));
  beforeAll(async () => void (await build()));
  // A scenario's inventory is no other's.
  afterEach(async () => {
    await api.call("DELETE", pathTo("addon", ""));
  });

  const json = (namespace: string, name: string): string =>
    JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data: { a: "1" } });

  test("34 .json, .yaml and .yml, Lists, subfolders, hidden files and spaces are read, each object once; the second pass writes nothing", async () => {
    const ns = "s34";
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${json(ns, "listed-1")}\n- ${json(ns, "listed-2")}\n`;
    const manifests = {
      s34: {
        "ns.yaml": namespaceYaml(ns),
        "a.json": json(ns, "json"),
        "b.yml": configYaml(ns, "yml", { a: "1" }),
        "deep/er/c.yaml": configYaml(ns, "deep", { a: "1" }),
        ".hidden.yaml": configYaml(ns, "hidden", { a: "1" }),
        "with space.yaml": configYaml(ns, "spaced", { a: "1" }),
        "list.yaml": list,
        "empty.yaml": "# nothing\n---\n",
      },
    };
    const first = await pass(plane, manifests);
    expect(troubles(first.result)).toEqual([]);
    const names = ["deep", "hidden", "json", "listed-1", "listed-2", "spaced", "yml"];
    expect(first.operations.filter((each) => each.includes("ConfigMap")).sort()).toEqual(
      names.map((name) => `create ConfigMap ${ns}/${name}`),
    );
    expect((await pass(plane, manifests)).writes).toBe(0);
  });

  test("34 files behind links, as a mounted ConfigMap has them (..data), are each read once", async () => {
    await inFleet("linked", async (folder) => {
      // A kubelet's volume: the names link into ..data, which links to a folder of the time.
      const states = join(folder, "states");
      mkdirSync(join(states, "..2026_01_01"));
      cpSync(join(states, "a.yaml"), join(states, "..2026_01_01/a.yaml"));
      rmSync(join(states, "a.yaml"));
      symlinkSync("..2026_01_01", join(states, "..data"));
      symlinkSync("..data/a.yaml", join(states, "a.yaml"));
      const applied = await applied35(folder);
      expect(applied.match(/^created /gm)?.length, applied).toBe(2);
    });
  });

  test("35 a space in every path on the way: it applies, and once more nothing has to change", async () => {
    await inFleet("with space", async (folder) => {
      expect(await applied35(folder)).toContain("2 objects changed");
      expect(await applied35(folder)).toContain("nothing had to change");
    });
  });

  /** A fleet of one cluster, in a folder of that name. */
  async function inFleet(name: string, act: (folder: string) => Promise<void>): Promise<void> {
    const top = mkdtempSync(join(tmpdir(), "halite rows "));
    const folder = join(top, name);
    const ns = name.replace(" ", "-");
    const write = (path: string, text: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    try {
      write("halite.yaml", 'roster: roster.yaml\nkubernetes: "1.36"\n');
      write("roster.yaml", `${ns}: {minion_opts: {grains: {az: z1}}}\n`);
      write("pillar/top.sls", "base: {'*': [p]}\n");
      write("pillar/p.sls", "{}\n");
      write("states/top.sls", "base: {'*': [demo]}\n");
      write(
        "states/demo.sls",
        `one:\n  file.managed:\n    - name: '/etc/kubernetes/addons/${ns}/a b.yaml'\n    - source: salt://a.yaml\n    - makedirs: True\n`,
      );
      write("states/a.yaml", `${namespaceYaml(ns)}---\n${configYaml(ns, "a", { a: "1" })}`);
      await act(folder);
    } finally {
      rmSync(top, { recursive: true, force: true });
    }
  }

  async function applied35(folder: string): Promise<string> {
    expect((await halite(["render"], { cwd: folder })).status).toBe(0);
    const cluster = (folder.split("/").at(-1) ?? "").replace(" ", "-");
    cpSync(plane.kubeconfig, join(folder, "kube config"));
    const done = await halite(["apply", "--cluster", cluster, "--local", "--kubeconfig", join(folder, "kube config")], { cwd: folder });
    expect(done.status, done.stdout + done.stderr).toBe(0);
    return done.stdout;
  }

  test("40 a leader of its own: whose Lease is renewed stays leader whatever the clocks say, and an expired Lease does not count", async () => {
    const client = new ApiClient(endpointOf({ path: plane.kubeconfig, cluster: "" }));
    const log = jsonLog({ clock: systemClock, write: () => undefined });
    const time = new SharedTime();
    const leader = (identity: string, hours: number): Leader =>
      new Leader({
        api: client,
        namespace: "default",
        name: "row-40",
        identity,
        duration: 3000,
        deadline: 2000,
        retry: 200,
        clock: time.clockOff(hours),
        random: () => 0.5,
        log,
      });
    const lead = (of: Leader): { readonly stop: AbortController; readonly ended: Promise<unknown> } => {
      const stop = new AbortController();
      const work = async (signal: AbortSignal): Promise<void> =>
        await new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true })));
      return { stop, ended: of.run(work, stop.signal) };
    };
    try {
      // Its clock is five hours slow: by the times that it writes the Lease has long expired.
      const slow = leader("slow", -5);
      const running = lead(slow);
      await time.untilAsleep(1);
      expect(slow.leads).toBe(true);
      const fast = leader("fast", 5);
      const standing = lead(fast);
      await time.untilAsleep(2);
      await time.pass(6000, 2);
      expect([slow.leads, fast.leads]).toEqual([true, false]);
      running.stop.abort();
      await running.ended;
      await time.untilAsleep(1);
      await time.pass(1500, 1);
      expect(fast.leads).toBe(true);
      standing.stop.abort();
      await standing.ended;
      // One that died without giving it back: its Lease says a time in the future, and is taken once it was not renewed for its length.
      const now = new Date(Date.now() + 3_600_000).toISOString().replace("Z", "000Z");
      const lease = "/apis/coordination.k8s.io/v1/namespaces/default/leases/row-40";
      const spec = { holderIdentity: "dead", leaseDurationSeconds: 3, renewTime: now, acquireTime: now };
      expect((await api.call("PATCH", lease, { spec }, "application/merge-patch+json")).status).toBe(200);
      const next = leader("next", 0);
      const last = lead(next);
      await time.untilAsleep(1);
      await time.pass(2900, 1);
      expect(next.leads).toBe(false);
      await time.pass(600, 1);
      expect(next.leads).toBe(true);
      last.stop.abort();
      await last.ended;
    } finally {
      client.close();
    }
  });

  test("41 what the real one applied from admission-controls once is an addon like others: made again when it was deleted, kept as it says, pruned", async () => {
    const ns = "s41";
    const other = new Other(api, ns);
    const policy = "apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
    const manifest = (message: string): string =>
      `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: s41}\nspec:\n  matchConstraints:\n    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]\n  validations: [{expression: "true", message: ${message}}]\n`;
    const manifests = {
      "admission-controls": { "ns.yaml": namespaceYaml(ns), "limits.yml": limitRange(ns), "policy.json": manifest("first") },
    };
    expect(troubles((await pass(plane, manifests)).result)).toEqual([]);
    await other.delete(policy, "s41");
    await other.delete("api/v1/namespaces/NS/limitranges", "limits");
    expect(troubles((await pass(plane, manifests)).result)).toEqual([]);
    expect(await other.get(policy, "s41")).toBeDefined();
    expect(await other.get("api/v1/namespaces/NS/limitranges", "limits")).toBeDefined();
    const { "policy.json": _policy, ...rest } = manifests["admission-controls"];
    expect(troubles((await pass(plane, { "admission-controls": rest })).result)).toEqual([]);
    expect(await other.get(policy, "s41")).toBeUndefined();
  });
});

/** Time that only goes while all who stand for election wait for it, so that no answer of the API server takes any, however late it comes. */
class SharedTime {
  readonly #time = new ManualClock();
  #asleep = 0;

  /** A clock of it that is wrong by so many hours. */
  clockOff(hours: number): Clock {
    return {
      monotonic: () => this.#time.monotonic(),
      date: () => new Date(Date.now() + hours * 3_600_000),
      after: (milliseconds, act) => this.#time.after(milliseconds, act),
      sleep: async (milliseconds, signal) => {
        this.#asleep++;
        await this.#time.sleep(milliseconds, signal);
        this.#asleep--;
      },
    };
  }

  /** Until so many wait for time to pass. */
  async untilAsleep(sleepers: number): Promise<void> {
    await expect.poll(() => this.#asleep, { timeout: 100_000, interval: 5 }).toBe(sleepers);
  }

  async pass(milliseconds: number, sleepers: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      await this.#time.pass(100);
      await this.untilAsleep(sleepers);
    }
  }
}

function limitRange(namespace: string): string {
  return `apiVersion: v1\nkind: LimitRange\nmetadata: {name: limits, namespace: ${namespace}}\nspec: {limits: [{type: Container, defaultRequest: {cpu: 100m}}]}\n`;
}
