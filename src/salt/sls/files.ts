import { compareCodePoints } from "../fileroots/index.ts";
import type { FileRoots, SourceFile } from "../types.ts";

/** The SLS names of environments, made once from a list of files (fileclient.py list_states, Salt 3007.1). */
export class SlsNames {
  readonly #known = new WeakMap<readonly string[], readonly string[]>();

  /** Sorted by code point; `a/init.sls` is `a`. A file with a dot in its name is listed though no name finds it, as in Salt. */
  of(roots: FileRoots, saltenv: string): readonly string[] {
    const files = roots.list(saltenv);
    let names = this.#known.get(files);
    if (names === undefined) {
      names = slsNames(files);
      this.#known.set(files, names);
    }
    return names;
  }
}

function slsNames(files: readonly string[]): string[] {
  const names = new Set<string>();
  for (const path of files) {
    if (!path.endsWith(".sls")) continue;
    const stem = path.endsWith("/init.sls") ? path.slice(0, -"/init.sls".length) : path.slice(0, -".sls".length);
    names.add(stem.replaceAll("/", "."));
  }
  return [...names].sort(compareCodePoints);
}

export interface FoundSls {
  readonly file: SourceFile;
  /** Whether it is an `init.sls`, from whose directory relative includes count. */
  readonly isInit: boolean;
}

/** The file of an SLS name: `a.b` is `a/b.sls`, else `a/b/init.sls`. */
export function findSls(roots: FileRoots, saltenv: string, sls: string): FoundSls | undefined {
  const path = sls.replaceAll(".", "/");
  const plain = roots.find(saltenv, `${path}.sls`);
  if (plain !== undefined) return { file: plain, isInit: path === "init" || path.endsWith("/init") };
  const init = roots.find(saltenv, `${path}/init.sls`);
  return init === undefined ? undefined : { file: init, isInit: true };
}
