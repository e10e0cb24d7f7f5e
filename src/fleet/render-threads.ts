import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { removeLeftovers } from "./aside.ts";
import { CacheFolder } from "./cache/folder.ts";
import type { RunState } from "./cache/run-state.ts";
import { FleetCompiler, kubernetesSchemas } from "./compile.ts";
import { loadFleet } from "./load.ts";
import { partition } from "./partition.ts";
import { renderClusters, type RenderDetails, type RenderedCluster, type RenderProgress } from "./render.ts";
import type { Cluster } from "./roster.ts";

/** What a thread needs to render by itself. */
export interface RenderSetting extends RenderDetails {
  readonly configPath: string;
  /** The program's folder. */
  readonly home: string;
  readonly out: string;
  readonly check: boolean;
  readonly memo: boolean;
  readonly begun: number;
  /** The cache's folder and the build that may use it; absent for none. */
  readonly cache: { readonly top: string; readonly version: string } | undefined;
}

/** What a rendering thread gets. */
export interface RenderTask extends RenderSetting {
  readonly ids: readonly string[];
  /** Clusters done, computed, taken, unchanged: written here as it goes. */
  readonly counts: Int32Array;
}

/** What a rendering thread gives. */
export interface ThreadRender {
  readonly rendered: readonly RenderedCluster[];
  readonly warnings: readonly string[];
}

/** What a cluster that is like one before it costs, in milliseconds of one core, and what the first of a kind costs. */
const LIKE_ANOTHER = 4;
const FIRST_OF_KIND = 15;
/** A thread begins cold: less work than so many milliseconds for each is not worth one. Measured, see docs/performance.md. */
const WORTH_A_THREAD = 4000;

/** How many threads some work is worth, in milliseconds of one core. One thread is this one. */
export function renderThreads(work: number, processors: number): number {
  return Math.max(1, Math.min(processors, Math.floor(work / WORTH_A_THREAD)));
}

/**
 * Renders clusters in this thread and in further ones, each its own part: clusters of a kind stay together. `jobs`: how many threads;
 * default: as many as the work is worth.
 *
 * @throws whatever a thread throws: a bug, or a folder that can't be written
 */
export async function renderInThreads(
  compiler: FleetCompiler,
  clusters: readonly Cluster[],
  setting: RenderSetting,
  jobs: number | undefined,
  progress: (progress: RenderProgress) => void,
  warn: (message: string) => void,
): Promise<readonly RenderedCluster[]> {
  const state = stateOf(compiler, setting, warn);
  const work = compiler.workOf(clusters, state);
  const threads = jobs ?? renderThreads(millisecondsFor(work), availableParallelism());
  const [own = [], ...others] = threads > 1 ? partition(clusters, threads) : [clusters];
  const shared = others.map((part): RenderTask => ({
    ...setting,
    ids: part.map((cluster) => cluster.id),
    counts: new Int32Array(new SharedArrayBuffer(COUNTS * Int32Array.BYTES_PER_ELEMENT)),
  }));
  const workers = shared.map((task) => new Worker(join(setting.home, "dist/render-worker.mjs"), { workerData: task }));
  const memo = continueFrom(compiler, setting, state, work, warn);
  try {
    const results = Promise.all(workers.map(resultOf));
    // Looked at below, after this thread's own part; until then a failure is no unhandled one.
    results.catch(() => undefined);
    let last: RenderProgress = { clusters: 0, computed: 0, taken: 0, unchanged: 0 };
    const rendered = renderClusters(compiler, own, { ...setting, state }, (at) => progress(withOthers((last = at), shared)));
    memo.keep(new Date());
    const theirs = await results;
    progress(withOthers(last, shared));
    for (const message of new Set(theirs.flatMap(({ warnings }) => warnings))) warn(message);
    return [...rendered, ...theirs.flatMap((each) => each.rendered)].sort((a, b) => (a.cluster.id < b.cluster.id ? -1 : 1));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
    // Threads that were ended in the middle.
    if (workers.length > 0 && !setting.check) removeLeftovers(setting.out, Date.now(), { own: true });
  }
}

const COUNTS = 4;

function stateOf(compiler: FleetCompiler, { cache, out }: RenderSetting, warn: (message: string) => void): RunState | undefined {
  return cache === undefined ? undefined : compiler.stateIn(new CacheFolder(cache.top, cache.version, warn), out);
}

function withOthers(own: RenderProgress, others: readonly RenderTask[]): RenderProgress {
  const sum = (index: number): number => others.reduce((total, { counts }) => total + Atomics.load(counts, index), 0);
  return {
    clusters: own.clusters + sum(0),
    computed: own.computed + sum(1),
    taken: own.taken + sum(2),
    unchanged: own.unchanged + sum(3),
  };
}

function continueFrom(
  compiler: FleetCompiler,
  { cache }: RenderSetting,
  state: RunState | undefined,
  work: ReturnType<FleetCompiler["workOf"]>,
  warn: (message: string) => void,
): ReturnType<FleetCompiler["continueFrom"]> {
  if (cache === undefined || state === undefined) return { keep: () => undefined };
  return compiler.continueFrom(new CacheFolder(cache.top, cache.version, warn), state.answers, millisecondsFor(work));
}

/** What work costs, in milliseconds of one core. */
function millisecondsFor({ clusters, kinds }: ReturnType<FleetCompiler["workOf"]>): number {
  return clusters * LIKE_ANOTHER + kinds * FIRST_OF_KIND;
}

/** What a rendering thread does. */
export function renderAsWorker(task: RenderTask): ThreadRender {
  const fleet = loadFleet(task.configPath, kubernetesSchemas(task.home), task.home);
  const compiler = new FleetCompiler(fleet, { memo: task.memo });
  const wanted = new Set(task.ids);
  const clusters = fleet.roster.clusters.filter((cluster) => wanted.has(cluster.id));
  if (clusters.length !== wanted.size) throw new Error("clusters went out of the roster during the render");
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const state = stateOf(compiler, task, warn);
  const memo = continueFrom(compiler, task, state, compiler.workOf(clusters, state), warn);
  const rendered = renderClusters(compiler, clusters, { ...task, state }, ({ clusters: done, computed, taken, unchanged }) => {
    for (const [index, count] of [done, computed, taken, unchanged].entries()) Atomics.store(task.counts, index, count);
  });
  memo.keep(new Date());
  return { rendered, warnings };
}

/** A worker says one thing, its result, and ends. */
function resultOf(worker: Worker): Promise<ThreadRender> {
  return new Promise((resolve, reject) => {
    worker.once("message", (result: ThreadRender) => resolve(result));
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`a worker thread ended with ${code} before it had rendered its clusters`)));
  });
}
