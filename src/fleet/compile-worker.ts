/** The entry of a worker thread, a file of its own in dist/. */
import { parentPort, workerData } from "node:worker_threads";
import { compileAsWorker, type WorkerTask } from "./workers.ts";

// Only `compileInThreads` starts this file.
const task: WorkerTask = workerData;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads has no origin
parentPort?.postMessage(compileAsWorker(task));
