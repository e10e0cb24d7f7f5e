import { createHash } from "node:crypto";
import { addonOf, publishedPath } from "../addon/index.ts";
import type { Finding, Position } from "../finding/index.ts";
import type { CompiledCluster } from "../fleet/index.ts";
import { PyDict, type Value } from "../python/index.ts";
import { loadKubernetes } from "../yaml/index.ts";
import type { FoldedFinding } from "./report.ts";

/** A finding with its places in the fleet's own files. */
export interface ReportedFinding extends FoldedFinding {
  /** The line that is to be changed: of a state, a template, pillar, the roster, the config, a policy; absent where it is in none of these. */
  readonly source: Position | undefined;
  /** The line of the compiled file in out/ of the first cluster that has it; absent where nothing of it is compiled. */
  readonly compiled: Position | undefined;
  /** The same in every run over the same trouble, whatever lines come or go above it. */
  readonly fingerprint: string;
}

/** Finds the places of findings. `out`: the folder of compiled files, as a user writes it. */
export function reported(
  findings: readonly FoldedFinding[],
  compiles: readonly CompiledCluster[],
  out: string,
): readonly ReportedFinding[] {
  const byId = new Map(compiles.map((compile) => [compile.cluster.id, compile]));
  return findings.map((folded) => {
    const { finding, clusters } = folded;
    const compile = byId.get(clusters[0] ?? "");
    return {
      ...folded,
      source: sourceOf(finding),
      compiled: compile === undefined ? undefined : compiledPlace(finding, compile, out),
      fingerprint: fingerprintOf(finding),
    };
  });
}

function sourceOf({ at, sources, trail }: Finding): Position | undefined {
  const places = [...(sources ?? []), ...(at === undefined ? [] : [at]), ...(trail ?? [])];
  return places.find(({ file }) => !file.startsWith("/") && !file.includes("://"));
}

/** Of code, object, field and message: without a line, and without the places of list items. */
function fingerprintOf({ code, object, field, message, at }: Finding): string {
  const place = object === undefined ? (at?.file ?? "") : `${object} ${(field ?? []).filter((step) => typeof step === "string").join(".")}`;
  return createHash("sha256")
    .update(`${code}\0${place}\0${withoutLines(message)}`)
    .digest("hex")
    .slice(0, 32);
}

function withoutLines(message: string): string {
  return message.replace(/(?::\d+){1,2}\b/g, "").replace(/\bline \d+/g, "line");
}

function compiledPlace({ at, object, field }: Finding, { cluster, files }: CompiledCluster, out: string): Position | undefined {
  const place = at === undefined ? undefined : addonOf(at.file);
  if (at === undefined || place === undefined) return undefined;
  const path = `${place.addon}/${publishedPath(at.file)}`;
  const text = files.get(path);
  if (text === undefined) return undefined;
  const file = `${out}/${cluster.az}/${cluster.id}/${path}`;
  for (const { value, positions, line } of loadKubernetes(text, { file })) {
    if (!(value instanceof PyDict) || nameOf(value) !== object) continue;
    let best: Position = { file, line, column: 1 };
    let here: Value | undefined = value;
    for (const step of field ?? []) {
      if (!(here instanceof PyDict) && !Array.isArray(here)) break;
      const found = positions.at(here, step);
      if (found !== undefined) best = { file, line: found.line, column: found.column };
      here = here instanceof PyDict ? here.get(step) : here[Number(step)];
    }
    return best;
  }
  return { file };
}

function nameOf(value: PyDict): string {
  const metadata = value.get("metadata");
  const [name, namespace] = metadata instanceof PyDict ? [metadata.get("name"), metadata.get("namespace")] : [];
  const home = typeof namespace === "string" && namespace !== "" ? `${namespace}/` : "";
  const kind = value.get("kind");
  return `${typeof kind === "string" ? kind : ""} ${home}${typeof name === "string" ? name : ""}`;
}
