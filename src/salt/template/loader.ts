import type { TemplateLoader, TemplateSource } from "../../jinja/index.ts";
import type { Value } from "../../python/index.ts";
import { normalizePath, splitPath } from "../fileroots/index.ts";
import type { FileRoots } from "../types.ts";

/** The variables of the environment that a loader reads and writes: its globals, which templates without a context of their own see. */
export interface LoaderGlobals {
  get(name: string): Value | undefined;
  set(name: string, value: Value): void;
}

/**
 * Salt's loader of templates (salt/utils/jinja.py SaltCacheLoader, 3007.1): names are paths within the file roots of one environment, or
 * begin with `./` or `../` and are relative to the global `tpldir`, which is that of the template loaded last. A template that was
 * loaded under a name stays under that name for the whole render.
 */
export class SaltLoader implements TemplateLoader {
  readonly #roots: FileRoots;
  readonly #saltenv: string;
  readonly #globals: LoaderGlobals;
  readonly #loaded = new Map<string, TemplateSource>();
  /** What each loaded file was asked for as. */
  readonly #names = new Map<string, string>();

  constructor(roots: FileRoots, saltenv: string, globals: LoaderGlobals) {
    this.#roots = roots;
    this.#saltenv = saltenv;
    this.#globals = globals;
  }

  load(name: string): TemplateSource | undefined {
    const known = this.#loaded.get(name);
    if (known !== undefined) return known;
    const [first] = name.split("/", 1);
    const relative = first === "." || first === "..";
    const path = relative ? this.#resolve(name) : name;
    if (path === undefined) return undefined;
    this.#stand(name, path, relative);
    const file = this.#roots.find(this.#saltenv, path);
    if (file === undefined) return undefined;
    const source = { name: file.display, text: file.text };
    this.#loaded.set(name, source);
    this.#names.set(file.display, name);
    return source;
  }

  /** The name that a template asked for when the file was loaded; Jinja's own messages call it by that. */
  askedFor(display: string): string | undefined {
    return this.#names.get(display);
  }

  /** The path of a relative name; `undefined` where it leaves the roots, or nothing says what it is relative to. */
  #resolve(name: string): string | undefined {
    const directory = this.#globals.get("tpldir");
    if (typeof directory !== "string") return undefined;
    const path = normalizePath(`${directory}/${name}`);
    return path.split("/", 1)[0] === ".." ? undefined : path;
  }

  /** What the globals say from now on of where templates stand; Salt says it also of a template that turns out to be missing. */
  #stand(name: string, path: string, relative: boolean): void {
    const own = splitPath(path)[0];
    const before = this.#globals.get("tpldir");
    const directory = relative && typeof before === "string" ? before : own;
    this.#globals.set("tplfile", relative ? name : path);
    this.#globals.set("tpldir", directory === "" ? "." : directory);
    this.#globals.set("tpldot", directory.replaceAll("/", "."));
  }
}
