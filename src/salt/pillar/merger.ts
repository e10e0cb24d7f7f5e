import { PyDict, PyError, type Value } from "../../python/index.ts";
import type { Options } from "../config/index.ts";
import { merge } from "../data/index.ts";
import type { PillarSharing } from "./compile.ts";
import type { PillarTracer } from "./provenance.ts";

/** Merges the pillar sources of one minion by its strategy. */
export class PillarMerger {
  readonly #strategy: string;
  readonly #renderer: string;
  readonly #mergeLists: boolean;
  readonly #tracer: PillarTracer | undefined;
  /** A strategy that Salt does not know: it warns and recurses. */
  unknownStrategy: string | undefined;

  constructor(options: Options, tracer: PillarTracer | undefined) {
    this.#strategy = options.pillarMergingStrategy;
    this.#renderer = options.renderer;
    this.#mergeLists = options.pillarMergeLists;
    this.#tracer = tracer;
  }

  /** Whether to merge the same data twice running changes nothing. */
  get idempotent(): boolean {
    return !this.#mergeLists && this.#renderer !== "yamlex" && ["smart", "recurse", "overwrite"].includes(this.#strategy);
  }

  /** Whether merging leaves what is merged as it is: Salt's strategy `overwrite` changes the first of the two. */
  get leavesSources(): boolean {
    return this.#strategy !== "overwrite";
  }

  /**
   * The same without copying what only one of the two has, where both are to be changed by nobody.
   *
   * @param isShared whether other minions have this very `above`
   */
  shared(below: PyDict, above: PyDict, sharing: PillarSharing | undefined, isShared: boolean): PyDict {
    if (sharing === undefined || !this.idempotent || !this.leavesSources || this.#tracer !== undefined) {
      sharing?.mixed();
      return this.merge(below, above);
    }
    sharing.merging(above);
    const run = (): PyDict => over(below, above, sharing);
    if (!isShared || !(below === sharing.nothing || this.#common.has(below))) return run();
    const merged = sharing.merged(below, above, run);
    this.#common.add(merged);
    return merged;
  }
  /** What is merged of nothing but data that others have too. */
  readonly #common = new WeakSet<PyDict>();

  /** `above` put over `below`. @throws PyError `TypeError` where either is no dict */
  merge(below: Value, above: Value): PyDict {
    const merged = merge(below, above, this.#strategy, {
      renderer: this.#renderer,
      mergeLists: this.#mergeLists,
      unknown: (strategy) => {
        this.unknownStrategy = strategy;
      },
    });
    if (!(merged instanceof PyDict)) throw new PyError("TypeError", "Cannot update using non-dict types in dictupdate.update()");
    this.#tracer?.merged(merged, below, above);
    return merged;
  }
}

/** `update(deepCopy(below), above)` of data that nobody changes: what only one of the two has is not copied. */
function over(below: PyDict, above: PyDict, sharing: PillarSharing): PyDict {
  const merged = below.emptyLike();
  for (const [key, value] of below.entries()) merged.set(key, value);
  for (const [key, value] of above.entries()) {
    const old = merged.get(key);
    const isBoth = old instanceof PyDict && value instanceof PyDict;
    merged.set(key, isBoth ? sharing.merged(old, value, () => over(old, value, sharing)) : value);
  }
  return merged;
}
