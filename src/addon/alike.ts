import { addonOf } from "./assign.ts";
import type { AddonCache } from "./cache.ts";
import type { CompiledAddons, Draft } from "./compile.ts";
import type { PrintedManifest } from "./printed.ts";
import type { AddonObject, CommonWritten, CompleteAddon, Mode } from "./types.ts";

/** A file of an addon that follows from the texts that are printed in it. */
interface AlikeFile {
  /** As the states write it. */
  readonly path: string;
  readonly printed: PrintedManifest;
  /** Its number among the addon's files. */
  readonly file: number;
  /** Where its objects begin among the addon's. */
  readonly from: number;
}

interface AlikeAddon {
  readonly addon: CompleteAddon;
  readonly mode: Mode | undefined;
  /** Files in which texts are printed. */
  readonly files: readonly AlikeFile[];
}

/** The addons of clusters that are alike: all that was compiled is the same, but for texts that templates only print. */
export class AlikeAddons {
  readonly #compiled: CompiledAddons;
  readonly #drafts: readonly Draft[];
  readonly #printed: CommonWritten["printed"];
  readonly #cache: AddonCache;
  /** Null where they are of no use. Looked for when there is a second cluster. */
  #addons: readonly AlikeAddon[] | null | undefined;

  /** `compiled`: the first cluster's, from its drafts. */
  constructor(compiled: CompiledAddons, drafts: readonly Draft[], printed: CommonWritten["printed"], cache: AddonCache) {
    this.#compiled = compiled;
    this.#drafts = drafts;
    this.#printed = printed;
    this.#cache = cache;
  }

  /** The addons of another such cluster, whose texts these are; `undefined` where they are such that the files must be read. */
  with(textsOf: (path: string) => readonly string[]): CompiledAddons | undefined {
    if (this.#addons === undefined) this.#addons = this.#find() ?? null;
    if (this.#addons === null) return undefined;
    const addons: CompleteAddon[] = [];
    for (const each of this.#addons) {
      const addon = each.files.length === 0 ? each.addon : withTexts(each, textsOf);
      if (addon === undefined) return undefined;
      addons.push(addon);
    }
    return { ...this.#compiled, addons, alike: this };
  }

  /** `undefined` where what another cluster comes to may hang on the texts, or where lines have to be told of that can be other ones. */
  #find(): readonly AlikeAddon[] | undefined {
    if (this.#compiled.findings.some(({ severity }) => severity !== "note")) return undefined;
    const addons: AlikeAddon[] = [];
    let found = 0;
    for (const [index, draft] of this.#drafts.entries()) {
      const addon = this.#compiled.addons[index];
      if (addon?.state !== "complete" || draft.own.length + draft.twice.length > 0) return undefined;
      const files = this.#filesOf(draft, addon);
      if (files === undefined) return undefined;
      found += files.length;
      addons.push({ addon: addon.like ?? addon, mode: draft.declaredMode, files });
    }
    const wanted = [...this.#printed.keys()].filter((path) => addonOf(path) !== undefined).length;
    return found === wanted ? addons : undefined;
  }

  #filesOf(draft: Draft, addon: CompleteAddon): readonly AlikeFile[] | undefined {
    const files: AlikeFile[] = [];
    let from = 0;
    for (const manifest of draft.manifests) {
      const { path } = manifest.file;
      const base = this.#printed.get(path);
      if (base !== undefined) {
        const printed = draft.policies?.readsFreeTexts === true ? undefined : this.#cache.printedManifest(base);
        const file = addon.files.findIndex(({ path: target }) => target === manifest.target);
        if (printed === undefined || file < 0) return undefined;
        files.push({ path, printed, file, from });
      }
      from += manifest.objects.length;
    }
    return files;
  }
}

function withTexts({ addon, mode, files }: AlikeAddon, textsOf: (path: string) => readonly string[]): CompleteAddon | undefined {
  const own = [...addon.files];
  const objects: AddonObject[] = [...addon.objects];
  for (const { path, printed, file, from } of files) {
    const values = printed.valuesWith(textsOf(path));
    const published = values === undefined ? undefined : printed.publish(mode, values);
    const before = own[file];
    if (published === undefined || before === undefined) return undefined;
    own[file] = { path: before.path, text: published.text };
    for (const [index, object] of published.objects.entries()) objects[from + index] = object;
  }
  return { ...addon, files: own, objects, like: addon };
}
