import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { vi } from "vitest";
import {
  Aside,
  FleetCompiler,
  kubernetesSchemas,
  loadFleet,
  removeLeftovers,
  renderInThreads,
  strayFiles,
  writeOut,
  type RenderedCluster,
  type RenderSetting,
} from "../../src/fleet/index.ts";
import { FindingError } from "../../src/finding/index.ts";
import { HOME } from "./memory-fleet.ts";

const SCHEMAS = kubernetesSchemas(HOME);

/** What a render came to, without what differs from run to run. */
export interface Rendered {
  readonly clusters: readonly Pick<RenderedCluster, "cluster" | "release" | "findings" | "leftToNode">[];
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  readonly extra: readonly string[];
}

/** A fleet on disk that is rendered again and again, as `halite render` does it. */
export class RenderedFleet {
  readonly folder = mkdtempSync(join(tmpdir(), "halite-fleet-"));
  readonly warnings: string[] = [];
  /** What the clock of the program is ahead of the disk's, in milliseconds. */
  ahead = 0;
  /** Clusters of which nothing was computed in the last render with the cache, but for the last cluster. */
  unchanged = 0;
  readonly #now = Date.now.bind(Date);

  constructor(files: ReadonlyMap<string, string>) {
    this.put(files);
    vi.spyOn(Date, "now").mockImplementation(() => this.#now() + this.ahead);
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  /** Makes the tree what is given; what is the same already is not touched. With `keepTimes` a file that changes looks as old as it was. */
  put(files: ReadonlyMap<string, string>, { keepTimes = false } = {}): void {
    for (const folder of ["states", "pillar", "secrets", "schemas"])
      for (const path of filesIn(this.path(folder)).keys()) if (!files.has(`${folder}/${path}`)) rmSync(this.path(folder, path));
    for (const [path, text] of files) {
      const file = this.path(path);
      if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
      const before = lstatSync(file, { throwIfNoEntry: false });
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      if (keepTimes && before !== undefined) utimesSync(file, before.atime, before.mtime);
    }
  }

  /** Renders into a folder: with what earlier renders have left and leaving it for later ones, or without the cache and the memo. */
  async render(out: string, { cached, check = false }: { readonly cached: boolean; readonly check?: boolean }): Promise<Rendered | string> {
    const config = this.path("halite.yaml");
    let fleet;
    try {
      fleet = loadFleet(config, SCHEMAS, HOME);
    } catch (error) {
      if (error instanceof FindingError) return error.message;
      throw error;
    }
    const compiler = new FleetCompiler(fleet, { memo: cached });
    const setting: RenderSetting = {
      configPath: config,
      home: HOME,
      out: this.path(out),
      check,
      memo: cached,
      begun: Date.now(),
      cache: cached ? { top: this.path(".halite/cache"), version: "test" } : undefined,
    };
    const { clusters } = fleet.roster;
    if (!check) removeLeftovers(setting.out, Date.now());
    const watch = ({ unchanged }: { readonly unchanged: number }): void => void (cached && (this.unchanged = unchanged));
    const extra = strayFiles(setting.out, clusters);
    if (!check) writeOut(setting.out, new Map(), { missing: [], changed: [], extra }, new Aside(setting.out));
    const rendered = await renderInThreads(compiler, clusters, setting, 1, watch, (message) => this.warnings.push(message));
    const all = (which: "missing" | "changed" | "extra"): string[] => rendered.flatMap((each) => each.difference[which]);
    return {
      clusters: rendered.map(({ cluster, release, findings, leftToNode }) => ({ cluster, release, findings, leftToNode })),
      missing: all("missing"),
      changed: all("changed"),
      extra: [...all("extra"), ...extra],
    };
  }

  remove(): void {
    vi.restoreAllMocks();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Everything below a folder by path: texts, and what links lead to. Folders without files do not count. */
export function filesIn(folder: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const walk = (path: string): void => {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
      const name = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) walk(name);
      else files.set(name, entry.isSymbolicLink() ? `→ ${readlinkSync(join(folder, name))}` : readFileSync(join(folder, name), "utf8"));
    }
  };
  if (existsSync(folder)) walk("");
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}
