import { FindingError } from "../../finding/index.ts";
import { LONGEST_PRINTED } from "../../memo/index.ts";
import { PyDict, PyError, type DataPath, type Value } from "../../python/index.ts";
import { isSaltString } from "../../yaml/index.ts";
import { Options } from "../config/index.ts";
import type { RenderSls, StandIns } from "../sls/index.ts";
import type { PillarRequest } from "./compile.ts";
import { PillarErrors } from "./errors.ts";
import { matchPillarTops, type PillarMatches } from "./tops.ts";

/** What top files come to for many minions: in names of SLS stand-ins are where a minion's own texts stand. */
export interface SharedTops {
  readonly matches: PillarMatches;
  /** The place of the text that a stand-in is for, by the stand-in. */
  readonly places: ReadonlyMap<string, DataPath>;
}

/** What no text of a tree holds. */
const MARK = "halite-stand-in-";
const STAND_IN = new RegExp(`${MARK}\\d+-`, "g");
/** A line that is an item of a sequence and a plain scalar, whatever text of that form stands in it. */
const ITEM = new RegExp(`^ *- [\\w./-]*(?:${MARK}\\d+-[\\w./-]*)+ *$`);
const NAME = /^[\w./-]+$/;
/** A text that makes a plain scalar of letters, digits and `_./-` another such. */
const OWN = /^[A-Za-z0-9][\w.-]*$/;

/**
 * `matchPillarTops` by what other minions' tops came to: a top file that names SLS by a text that it only prints (`clusters.{{ grains.id }}`) is
 * read once for all of them. `undefined` where that can't be relied on.
 */
export function sharedPillarTops(request: PillarRequest): PillarMatches | undefined {
  const { sharing, known, saltenv, pillarenv } = request;
  // Targets may ask for the pillar that there is already, of which nobody is told.
  if (sharing === undefined || known !== undefined) return undefined;
  const shared = sharing.tops(JSON.stringify([saltenv, pillarenv]), () => withStandIns(request));
  if (shared === undefined || shared.places.size === 0) return shared?.matches;
  const texts = new Map<string, string>();
  for (const [standIn, place] of shared.places) {
    const text = sharing.textAt(place);
    if (text === undefined || !OWN.test(text)) return undefined;
    texts.set(standIn, text);
  }
  const own = new Set<string>();
  const slsOf = named(shared.matches.slsOf, texts, own);
  const ignored = named(shared.matches.ignored, texts, own);
  return slsOf === undefined || ignored === undefined ? undefined : { slsOf, ignored, own };
}

/** `undefined` where something is to be said of the tops. */
function withStandIns(request: PillarRequest): SharedTops | undefined {
  const places = new Map<string, DataPath>();
  const standIns: StandIns = ({ text, printed }) => {
    if (text.includes(MARK)) return undefined;
    let [standing, end] = ["", 0];
    const used = new Map<string, DataPath>();
    for (const { at, length, path } of printed) {
      // As long as the longest text that may stand there, so that a minion's limits are never found later than they are.
      const standIn = `${MARK}${String(path.id).padStart(LONGEST_PRINTED, "0")}-`;
      standing += text.slice(end, at) + standIn;
      end = at + length;
      used.set(standIn, path);
    }
    standing += text.slice(end);
    for (const line of standing.split("\n")) if (line.includes(MARK) && !ITEM.test(line)) return undefined;
    for (const [standIn, path] of used) places.set(standIn, path);
    return standing;
  };
  let warned = false;
  const errors = new PillarErrors();
  const render: RenderSls = (sls) => {
    const rendered = request.render({ ...sls, standIns });
    const isFit = standOnlyInNames(rendered.data);
    const fit = isFit ? rendered : request.render({ ...sls, standIns: () => undefined });
    warned ||= fit.warnings.length > 0;
    return fit;
  };
  try {
    const matches = matchPillarTops({ ...request, render, warn: () => undefined }, new Options(request.minion.opts), errors);
    return warned || errors.messages.length > 0 ? undefined : { matches, places };
  } catch (error) {
    // It is said, with the minion's own texts, by the run of the minion alone.
    if (error instanceof FindingError || error instanceof PyError) return undefined;
    throw error;
  }
}

/** Whether stand-ins of a top file are nowhere but in names of SLS: not in targets, not in what it includes. */
function standOnlyInNames(top: Value): boolean {
  if (!(top instanceof PyDict)) return !holdsMark(top);
  for (const [saltenv, targets] of top.entries()) {
    if (!holdsMark(saltenv) && !holdsMark(targets)) continue;
    if (holdsMark(saltenv) || saltenv === "include" || !(targets instanceof PyDict)) return false;
    for (const [target, entries] of targets.entries()) {
      if (holdsMark(target) || (holdsMark(entries) && !Array.isArray(entries))) return false;
      if (Array.isArray(entries) && entries.some((entry) => holdsMark(entry) && !(typeof entry === "string" && NAME.test(entry)))) return false;
    }
  }
  return true;
}

function holdsMark(value: Value): boolean {
  if (typeof value === "string") return value.includes(MARK);
  if (Array.isArray(value)) return value.some(holdsMark);
  if (value instanceof PyDict) return [...value.entries()].some(([key, item]) => holdsMark(key) || holdsMark(item));
  // What else YAML can make of a text holds none of it.
  return value !== null && typeof value === "object";
}

/** Names with a minion's own texts, which `own` learns; `undefined` where one of them would be no name, or a name that is there already. */
function named(
  lists: ReadonlyMap<string, readonly string[]>,
  texts: ReadonlyMap<string, string>,
  own: Set<string>,
): ReadonlyMap<string, readonly string[]> | undefined {
  const all = new Map<string, readonly string[]>();
  for (const [saltenv, names] of lists) {
    const list: string[] = [];
    for (const name of names) {
      if (!name.includes(MARK)) {
        list.push(name);
        continue;
      }
      const filled = name.replace(STAND_IN, (standIn) => texts.get(standIn) ?? "");
      if (!isSaltString(filled)) return undefined;
      list.push(filled);
      own.add(filled);
    }
    if (new Set(list).size < list.length) return undefined;
    all.set(saltenv, list);
  }
  return all;
}
