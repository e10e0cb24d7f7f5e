import { BUNDLE_ANNOTATION } from "../bundle/index.ts";
import { isSuspect } from "../sealed/index.ts";
import { isPlainSafe, isPlainString } from "../yaml/index.ts";
import { LINE, type FreeText } from "./free-texts.ts";
import { digestOf, type Manifest, type ManifestPart, type PublishedFile } from "./manifest.ts";
import type { Mode, PrintedVariant } from "./types.ts";

/** A line in which printed texts stand, as part of a free text. */
interface PrintedLine {
  readonly part: ManifestPart;
  readonly free: FreeText;
  /** The line, cut where printed texts stand. */
  readonly pieces: readonly string[];
  /** Numbers of the texts between the pieces. */
  readonly texts: readonly number[];
  /** What stands before and behind the free text. */
  readonly around: readonly [start: string, open: string, close: string];
}

/** The canonical text of an object, cut where free texts stand; `lines` says those of which lines stand between the pieces. */
interface CutObject {
  readonly pieces: readonly string[];
  readonly lines: readonly number[];
}

/**
 * A manifest in which texts are printed that are other ones in other files, such as a cluster's own name, all of them within free texts:
 * what another file comes to follows from the texts alone.
 */
export class PrintedManifest {
  readonly manifest: Manifest;
  readonly #lines: readonly PrintedLine[];
  readonly #cut = new Map<Mode | undefined, readonly (CutObject | undefined)[] | undefined>();

  private constructor(manifest: Manifest, lines: readonly PrintedLine[]) {
    this.manifest = manifest;
    this.#lines = lines;
  }

  /** `undefined` where a text is printed elsewhere. `manifest`: of the base's file. */
  static of(manifest: Manifest, { base, places }: Omit<PrintedVariant, "texts">): PrintedManifest | undefined {
    if (!manifest.isManifest || manifest.findings.length > 0) return undefined;
    // What is written for references, and for bundles, is not what is parsed.
    if (manifest.objects.some(({ references }) => references.length > 0)) return undefined;
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(base.content);
    if (text.includes(BUNDLE_ANNOTATION)) return undefined;
    if (/\r|\ufeff|\u0085|\u2028|\u2029/u.test(text)) return undefined;
    const lines: PrintedLine[] = [];
    let [number, start] = [0, 0];
    for (const line of text.split("\n")) {
      const own = [...places.entries()].filter(([, { at }]) => at >= start && at <= start + line.length);
      if (own.length > 0) {
        const printed = printedLine(manifest, number, line, start, own);
        if (printed === undefined) return undefined;
        lines.push(printed);
      }
      number++;
      start += line.length + 1;
    }
    return lines.reduce((sum, { texts }) => sum + texts.length, 0) === places.length ? new PrintedManifest(manifest, lines) : undefined;
  }

  /** The free texts of a file with these texts, a line each; `undefined` where they would not be read or written as they stand. */
  valuesWith(texts: readonly string[]): readonly string[] | undefined {
    const values: string[] = [];
    for (const { pieces, texts: numbers, around } of this.#lines) {
      const line = joined(pieces, numbers, texts);
      const [, start, open, value = "", close] = LINE.exec(line) ?? [];
      if (start !== around[0] || open !== around[1] || close !== around[2] || !isPlainSafe(value)) return undefined;
      if (isSuspect(value)) return undefined;
      if (open === "" && !isPlainString(value)) return undefined;
      values.push(value);
    }
    return values;
  }

  /** The published file with these free texts. */
  publish(declared: Mode | undefined, values: readonly string[]): PublishedFile | undefined {
    if (!this.#cut.has(declared)) this.#cut.set(declared, this.#cutObjects(declared));
    const cuts = this.#cut.get(declared);
    if (cuts === undefined) return undefined;
    const texts: string[] = [];
    let at = 0;
    const objects = this.manifest.parts.flatMap((part) => {
      const published = part.publish(declared);
      return published.objects.map((object, index) => {
        const cut = cuts[at++];
        const text = cut === undefined ? (published.texts[index] ?? "") : joined(cut.pieces, cut.lines, values);
        texts.push(text);
        return cut === undefined ? object : { ...object, digest: digestOf(text) };
      });
    });
    return { text: texts.join("---\n"), objects };
  }

  /** Of each object in order; of one without printed texts nothing. */
  #cutObjects(declared: Mode | undefined): readonly (CutObject | undefined)[] | undefined {
    const all: (CutObject | undefined)[] = [];
    for (const part of this.manifest.parts) {
      for (const index of part.objects.keys()) {
        const own = [...this.#lines.entries()].filter(([, line]) => line.part === part && line.free.object === index);
        const cut = own.length === 0 ? undefined : cutObject(part, index, own, declared);
        if (own.length > 0 && cut === undefined) return undefined;
        all.push(cut);
      }
    }
    return all;
  }
}

function printedLine(
  manifest: Manifest,
  number: number,
  line: string,
  start: number,
  places: readonly (readonly [number, { readonly at: number; readonly length: number }])[],
): PrintedLine | undefined {
  const part = manifest.parts.find((each) => each.freeTextOn(number) !== undefined);
  const free = part?.freeTextOn(number);
  const [, begin, open, value, close] = LINE.exec(line) ?? [];
  if (part === undefined || free === undefined || free.value !== value) return undefined;
  if (begin === undefined || open === undefined || close === undefined || open !== close) return undefined;
  const pieces: string[] = [];
  let end = 0;
  for (const [, { at, length }] of places) {
    pieces.push(line.slice(end, at - start));
    end = at - start + length;
  }
  if (end > line.length) return undefined;
  return { part, free, pieces: [...pieces, line.slice(end)], texts: places.map(([text]) => text), around: [begin, open, close] };
}

/** Cuts an object's text where it has texts that nothing else in it is like; as what is written plainly stands in it as it is. */
function cutObject(
  part: ManifestPart,
  index: number,
  lines: readonly (readonly [number, PrintedLine])[],
  declared: Mode | undefined,
): CutObject | undefined {
  const plain = part.publish(declared).texts[index] ?? "";
  if (plain.includes(PROBE)) return undefined;
  const probed = part.textWith(
    index,
    lines.map(([number, { free }]) => [free, `${PROBE}${number}x`]),
    declared,
  );
  const pieces: string[] = [];
  const numbers: number[] = [];
  let end = 0;
  for (const found of probed.matchAll(new RegExp(`${PROBE}(\\d+)x`, "g"))) {
    pieces.push(probed.slice(end, found.index));
    numbers.push(Number(found[1]));
    end = found.index + found[0].length;
  }
  pieces.push(probed.slice(end));
  const values = lines.map(([number, { free }]): [number, string] => [number, free.value]);
  const isWhole = new Set(numbers).size === lines.length && numbers.length === lines.length;
  return isWhole && joined(pieces, numbers, Object.assign([], Object.fromEntries(values))) === plain
    ? { pieces, lines: numbers }
    : undefined;
}

const PROBE = "halitePrinted";

function joined(pieces: readonly string[], numbers: readonly number[], texts: readonly string[]): string {
  let all = pieces[0] ?? "";
  for (const [index, number] of numbers.entries()) all += (texts[number] ?? "") + (pieces[index + 1] ?? "");
  return all;
}
