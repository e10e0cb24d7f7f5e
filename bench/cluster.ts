import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyPlan, endpointOf, makePlan, observe, readRelease, type Desired } from "../src/cluster/index.ts";
import { discover, pathOf } from "../src/cluster/discovery.ts";
import type { DesiredObject } from "../src/cluster/types.ts";
import { ApiClient, isObject, type ApiRequest } from "../src/kubernetes/index.ts";
import { buildControlPlane, isBuilt } from "../test/control-plane/build.ts";
import { startControlPlane, type ControlPlane } from "../test/control-plane/index.ts";
import { measureIdle } from "./cluster-idle.ts";
import { measureZones } from "./cluster-zones.ts";
import { clusterId, clusterZone, saltTree, writeFiles } from "./fleet.ts";
import type { Cost } from "./measure.ts";
import { filePaths } from "./prove.ts";
import { halite, run } from "./program.ts";
import { costOf, quantile } from "./running.ts";
import { heading, row, skipped } from "./table.ts";

/** Of each, and the median counts. */
const RUNS = 5;

/** The compiled release of one cluster. */
export interface BenchRelease {
  /** The folder of the fleet, with halite.yaml. */
  readonly fleet: string;
  readonly cluster: string;
  /** The cluster's folder of out/. */
  readonly out: string;
}

/** One cluster on a real API server, against kubectl and the real addon manager; then zones of many. */
export async function measureCluster(work: string): Promise<void> {
  if (!(await isBuilt())) {
    skipped("one cluster, and zones of many", "there is no control plane; `npm test -- --project control-plane` builds one");
    return;
  }
  const fleet = join(work, "one-cluster");
  writeFiles(fleet, saltTree({ clusters: 1, variants: 1 }));
  run(fleet, "render");
  const release = { fleet, cluster: clusterId(0), out: join(fleet, "out", clusterZone(0), clusterId(0)) };
  const plane = await startControlPlane();
  try {
    await measureApply(plane, release);
    await measureIdle(plane, release);
  } finally {
    await plane.stop();
  }
  await measureZones(work, release);
  rmSync(fleet, { recursive: true, force: true });
}

/** A release as the program reads it. */
export function desiredOf({ out, cluster }: BenchRelease): Desired {
  return readRelease(new Map([...filePaths(out)].map((path) => [path, readFileSync(join(out, path))])), cluster, null);
}

/** `halite apply` of what is in out/. */
export function applyCommand({ fleet, cluster }: BenchRelease, kubeconfig: string, ...options: readonly string[]): string[] {
  return [...halite(fleet, "apply", "--cluster", cluster, "--local"), "--kubeconfig", kubeconfig, ...options];
}

/** The first apply, one with nothing to do, one object changed. */
async function measureApply(plane: ControlPlane, release: BenchRelease): Promise<void> {
  const objects = desiredOf(release).addons.flatMap((addon) => (addon.state === "complete" ? addon.objects : []));
  const raw = await RawClient.open(plane.kubeconfig, objects);
  const manifests = join(release.fleet, "manifests");
  copyManifests(release, manifests);
  const { kubectl, scripts } = await buildControlPlane();
  const own = applyCommand(release, plane.kubeconfig);
  const theirs = [kubectl, "--kubeconfig", plane.kubeconfig, "apply", "--server-side", "--force-conflicts", "-R", "-f"];

  const floors: number[] = [];
  const [ownCosts, theirCosts]: [Cost[], Cost[]] = [[], []];
  // What is first on an API server finds it cold: that round does not count.
  for (let round = -1; round < RUNS; round++) {
    const floor = await raw.apply();
    await raw.forget();
    const [cost, theirCost] = [await costOf(own), (await raw.forget(), await costOf([...theirs, manifests]))];
    await raw.forget();
    if (round < 0) continue;
    floors.push(floor);
    ownCosts.push(cost);
    theirCosts.push(theirCost);
  }
  const floor = quantile(floors, 0.5);
  const whole = await wholeFloor(plane, release, raw);
  heading(`First apply of ${objects.length} objects`);
  row("floor: the same, raw, eight at a time over one connection", { wall: floor, cpu: 0, peak: 0 });
  row("floor: with inventory, status and events, raw", { wall: whole.raw, cpu: 0, peak: 0 }, `${whole.writes} writes`);
  const seconds = (factor: number): number => Math.round(1000 * factor * whole.raw) / 1000;
  row(
    "halite: plan and apply, without the start of the program",
    { wall: whole.own, cpu: whole.cpu, peak: 0 },
    `${(whole.own / floor).toFixed(2)} and ${(whole.own / whole.raw).toFixed(2)} × the floors`,
    { wall: seconds(1.2) },
  );
  const first = median(ownCosts);
  row("halite apply, start included", first);
  row("kubectl apply --server-side", median(theirCosts));

  heading("Nothing changed: a forced idle pass");
  await costOf(own);
  row("halite apply, start included", await several(() => costOf(own)), "", { cpu: 0.2 });
  await costOf([...theirs, manifests]);
  row("kubectl apply --server-side", await several(() => costOf([...theirs, manifests])));
  await costOf(own);

  heading("One object changed");
  let number = 0;
  const changed = async (command: readonly string[]): Promise<Cost> => {
    changeOne(release, `changed ${number++}`);
    copyManifests(release, manifests);
    return await costOf(command);
  };
  row("halite apply", await several(() => changed(own)));
  row("kubectl apply --server-side of all", await several(() => changed([...theirs, manifests])));
  const file = join(manifests, "storage-base/config.yaml");
  row("kubectl apply --server-side of its file", await several(() => changed([...theirs, file])), "where one knows which");
  await raw.forget();

  heading("The real addon manager, the same objects");
  const script = "source ./kube-addons.sh; ensure_addons; reconcile_addons; true";
  const env = { KUBECTL_BIN: kubectl, KUBECTL_OPTS: `--kubeconfig=${plane.kubeconfig}`, ADDON_PATH: manifests };
  row("its first pass", await costOf(["bash", "-c", script], { cwd: scripts, env }));
  row("an idle pass, of which it makes one a minute", await costOf(["bash", "-c", script], { cwd: scripts, env }));
  await raw.forget();
  raw.close();
}

interface WholeFloor {
  /** Seconds: what an apply writes, written raw; and the apply itself. */
  readonly raw: number;
  readonly own: number;
  readonly cpu: number;
  readonly writes: number;
}

/** What the API server needs for everything that a first apply writes: sent again as it was, eight at a time. */
async function wholeFloor(plane: ControlPlane, release: BenchRelease, raw: RawClient): Promise<WholeFloor> {
  const desired = desiredOf(release);
  const runs: WholeFloor[] = [];
  for (let round = 0; round < RUNS; round++) {
    const sent: ApiRequest[] = [];
    const client = new ApiClient(endpointOf({ path: plane.kubeconfig, cluster: release.cluster }), {});
    const call = client.call.bind(client);
    client.call = async (request) => {
      if (request.method !== "GET") sent.push(request);
      return await call(request);
    };
    const [begun, before] = [performance.now(), process.cpuUsage()];
    const observed = await observe(client, desired);
    const plan = makePlan(client.server, desired, observed);
    await applyPlan(client, plan, desired, observed, { tooling: "halite/bench", now: () => new Date(), timeout: 5000 });
    const own = (performance.now() - begun) / 1000;
    const { user, system } = process.cpuUsage(before);
    client.call = call;
    await raw.forget();
    const again = performance.now();
    await Promise.all(sent.map((request) => call(unversioned(request))));
    const seconds = (performance.now() - again) / 1000;
    runs.push({ raw: seconds, own, cpu: (user + system) / 1e6, writes: sent.length });
    await raw.forget();
    client.close();
  }
  const of = (pick: (run: WholeFloor) => number): number => quantile(runs.map(pick), 0.5);
  return { raw: of((each) => each.raw), own: of((each) => each.own), cpu: of((each) => each.cpu), writes: of((each) => each.writes) };
}

/** A request that is sent again, to another cluster in effect: what it knew of versions is not known there. */
function unversioned(request: ApiRequest): ApiRequest {
  const { body } = request;
  if (!isObject(body) || !isObject(body["metadata"])) return request;
  const { resourceVersion: _resourceVersion, uid: _uid, ...metadata } = body["metadata"];
  return { ...request, body: { ...body, metadata } };
}

/** Gives one ConfigMap of the release another value. */
function changeOne({ fleet }: BenchRelease, value: string): void {
  const file = join(fleet, "pillar/variants/v0.sls");
  const text = readFileSync(file, "utf8");
  const changed = text.replace(/"value 0 of storage-base[^"]*"/, JSON.stringify(`value 0 of storage-base ${value}`));
  if (changed === text) throw new Error(`${file} has no value that could be changed`);
  writeFileSync(file, changed);
  run(fleet, "render");
}

function copyManifests({ out }: BenchRelease, to: string): void {
  rmSync(to, { recursive: true, force: true });
  for (const path of filePaths(out)) {
    if (!path.includes("/")) continue;
    mkdirSync(join(to, path, ".."), { recursive: true });
    cpSync(join(out, path), join(to, path));
  }
}

async function several(act: () => Promise<Cost>): Promise<Cost> {
  const costs: Cost[] = [];
  for (let round = 0; round < RUNS; round++) costs.push(await act());
  return median(costs);
}

function median(costs: readonly Cost[]): Cost {
  const of = (pick: (cost: Cost) => number): number => quantile(costs.map(pick), 0.5);
  return { wall: of(({ wall }) => wall), cpu: of(({ cpu }) => cpu), peak: Math.max(...costs.map(({ peak }) => peak)) };
}

/** Writes and deletes the release's objects, and nothing besides. */
class RawClient {
  readonly #client: ApiClient;
  readonly #objects: readonly DesiredObject[];
  readonly #paths: readonly string[];

  private constructor(client: ApiClient, objects: readonly DesiredObject[], paths: readonly string[]) {
    this.#client = client;
    this.#objects = objects;
    this.#paths = paths;
  }

  static async open(kubeconfig: string, objects: readonly DesiredObject[]): Promise<RawClient> {
    const client = new ApiClient(endpointOf({ path: kubeconfig, cluster: "" }), { concurrency: 8 });
    const discovery = await discover(client);
    const paths = objects.map(({ ref }) => {
      const resource = discovery.served(ref);
      if (resource === undefined) throw new Error(`${ref.kind} is not served`);
      return pathOf(resource, ref.namespace, ref.name);
    });
    return new RawClient(client, objects, paths);
  }

  /** Applies them all, and gives the seconds that took. */
  async apply(): Promise<number> {
    const begun = performance.now();
    await Promise.all(
      this.#objects.map(({ object }, index) =>
        this.#client.call({
          method: "PATCH",
          path: this.#paths[index] ?? "",
          query: { fieldManager: "floor", force: "true" },
          contentType: "application/apply-patch+yaml",
          body: { ...object },
        }),
      ),
    );
    return (performance.now() - begun) / 1000;
  }

  /** Deletes them, and what Halite keeps of them. */
  async forget(): Promise<void> {
    const addons = "/apis/halite.dev/v1alpha1/addons";
    await Promise.all(
      [...this.#paths, addons].map((path) => this.#client.find({ method: "DELETE", path, query: { propagationPolicy: "Background" } })),
    );
  }

  close(): void {
    this.#client.close();
  }
}
