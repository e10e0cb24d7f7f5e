import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import {
  CacheFolder,
  FleetCompiler,
  impactOn,
  recordClusters,
  type ClusterImpact,
  type Fleet,
  type FleetImpact,
  type ImpactQuestion,
} from "../fleet/index.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { plural } from "./plural.ts";
import { openFleet } from "./open-fleet.ts";
import { outFolder } from "./open-roster.ts";

/** `halite impact`. */
export const command: Command = {
  run: (context) => {
    const { arguments: args, terminal } = context;
    if (args.positional.length === 0) throw new UsageError("name what would change: a file, pillar:KEY or grain:KEY");
    const fleet = openFleet(context);
    const compiler = new FleetCompiler(fleet);
    const clusters = compiler.select(args.value("clusters"));
    const warn = (message: string): void => terminal.err(`${terminal.paintErr("yellow", "halite")}: ${message}\n`);
    const state = args.flag("no-cache")
      ? undefined
      : compiler.stateIn(new CacheFolder(join(fleet.folder, ".halite/cache"), context.build, warn), outFolder(context, fleet));
    const records = recordClusters(compiler, clusters, { begun: Date.now(), state });
    const asked = args.positional.map((word) => ({ word, question: readQuestion(context, fleet, word) }));
    const options = { tryAll: args.flag("try-all") };
    const answers = asked.map(({ word, question }) => ({ word, impact: impactOn(compiler, clusters, records, question, options) }));
    if (args.flag("json"))
      terminal.out(
        `${JSON.stringify(
          answers.map(({ word, impact }) => json(word, impact)),
          undefined,
          2,
        )}\n`,
      );
    else for (const { word, impact } of answers) print(context, word, impact, clusters.length);
    return Promise.resolve(0);
  },
};

/** @throws UsageError for a file that is not there */
function readQuestion(context: CommandContext, fleet: Fleet, word: string): ImpactQuestion {
  const [, kind, path = ""] = /^(pillar|grain):(.+)$/su.exec(word) ?? [];
  if (kind === "pillar" || kind === "grain") return { kind, keys: path.split(":") };
  const places = [resolve(context.cwd, word), resolve(fleet.folder, word)];
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new UsageError(`${word} is no file here or in the fleet, and no pillar:KEY or grain:KEY`);
  return { kind: "path", path: found };
}

/** Addons by name, with the clusters in which they are reached. */
function byAddon(clusters: ReadonlyMap<string, ClusterImpact>): Map<string, Map<string, ClusterImpact["files"]>> {
  const addons = new Map<string, Map<string, ClusterImpact["files"]>>();
  for (const [id, { files }] of clusters) {
    for (const file of files) {
      const own = addons.get(file.addon) ?? new Map<string, ClusterImpact["files"]>();
      addons.set(file.addon, own);
      own.set(id, [...(own.get(id) ?? []), file]);
    }
  }
  return new Map([...addons].sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Counts {
  readonly clusters: number;
  readonly addons: number;
  readonly files: number;
  readonly objects: number;
}

function count({ clusters }: FleetImpact): Counts {
  const files = [...clusters.values()].flatMap((cluster) => cluster.files);
  return {
    clusters: clusters.size,
    addons: [...clusters.values()].reduce((sum, cluster) => sum + new Set(cluster.files.map((file) => file.addon)).size, 0),
    files: files.length,
    objects: files.reduce((sum, file) => sum + file.objects.length, 0),
  };
}

function print({ terminal, cwd }: CommandContext, word: string, impact: FleetImpact | undefined, total: number): void {
  const title = terminal.paint("bold", word);
  if (impact === undefined) {
    terminal.out(`${title}: nothing; no cluster\u2019s compile asks for it\n`);
    return;
  }
  const { clusters, addons, files, objects } = count(impact);
  terminal.out(
    `${title}: ${clusters} of ${plural(total, "cluster")}, ${plural(addons, "addon")}, ${plural(files, "file")}, ${plural(objects, "object")}\n`,
  );
  if (impact.everything !== undefined)
    terminal.out(`  ${relative(cwd, impact.everything) || impact.everything} is read for every cluster as a whole\n`);
  for (const [addon, own] of byAddon(impact.clusters)) {
    terminal.out(`  ${terminal.paint("cyan", addon)}  in ${named([...own.keys()])}\n`);
    for (const [line, ids] of fileLines(own)) terminal.out(`    ${line}${ids.length === own.size ? "" : `  in ${named(ids)}`}\n`);
  }
  for (const [addon, ids] of brings(impact))
    terminal.out(`  may bring or take away all of ${terminal.paint("cyan", addon)} in ${named(ids)}\n`);
  if (clusters === 0 && word.startsWith("grain:"))
    terminal.out("  pillar asks for it, and no value that a cluster has makes a difference\n");
  if (impact.unset.length > 0) terminal.out(`  not set, but asked for, in ${named(impact.unset)}\n`);
  if (impact.untried.length > 0)
    terminal.out(
      `  not tried, as there are too many kinds of clusters (--try-all does), in ${named(impact.untried)}: named is every file whose template looked at the value\n`,
    );
  if (impact.unknown.length > 0)
    terminal.out(
      `  not known of ${named(impact.unknown)}: what ${impact.unknown.length === 1 ? "it reads" : "they read"} can\u2019t be followed\n`,
    );
}

/** Each file with its objects, and the clusters in which it has them. */
function fileLines(own: ReadonlyMap<string, ClusterImpact["files"]>): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (const [id, files] of own) {
    for (const { file, objects } of files) {
      const kinds = objects.map(([kind, namespace, name]) => `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`);
      const line = `${file}${kinds.length === 0 ? "" : `: ${kinds.slice(0, MOST_OBJECTS).join(", ")}${kinds.length > MOST_OBJECTS ? ` and ${kinds.length - MOST_OBJECTS} more` : ""}`}`;
      lines.set(line, [...(lines.get(line) ?? []), id]);
    }
  }
  return new Map([...lines].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const MOST_OBJECTS = 6;

function brings({ clusters }: FleetImpact): [string, string[]][] {
  const addons = new Map<string, string[]>();
  for (const [id, { mayBring }] of clusters) for (const addon of mayBring) addons.set(addon, [...(addons.get(addon) ?? []), id]);
  return [...addons].sort(([a], [b]) => (a < b ? -1 : 1));
}

function named(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).join(", ");
  return `${plural(ids.length, "cluster")}: ${ids.length > 3 ? `${shown} and ${ids.length - 3} more` : shown}`;
}

function json(word: string, impact: FleetImpact | undefined): Readonly<Record<string, unknown>> {
  if (impact === undefined) return { target: word, reached: false, counts: { clusters: 0, addons: 0, files: 0, objects: 0 }, clusters: {} };
  return {
    target: word,
    reached: impact.clusters.size > 0,
    counts: count(impact),
    ...(impact.everything === undefined ? {} : { everything: impact.everything }),
    clusters: Object.fromEntries(
      [...impact.clusters].map(([id, { files, mayBring }]) => [
        id,
        {
          files: files.map(({ addon, file, objects }) => ({
            addon,
            file,
            objects: objects.map(([kind, namespace, name]) => ({ kind, ...(namespace === "" ? {} : { namespace }), name })),
          })),
          mayBring,
        },
      ]),
    ),
    unset: impact.unset,
    untried: impact.untried,
    unknown: impact.unknown,
  };
}
