import { randomBytes } from "node:crypto";
import { mkdirSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isOver, PROCESS, PROCESS_NAME, STALE } from "./running.ts";

/** Named for the process, so that what a killed one has left is told from what another is about to rename. */
const NAME = new RegExp(`^\\.halite-tmp-(${PROCESS_NAME})-[0-9a-f]+$`);

/** A folder in out/ in which files are made before they are renamed to where they belong. It is there only while it is needed. */
export class Aside {
  readonly #folder: string;
  #count = 0;

  constructor(out: string) {
    this.#folder = join(out, `.halite-tmp-${PROCESS}-${randomBytes(4).toString("hex")}`);
  }

  /** Makes a file that nobody else has, open for writing. */
  file(): { readonly path: string; readonly file: number } {
    const { path, made } = this.#make((each) => openSync(each, "wx", 0o644));
    return { path, file: made };
  }

  /** Makes a folder that nobody else has. */
  folder(): string {
    return this.#make((path) => mkdirSync(path)).path;
  }

  /** The folder itself is made for the first, and where somebody has taken it away. */
  #make<T>(make: (path: string) => T): { readonly path: string; readonly made: T } {
    const path = `${this.#folder}/${this.#count++}`;
    try {
      if (this.#count > 1) return { path, made: make(path) };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
    mkdirSync(this.#folder, { recursive: true });
    return { path, made: make(path) };
  }

  remove(): void {
    if (this.#count > 0) rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Whether a name in out/ is that of such a folder. */
export function isAside(name: string): boolean {
  return NAME.test(name);
}

/** Removes what killed processes have left in out/; with `own` also what this one has. `now` in milliseconds. */
export function removeLeftovers(out: string, now: number, { own = false }: { readonly own?: boolean } = {}): void {
  for (const name of namesIn(out)) {
    const maker = NAME.exec(name)?.[1];
    if (maker === undefined) continue;
    const folder = join(out, name);
    if ((own && maker === PROCESS) || isOver(maker) || isStale(folder, now)) rmSync(folder, { recursive: true, force: true });
  }
}

function isStale(folder: string, now: number): boolean {
  const status = statSync(folder, { throwIfNoEntry: false });
  return status !== undefined && status.mtimeMs < now - STALE;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
