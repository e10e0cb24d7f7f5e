import { dirname, join, relative, resolve } from "node:path";
import { FindingError } from "../finding/index.ts";
import { watchedPaths, type WatchedPaths } from "../fleet/index.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { InputWatcher, type ChangeSource } from "./input-watcher.ts";
import { Recompiler } from "./recompiler.ts";
import { configPath } from "./open-roster.ts";
import { threadsOf } from "./session.ts";

/** `halite watch`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    if (args.positional.length > 0)
      throw new UsageError(`watch takes no arguments; pick clusters with --clusters ${JSON.stringify(args.positional[0])}`);
    threadsOf(args.value("jobs"), 1);
    const ended = untilSignal();
    const config = configPath(context);
    const paths = pathsOf(context, config);
    const watcher = new InputWatcher(paths);
    if (!args.flag("json")) terminal.out(`watching ${named(dirname(config), paths())}; Ctrl-C ends it\n`);
    const recompiler = new Recompiler(context, dirname(config), optionsOf(context, config));
    try {
      await Promise.race([ended, recompileOnChange(watcher, recompiler)]);
      return 0;
    } finally {
      terminal.progressDone();
      watcher.close();
      await recompiler.close();
    }
  },
};

/** Recompiles now and after each change; changes during a recompile lead to one more. Never ends by itself. */
export async function recompileOnChange(source: ChangeSource, recompiler: Pick<Recompiler, "recompile">): Promise<never> {
  await recompiler.recompile([]);
  for (;;) await recompiler.recompile(await source.next());
}

/** What is to be watched by the config as it is now; while it can't be read, what it named before. */
function pathsOf({ home, cwd, arguments: args }: CommandContext, config: string): () => WatchedPaths {
  const out = args.value("out");
  let last: WatchedPaths = { files: [config], folders: [], outputs: [join(dirname(config), ".halite")] };
  return () => {
    try {
      const paths = watchedPaths(config, home);
      last = out === undefined ? paths : { ...paths, outputs: [...paths.outputs, resolve(cwd, out)] };
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
    }
    return last;
  };
}

function named(folder: string, { files, folders }: WatchedPaths): string {
  return [...files, ...folders].map((path) => relative(folder, path)).join(", ");
}

/** The options of each recompile. The config is the one that was found, also when it is gone for a while. */
function optionsOf({ arguments: args, cwd }: CommandContext, config: string): ReadonlyMap<string, string | true> {
  const options = new Map<string, string | true>([["config", relative(cwd, config)]]);
  for (const name of ["clusters", "out", "jobs"]) {
    const value = args.value(name);
    if (value !== undefined) options.set(name, value);
  }
  for (const name of ["json", "no-cache", "no-memo"]) if (args.flag(name)) options.set(name, true);
  return options;
}

function untilSignal(): Promise<void> {
  return new Promise((resolved) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolved());
  });
}
