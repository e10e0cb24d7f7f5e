/** The entry of the thread that recompiles for `halite watch`, a file of its own in dist/. */
import { parentPort, workerData } from "node:worker_threads";
import { FindingError } from "../finding/index.ts";
import { findingsByCluster, kubernetesSchemas } from "../fleet/index.ts";
import type { CommandContext } from "./command.ts";
import type { InputChange } from "./input-tree.ts";
import { duration } from "./progress.ts";
import type { RecompilerMessage, RecompilerSetting } from "./recompiler.ts";
import { findingJson, foldFindings } from "./report.ts";
import { reportError } from "./report-error.ts";
import { openFleet } from "./open-fleet.ts";
import { renderFleet } from "./session.ts";
import { painting, type Terminal } from "./terminal.ts";
import { inputsJson, printInputs, printRecompiled, recompiledJson } from "./watch-block.ts";

// Only `Recompiler` starts this file.
const setting: RecompilerSetting = workerData;
const context = contextOf(setting);
const schemas = kubernetesSchemas(context.home);
let last = Promise.resolve();
parentPort?.on("message", (inputs: readonly InputChange[]) => {
  last = last.then(() => recompile(inputs));
});

async function recompile(inputs: readonly InputChange[]): Promise<void> {
  const { terminal, arguments: args } = context;
  const begun = performance.now();
  const json = args.flag("json");
  const { folder } = setting;
  if (!json) printInputs(terminal, folder, inputs);
  const said = { inputs: inputsJson(folder, inputs) };
  try {
    const fleet = openFleet(context, schemas);
    const render = await renderFleet(context, fleet, undefined, { lines: true });
    const findings = foldFindings(findingsByCluster(fleet, render.rendered));
    const recompiled = { render, findings, milliseconds: performance.now() - begun };
    if (json) terminal.out(`${JSON.stringify({ ...said, ...recompiledJson(recompiled) })}\n`);
    else printRecompiled(terminal, recompiled, inputs.length > 0);
  } catch (error) {
    terminal.progressDone();
    const milliseconds = performance.now() - begun;
    if (json) terminal.out(`${JSON.stringify({ ...said, ...errorJson(error), milliseconds: Math.round(milliseconds) })}\n`);
    else {
      reportError(error, { name: "watch" }, terminal);
      terminal.out(`  nothing was compiled; ${duration(milliseconds)}\n`);
    }
  }
  if (!json) terminal.out("\n");
  say({ kind: "done" });
}

function errorJson(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof FindingError) {
    return { failed: true, findings: error.findings.map((finding) => findingJson({ finding, clusters: [], otherTrails: 0 })) };
  }
  return { failed: true, error: error instanceof Error ? error.message : String(error) };
}

function contextOf({ options, width, paintsOut, paintsErr, ...rest }: RecompilerSetting): CommandContext {
  const terminal: Terminal = {
    out: (text) => say({ kind: "out", text }),
    err: (text) => say({ kind: "err", text }),
    paint: painting(paintsOut),
    paintErr: painting(paintsErr),
    width,
    progress: (text) => say({ kind: "progress", text }),
    progressDone: () => say({ kind: "progress-done" }),
  };
  const values = (name: string): string[] => [options.get(name)].filter((value) => typeof value === "string");
  const args = { positional: [], flag: (name: string) => options.get(name) === true, value: (name: string) => values(name)[0], values };
  return { ...rest, arguments: args, terminal };
}

function say(message: RecompilerMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads has no origin
  parentPort?.postMessage(message);
}
