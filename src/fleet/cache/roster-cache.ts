import { createHash } from "node:crypto";
import { holdsAliases } from "../../memo/index.ts";
import { PyDict } from "../../python/index.ts";
import type { Cluster, Roster } from "../roster.ts";
import type { CacheFolder } from "./folder.ts";
import { decodeValue, encodeValue, type Encoded } from "./values.ts";

/** A smaller roster is read as fast from its own text. */
const WORTH_KEEPING = 8 * 1024;

type KeptCluster = Omit<Cluster, "grains"> & { readonly grains: Encoded };

/** Rosters that earlier runs have read, by their text: of thousands of clusters it takes a second to read as YAML. */
export class RosterCache {
  readonly #cache: CacheFolder;

  constructor(cache: CacheFolder) {
    this.#cache = cache;
  }

  /** The roster that a text, with all else that it is read by, comes to. */
  roster(text: string, parse: () => Roster): Roster {
    if (text.length < WORTH_KEEPING) return parse();
    const name = `roster-${createHash("sha256").update(text, "utf8").digest("hex").slice(0, 32)}`;
    const bytes = this.#cache.read(name);
    if (bytes !== undefined) return decode(bytes);
    const roster = parse();
    const encoded = encode(roster);
    if (encoded !== undefined) {
      for (const other of this.#cache.names("roster-").slice(MOST_ROSTERS - 1)) this.#cache.remove(other);
      this.#cache.write(name, encoded);
    }
    return roster;
  }
}

const MOST_ROSTERS = 4;

/** `undefined` for what can't be kept, and for a roster in which something is wrong. */
function encode({ clusters, findings }: Roster): Buffer | undefined {
  const kept: KeptCluster[] = [];
  for (const cluster of clusters) {
    // A YAML anchor makes one list or mapping of two, which would be two.
    const grains = holdsAliases(cluster.grains) ? undefined : encodeValue(cluster.grains);
    if (grains === undefined) return undefined;
    kept.push({ ...cluster, grains });
  }
  if (findings.some((finding) => finding.severity === "error")) return undefined;
  return Buffer.from(JSON.stringify({ clusters: kept, findings }), "utf8");
}

function decode(bytes: Buffer): Roster {
  // Only what `encode` of this very build wrote, and whose digest is right, comes here.
  const { clusters, findings }: { readonly clusters: readonly KeptCluster[]; readonly findings: Roster["findings"] } = JSON.parse(
    bytes.toString("utf8"),
  );
  return { findings, clusters: clusters.map((cluster) => ({ ...cluster, grains: dictOf(cluster.grains) })) };
}

function dictOf(encoded: Encoded): PyDict {
  const value = decodeValue(encoded);
  return value instanceof PyDict ? value : new PyDict();
}
