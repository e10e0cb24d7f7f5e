import { ReleaseTexts } from "../addon/index.ts";
import { Apis, FleetComparison, publishedSide, Sides, type FleetDiff, type SideCluster, type SideName } from "../diff/index.ts";
import { FleetCompiler, type Fleet } from "../fleet/index.ts";
import { parseRemote, PublishedBranch, type BranchHead } from "../git/index.ts";
import { EnvironmentError, type CommandContext } from "./command.ts";
import type { FleetSide } from "./fleet-sides.ts";

/** What is published, compared with a state of the fleet. */
export interface ComparedPublished {
  readonly diff: FleetDiff;
  readonly head: FleetCompiler;
  /** The commit of the fleet that all of it was made from; `undefined` where it was made from none, or put together of several by a rollback. */
  readonly source: string | undefined;
}

/** Compares what is published, as it lies in the branch, with a rendered state of the fleet. */
export async function comparePublished(context: CommandContext, head: FleetSide, fleet: Fleet): Promise<ComparedPublished> {
  const { remote, branch: name, auth } = fleet.config.publish;
  const branch = await PublishedBranch.open({ remote: parseRemote(remote, fleet.folder), branch: name, auth, folder: fleet.folder });
  try {
    const first = await branch.head();
    if (first === null)
      throw new EnvironmentError(
        `nothing is published yet: ${branch.setting.remote.display} has no branch ${name}`,
        "`halite publish` makes the first commit",
      );
    const compiler = new FleetCompiler(fleet, { memo: !context.arguments.flag("no-memo") });
    const diff = await compareWith(context, await readPublished(branch, first), head, compiler);
    const source = first.trailers.has("Rollback-To") ? undefined : first.trailers.get("Source");
    return { diff, head: compiler, source: source !== undefined && /^[0-9a-f]{40,64}$/.test(source) ? source : undefined };
  } finally {
    branch.close();
  }
}

async function compareWith(context: CommandContext, published: Published, head: FleetSide, compiler: FleetCompiler): Promise<FleetDiff> {
  const { terminal, arguments: args } = context;
  const { fleet } = compiler;
  const target = args.value("clusters");
  const picked = fleet.roster.clusters.length === 0 ? [] : compiler.select(target);
  const texts = new ReleaseTexts();
  const sides = new Sides();
  const apis = new Apis(fleet.schemas, compiler.knownCrds);
  const comparison = new FleetComparison((cluster, other) => apis.of(cluster, other));
  const after = new Map<string, SideCluster>();
  const alike = new Set<string>();
  for (const [index, cluster] of picked.entries()) {
    terminal.progress(`rendering ${index}/${picked.length}`);
    const { release } = compiler.compile(cluster);
    after.set(cluster.id, sides.ofRelease(release));
    const text = texts.files(release).get("release.yaml") ?? "";
    if (published.releases.get(cluster.id)?.text === text) alike.add(cluster.id);
  }
  const others = target === undefined ? [...published.releases.keys()].filter((id) => !after.has(id)) : [];
  const before = await published.sides([...after.keys(), ...others].filter((id) => !alike.has(id)));
  for (const id of [...after.keys(), ...others].toSorted()) {
    const side = after.get(id);
    comparison.add(id, { before: alike.has(id) ? side : before.get(id), after: side });
  }
  terminal.progressDone();
  return comparison.result(published.name, head.name);
}

interface PublishedRelease {
  /** `AZ/CLUSTER`. */
  readonly place: string;
  readonly text: string;
}

interface Published {
  readonly name: SideName;
  /** By cluster. */
  readonly releases: ReadonlyMap<string, PublishedRelease>;
  sides(ids: readonly string[]): Promise<ReadonlyMap<string, SideCluster>>;
}

/** What a release.yaml and the files beside it are, of all clusters. */
async function readPublished(branch: PublishedBranch, { commit, files }: BranchHead): Promise<Published> {
  const places = new Map<string, string>();
  for (const path of files.keys()) {
    const [, place, id] = /^([^/]+\/([^/]+))\/release\.yaml$/.exec(path) ?? [];
    if (place !== undefined && id !== undefined) places.set(id, place);
  }
  const read = async (paths: readonly string[]): Promise<(path: string) => string | undefined> => {
    const blobs = await branch.read(new Set(paths.flatMap((path) => files.get(path) ?? [])));
    return (path) => blobs.get(files.get(path) ?? "")?.toString("utf8");
  };
  const releases = await read([...places.values()].map((place) => `${place}/release.yaml`));
  return {
    name: { kind: "published", name: "published", commit, subject: null },
    releases: new Map([...places].map(([id, place]) => [id, { place, text: releases(`${place}/release.yaml`) ?? "" }])),
    sides: async (ids) => {
      const wanted = new Set(ids.flatMap((id) => places.get(id) ?? []));
      const text = await read([...files.keys()].filter((path) => wanted.has(path.split("/", 2).join("/"))));
      return new Map(
        ids.flatMap((id): [string, SideCluster][] => {
          const place = places.get(id);
          return place === undefined
            ? []
            : [[id, publishedSide(place, text(`${place}/release.yaml`) ?? "", (path) => text(`${place}/${path}`))]];
        }),
      );
    },
  };
}
