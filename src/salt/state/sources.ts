import type { Position } from "../../finding/index.ts";
import { PyDict, type Value } from "../../python/index.ts";
import type { RenderedSls, SourceFile } from "../types.ts";
import type { SlsName } from "./errors.ts";

/** Where the declarations of a highstate stand in their files. */
export class StateSources {
  readonly #rendered = new Map<string, { readonly file: SourceFile; readonly sls: RenderedSls }>();

  add({ saltenv, sls }: SlsName, file: SourceFile, rendered: RenderedSls): void {
    this.#rendered.set(`${saltenv}:${sls}`, { file, sls: rendered });
  }

  file({ saltenv, sls }: SlsName): SourceFile | undefined {
    return this.#rendered.get(`${saltenv}:${sls}`)?.file;
  }

  /** The line of an ID, or of another top-level key, of an SLS; else the file. */
  ofId(name: SlsName | undefined, id: Value): Position | undefined {
    const source = name === undefined ? undefined : this.#rendered.get(`${name.saltenv}:${name.sls}`);
    if (source === undefined) return undefined;
    const { data, positions } = source.sls;
    const top = data instanceof PyDict ? positions.at(data, id) : undefined;
    return { file: source.file.display, ...top };
  }

  /** The line of an entry of any mapping or list that an SLS holds. */
  ofEntry(container: PyDict | readonly Value[], key: Value): Position | undefined {
    for (const { file, sls } of this.#rendered.values()) {
      const place = sls.positions.at(container, key);
      if (place !== undefined) return { file: file.display, ...place };
    }
    return undefined;
  }
}
