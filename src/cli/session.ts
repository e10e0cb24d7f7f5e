import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { FindingError } from "../finding/index.ts";
import { findConfig, FleetCompiler, kubernetesSchemas, loadFleet, type Cluster, type ClusterCompile, type Fleet } from "../fleet/index.ts";
import { EnvironmentError, type CommandContext } from "./command.ts";

/** One cluster's compile and how long it took. */
export interface TimedCompile extends ClusterCompile {
  readonly milliseconds: number;
}

/** The fleet that a command works on. @throws EnvironmentError where there is none */
export function openFleet(context: CommandContext): Fleet {
  const given = context.arguments.value("config");
  const path = given === undefined ? findConfig(context.cwd) : resolve(context.cwd, given);
  if (path === undefined || !existsSync(path)) {
    throw new EnvironmentError(
      given === undefined ? "there is no halite.yaml here or in any folder above" : `${given} does not exist`,
      "`halite init DIR` makes a new fleet; --config names another file",
    );
  }
  const fleet = loadFleet(path, kubernetesSchemas(context.home).versions.at(-1) ?? "", context.home);
  const errors = fleet.findings.filter((finding) => finding.severity === "error");
  const [first, ...rest] = errors;
  if (first !== undefined) throw new FindingError(first, ...rest);
  return fleet;
}

/** Compiles the clusters that `--clusters` picks, with progress on a terminal. */
export function compileFleet(context: CommandContext, fleet: Fleet): TimedCompile[] {
  const compiler = new FleetCompiler(fleet, context.home);
  const clusters = compiler.select(context.arguments.value("clusters"));
  const compiles: TimedCompile[] = [];
  for (const [index, cluster] of clusters.entries()) {
    context.terminal.progress(progressLine(index, clusters, cluster));
    const start = performance.now();
    const compile = compiler.compile(cluster);
    compiles.push({ ...compile, milliseconds: performance.now() - start });
  }
  context.terminal.progressDone();
  return compiles;
}

function progressLine(done: number, clusters: readonly Cluster[], next: Cluster): string {
  return `compiling ${done + 1}/${clusters.length} ${next.id}`;
}

/** Where out/ is. */
export function outFolder(context: CommandContext, fleet: Fleet): string {
  const given = context.arguments.value("out");
  return given === undefined ? join(fleet.folder, fleet.config.out) : resolve(context.cwd, given);
}
