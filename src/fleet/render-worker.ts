/** The entry of a rendering thread, a file of its own in dist/. */
import { parentPort, workerData } from "node:worker_threads";
import { renderAsWorker, type RenderTask } from "./render-threads.ts";

// Only `renderInThreads` starts this file.
const task: RenderTask = workerData;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads has no origin
parentPort?.postMessage(renderAsWorker(task));
