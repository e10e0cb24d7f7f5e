import {
  addonOf,
  ADDONS_DIRECTORY,
  fateOf,
  publishedLines,
  publishedObjects,
  publishedText,
  readAddonSettings,
  type Mode,
  type ObjectSchema,
  type PublishedLine,
  type PublishedObject,
  type WrittenFile,
} from "../addon/index.ts";
import { BUNDLE_FOLDER } from "../bundle/index.ts";
import { FindingError, type Position, type TrailStep } from "../finding/index.ts";
import { str } from "../python/index.ts";
import type { FileResult, FileRunParts } from "../salt/index.ts";
import { findCauses, type ClusterData, type Subject } from "./causes.ts";
import { valueAt } from "./changed-data.ts";
import { readCrds } from "./compile.ts";
import { addonStands, whyNot, type NothingThere } from "./explain-refusal.ts";
import { explainedValues, grainsElsewhere, isSealed, type ExplainedValue } from "./explained-values.ts";
import { FileTrial } from "./file-trial.ts";
import { minionOfCluster, type Fleet } from "./load.ts";
import { causesElsewhere, isSame } from "./needed-elsewhere.ts";
import { possibleValues } from "./possible-values.ts";
import type { Cluster } from "./roster.ts";
import { PillarSchemas } from "./user-schemas.ts";

/** A published file of one cluster, or one line of it. */
export interface ExplainRequest {
  readonly addon: string;
  /** The path within the addon. */
  readonly file: string;
  /** Counted in the published file from 1; absent: the file as a whole. */
  readonly line?: number;
}

/** What stands behind a line of the compiled output. */
export interface Explanation {
  readonly state: {
    readonly id: string;
    readonly sls: string;
    readonly function: string;
    readonly source: string | null;
    readonly at?: Position;
  };
  /** The line itself; masked where it is part of a sealed text. */
  readonly text?: string;
  /** What the second stage says of a line that it wrote itself. */
  readonly added?: string;
  /** Where the line was printed, innermost first. */
  readonly trail: readonly TrailStep[];
  readonly values: readonly ExplainedValue[];
}

/**
 * Says of published lines of one cluster which state, template lines and values they come from. Values are found by trying others: exact,
 * as far as another value of the same kind shows it that the schemas of pillar take. What makes other addons not compile counts where this addon
 * needs something of theirs: a namespace, the definition of a kind, the addon as such.
 */
export class Explainer {
  readonly #fleet: Fleet;
  readonly #cluster: Cluster;
  readonly #trial: FileTrial;

  constructor(fleet: Fleet, cluster: Cluster) {
    this.#fleet = fleet;
    this.#cluster = cluster;
    this.#trial = new FileTrial(minionOfCluster(fleet, cluster));
  }

  #schema(): ObjectSchema {
    const { schemas } = this.#fleet;
    return schemas.forVersion(this.#cluster.kubernetes).withCustomResources(readCrds(this.#fleet));
  }

  /** @throws FindingError where the addon does not compile */
  explain(request: ExplainRequest): Explanation | NothingThere {
    const trial = this.#trial;
    const { addons, delivery } = readAddonSettings(trial.pillar.value.data);
    const published: PublishedAs = {
      declared: addons.get(request.addon)?.mode,
      bundles: { source: this.#fleet.bundles, delivery, addon: request.addon },
    };
    const { declared } = published;
    const chosen = chooseFile(trial, request);
    const objects = chosen === undefined ? undefined : (publishedObjects(chosen.file, declared, published.bundles) ?? []);
    const subject = { fleet: this.#fleet, cluster: this.#cluster };
    if (
      chosen === undefined ||
      objects === undefined ||
      objects.length === 0 ||
      !addonStands(subject, trial, filesOf(request.addon, chosen.run), declared)
    ) {
      const absent = whyNot(subject, request);
      if (absent !== undefined) return absent;
      if (chosen === undefined && request.file.startsWith(`${BUNDLE_FOLDER}/`)) throw isBundle(request);
      if (chosen === undefined || objects === undefined) throw new Error(`${request.addon}/${request.file} is compiled and can't be found`);
    }
    const lines = publishedLines(chosen.file, objects);
    const line = request.line === undefined ? undefined : lines[request.line - 1];
    if (request.line !== undefined && line === undefined) return { missing: "line", among: [], lines: lines.length };
    return this.#explanation(chosen, published, objects, lines, line, request.addon);
  }

  #explanation(
    { file }: Chosen,
    published: PublishedAs,
    objects: readonly PublishedObject[],
    lines: readonly PublishedLine[],
    line: PublishedLine | undefined,
    addon: string,
  ): Explanation {
    const trial = this.#trial;
    const pillar = trial.pillar.value.data;
    const cluster: ClusterData = {
      data: { pillar, grains: this.#cluster.grains },
      also: [["addons", addon, "mode"]],
      elsewhere: grainsElsewhere(this.#fleet, this.#cluster),
      possible: possibleValues(PillarSchemas.in(this.#fleet), pillar),
    };
    const causes = findCauses(trial, cluster, {
      judge: judgeOf(file, published, objects, line),
      shows: (text) => (line === undefined ? lines : [line]).some((each) => each.text.includes(text)),
    });
    const own = {
      state: stateOf(trial, file),
      ...(line !== undefined && { text: shownText(line, objects), ...addedBy(line, objects, addon) }),
      trail: line?.written === undefined || line.added !== undefined ? [] : trial.trace(line.written),
    };
    // Looked for last: the trials are about files of other addons from now on.
    const elsewhere = causesElsewhere(trial, addon, { ...cluster, also: [] }, this.#schema()).filter(
      (cause) => !causes.some((each) => isSame(cause, each)),
    );
    return { ...own, values: explainedValues([...causes, ...elsewhere], trial, this.#fleet, this.#cluster) };
  }
}

interface Chosen {
  readonly file: WrittenFile;
  readonly run: FileRunParts;
}

/** Under the addons' folder a manifest may be `.yml` or `.json`; it is published as `.yaml`. */
function chooseFile(trial: FileTrial, { addon, file }: ExplainRequest): Chosen | undefined {
  const folder = addon === "_root" ? ADDONS_DIRECTORY : `${ADDONS_DIRECTORY}${addon}/`;
  for (const ending of [".yaml", ".yml", ".json"]) {
    const path = `${folder}${file.replace(/\.yaml$/, ending)}`;
    const run = trial.choose(addon, path);
    const made = run?.files.get(path);
    if (run !== undefined && made?.kind === "file") return { file: made, run };
  }
  return undefined;
}

/** What a run wrote, or failed to write, of an addon. */
function filesOf(addon: string, { files }: FileRunParts): readonly FileResult[] {
  return [...files.values()].filter(({ path }) => [path, `${path}/`].some((each) => addonOf(each)?.addon === addon));
}

/** What an addon's files are published by, beside themselves. */
interface PublishedAs {
  readonly declared: Mode | undefined;
  readonly bundles: Parameters<typeof publishedObjects>[2];
}

function isBundle({ addon, file }: ExplainRequest): FindingError {
  return new FindingError({
    code: "explain-bundle",
    severity: "error",
    message: `${addon}/${file} is a bundle: no state has written it`,
    advice: "the compile puts it there for the objects that name it by halite.dev/bundle; it is made from the controller's sources",
  });
}

function judgeOf(
  file: WrittenFile,
  { declared, bundles }: PublishedAs,
  objects: readonly PublishedObject[],
  line: PublishedLine | undefined,
): Subject["judge"] {
  const text = line === undefined ? publishedText(objects) : "";
  return (as) => {
    if (as.file === undefined) return as.failed ? "fails" : "gone";
    if (as.declared === declared && Buffer.from(as.file.content).equals(file.content)) return undefined;
    const others = publishedObjects(as.file, as.declared, bundles);
    if (others === undefined) return "fails";
    if (others.length === 0) return "gone";
    if (line === undefined) return publishedText(others) === text ? undefined : "differs";
    const fate = fateOf(line, objects, others);
    return fate === "same" ? undefined : fate;
  };
}

function stateOf(trial: FileTrial, file: WrittenFile): Explanation["state"] {
  const { id, sls, source } = file;
  const low = trial.low.value;
  const chunks = low?.order.filter((chunk) => chunk.get("state") === "file" && chunk.get("__id__") === id && chunk.get("__sls__") === sls);
  const chunk = chunks?.find((each) => each.get("name") === file.path) ?? chunks?.[0];
  const at = chunk === undefined ? undefined : low?.positionOf(chunk);
  return { id, sls, function: `file.${str(chunk?.get("fun") ?? "")}`, source, ...(at !== undefined && { at }) };
}

function addedBy(line: PublishedLine, objects: readonly PublishedObject[], addon: string): Pick<Explanation, "added"> {
  if (line.added === undefined) return {};
  if (line.added === "bundle") return { added: "what runs the bundle that the object names by halite.dev/bundle" };
  if (line.added === "protocol") return { added: "the protocol of a port that names none, which is TCP" };
  switch (objects[line.object]?.mode.from) {
    case "pillar":
      return { added: `the addon manager's mode label, as pillar addons:${addon}:mode declares the addon` };
    case "cluster-service":
      return { added: 'the addon manager\'s mode label, as the object carries kubernetes.io/cluster-service: "true"' };
    default:
      return { added: "the addon manager's mode label, Reconcile as neither the object nor pillar says otherwise" };
  }
}

function shownText({ text, pointer, object }: PublishedLine, objects: readonly PublishedObject[]): string {
  const value = valueAt(objects[object]?.value ?? null, pointer);
  const name = /^[ -]*[^ :]+:/.exec(text)?.[0];
  return value === undefined || typeof value !== "string" || !isSealed(value) ? text : `${name ?? ""} (sealed)`.trimStart();
}
