import { availableParallelism } from "node:os";
import { join } from "node:path";
import {
  Aside,
  CacheFolder,
  compileInThreads,
  FleetCompiler,
  removeLeftovers,
  renderInThreads,
  strayFiles,
  strayLines,
  threadsFor,
  writeOut,
  type Cluster,
  type Fleet,
  type LineCounts,
  type OutDifference,
  type RenderDetails,
  type RenderedCluster,
  type RenderProgress,
  type RenderSetting,
  type TimedCompile,
} from "../fleet/index.ts";
import { tuneForFleet } from "./engine.ts";
import { progressLine } from "./progress.ts";
import { EnvironmentError, UsageError, type CommandContext } from "./command.ts";
import { outFolder } from "./open-roster.ts";

/** Compiles the clusters that `--clusters` picks, with progress on a terminal, in as many threads as `--jobs` says. */
export async function compileFleet(context: CommandContext, fleet: Fleet): Promise<TimedCompile[]> {
  const compiler = new FleetCompiler(fleet);
  const ids = compiler.select(context.arguments.value("clusters")).map((cluster) => cluster.id);
  const threads = threadsOf(context.arguments.value("jobs"), ids.length);
  const task = {
    configPath: join(fleet.folder, fleet.configFile),
    home: context.home,
    ids,
  };
  const compiles = await compileInThreads(compiler, task, threads, (index) => {
    context.terminal.progress(`compiling ${index + 1}/${ids.length} ${ids[index]}`);
  });
  context.terminal.progressDone();
  return compiles;
}

/** What a render came to. */
export interface FleetRender {
  readonly rendered: readonly RenderedCluster[];
  /** What out/ was made different in, or with `--check` is. */
  readonly difference: OutDifference;
  readonly progress: RenderProgress;
  /** How many lines each file of `difference` got and lost; where the details ask for it. */
  readonly lines: ReadonlyMap<string, LineCounts>;
}

/** Renders the clusters that the options pick into out/, with progress on a terminal, in as many threads as `--jobs` says. */
export async function renderFleet(
  context: CommandContext,
  fleet: Fleet,
  clusters?: readonly Cluster[],
  details: RenderDetails = {},
): Promise<FleetRender> {
  const { arguments: args, terminal } = context;
  const memo = !args.flag("no-memo");
  const compiler = new FleetCompiler(fleet, { memo });
  const target = args.value("clusters");
  const picked = clusters ?? compiler.select(target);
  const setting: RenderSetting = {
    ...details,
    configPath: join(fleet.folder, fleet.configFile),
    home: context.home,
    out: outFolder(context, fleet),
    check: args.flag("check"),
    memo,
    begun: Date.now(),
    cache: memo && !args.flag("no-cache") ? { top: join(fleet.folder, ".halite/cache"), version: context.build } : undefined,
  };
  const warned = new Set<string>();
  const warn = (message: string): void => {
    if (!warned.has(message)) terminal.err(`${terminal.paintErr("yellow", "halite")}: ${message}\n`);
    warned.add(message);
  };
  const cache = setting.cache === undefined ? undefined : new CacheFolder(setting.cache.top, setting.cache.version, warn);
  tuneForFleet(picked.length);
  const jobs = args.value("jobs") === undefined ? undefined : threadsOf(args.value("jobs"), picked.length);
  try {
    if (!setting.check) removeLeftovers(setting.out, Date.now());
    const show = progressLine(terminal, picked.length);
    let progress: RenderProgress = { clusters: 0, computed: 0, taken: 0, unchanged: 0 };
    const strays = target === undefined && clusters === undefined ? strayFiles(setting.out, picked) : [];
    const strayed = details.lines === true ? strayLines(setting.out, strays) : [];
    if (!setting.check && strays.length > 0)
      writeOut(setting.out, new Map(), { missing: [], changed: [], extra: strays }, new Aside(setting.out));
    const rendered = await renderInThreads(compiler, picked, setting, jobs, (at) => show((progress = at)), warn);
    const difference = joinDifferences([...rendered.map((each) => each.difference), { missing: [], changed: [], extra: strays }]);
    const lines = new Map([...rendered.flatMap((each) => [...(each.lines ?? [])]), ...strayed]);
    cache?.tidy(Date.now());
    terminal.progressDone();
    return { rendered, difference, progress, lines };
  } catch (error) {
    if (!(error instanceof Error) || !("syscall" in error)) throw error;
    throw new EnvironmentError(`out/ can't be written: ${error.message}`, undefined, { cause: error });
  }
}

function joinDifferences(all: readonly OutDifference[]): OutDifference {
  return {
    missing: all.flatMap((each) => each.missing).sort(),
    changed: all.flatMap((each) => each.changed).sort(),
    extra: all.flatMap((each) => each.extra).sort(),
  };
}

/** @throws UsageError for what is no number of threads */
export function threadsOf(jobs: string | undefined, clusters: number): number {
  if (jobs === undefined) return threadsFor(clusters, availableParallelism());
  if (!/^[1-9][0-9]{0,2}$/.test(jobs)) throw new UsageError(`--jobs takes a number of threads from 1 to 999, not ${JSON.stringify(jobs)}`);
  return Math.max(1, Math.min(Number(jobs), clusters));
}
