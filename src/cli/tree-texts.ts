import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import type { Fleet } from "../fleet/index.ts";

/** A file of the fleet's tree as text. */
export interface TreeText {
  /** Absolute. */
  readonly path: string;
  /** Relative to the fleet's folder, with `/`, as messages name it. */
  readonly name: string;
  readonly text: string;
}

/** Bytes of a file that is looked into at most: what is larger is no pillar, state or manifest. */
const LIMIT = 8 * 1024 * 1024;

/** The files below the fleet's pillar roots, or its pillar and file roots, that are text (UTF-8), by path. Links are not followed. */
export function treeTexts({ folder, config }: Pick<Fleet, "folder" | "config">, which: "pillar" | "all"): TreeText[] {
  const roots = [...config.pillarRoots.values(), ...(which === "all" ? config.fileRoots.values() : [])].flat();
  const found = new Map<string, TreeText>();
  for (const top of new Set(roots.map((root) => resolve(folder, root)))) {
    if (!existsSync(top)) continue;
    for (const entry of readdirSync(top, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || found.has(path) || statSync(path).size > LIMIT) continue;
      const text = textOf(path);
      if (text !== undefined) found.set(path, { path, name: relative(folder, path).split(sep).join("/"), text });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The line, counted from 1, that an offset of a text is on. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function textOf(path: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
