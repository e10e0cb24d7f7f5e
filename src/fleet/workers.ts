import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { CompiledCluster } from "./compiled.ts";
import { FleetCompiler, kubernetesSchemas } from "./compile.ts";
import { loadFleet, type Fleet } from "./load.ts";

/** One cluster's compile and how long it took. */
export interface TimedCompile extends CompiledCluster {
  readonly milliseconds: number;
}

/** What a worker gets: where the fleet is, the clusters to compile, and the counter from which every thread takes the next one. */
export interface WorkerTask {
  readonly configPath: string;
  readonly home: string;
  readonly ids: readonly string[];
  readonly next: Int32Array;
}

/** What a thread compiled, by its place in `WorkerTask.ids`. */
export type ThreadResult = [index: number, compile: TimedCompile][];

/** How many threads a number of clusters is worth. One thread is this one. */
export function threadsFor(clusters: number, processors: number): number {
  return Math.max(1, Math.min(processors, Math.floor(clusters / CLUSTERS_PER_THREAD)));
}

/**
 * A worker begins cold: it loads the program and the schemas again and runs slowly until V8 knows its code, 0.4 to 1 CPU s in all
 * where a further cluster costs 0.045. Measured on two cores with clusters that all differ (docs/performance.md): a second thread
 * saves a tenth of the wall time at 20 clusters for a third more CPU, and loses some where the machine is busy; at 60 it saves a
 * seventh, at 100 a quarter for a fifth more CPU.
 */
const CLUSTERS_PER_THREAD = 30;

/**
 * Compiles clusters in this thread and in further ones. Each thread takes the next cluster that nobody has; the result has the
 * order of `ids`, and the bytes do not depend on who made them.
 *
 * @param started called in this thread with the number of the cluster that it begins
 * @throws whatever a thread throws: a bug, since what is wrong with a cluster is among its findings
 */
export async function compileInThreads(
  compiler: FleetCompiler,
  task: Omit<WorkerTask, "next">,
  threads: number,
  started: (index: number) => void,
): Promise<TimedCompile[]> {
  const shared: WorkerTask = { ...task, next: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) };
  const workers = Array.from({ length: threads - 1 }, () => new Worker(join(task.home, "dist/compile-worker.mjs"), { workerData: shared }));
  try {
    const others = Promise.all(workers.map(resultOf));
    // Looked at below, after this thread's own part; until then a failure is no unhandled one.
    others.catch(() => undefined);
    const own = compileShare(compiler, shared, started);
    const compiles: TimedCompile[] = [];
    for (const [index, compile] of [own, ...(await others)].flat()) compiles[index] = compile;
    return compiles;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** What a worker thread does. */
export function compileAsWorker(task: WorkerTask): ThreadResult {
  const fleet = loadFleet(task.configPath, kubernetesSchemas(task.home), task.home);
  return compileShare(new FleetCompiler(fleet), task, () => undefined);
}

function compileShare(compiler: FleetCompiler, { ids, next }: WorkerTask, started: (index: number) => void): ThreadResult {
  const clusters = clustersById(compiler.fleet);
  const done: ThreadResult = [];
  for (;;) {
    const index = Atomics.add(next, 0, 1);
    const id = ids[index];
    if (id === undefined) return done;
    const cluster = clusters.get(id);
    if (cluster === undefined) throw new Error(`cluster ${id} went out of the roster during the compile`);
    started(index);
    const start = performance.now();
    const compile = compiler.compileToText(cluster);
    done.push([index, { ...compile, milliseconds: performance.now() - start }]);
  }
}

function clustersById(fleet: Fleet): Map<string, Fleet["roster"]["clusters"][number]> {
  return new Map(fleet.roster.clusters.map((cluster) => [cluster.id, cluster]));
}

/** A worker says one thing, its result, and ends. */
function resultOf(worker: Worker): Promise<ThreadResult> {
  return new Promise((resolve, reject) => {
    worker.once("message", (result: ThreadResult) => resolve(result));
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`a worker thread ended with ${code} before it had compiled its clusters`)));
  });
}
