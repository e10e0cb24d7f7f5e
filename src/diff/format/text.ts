import type { FleetDiff, FoldedChange, FoldedFailure } from "../fleet-diff.ts";
import { refOf } from "../fold.ts";
import type { DangerLevel } from "../model.ts";
import { showField, yamlOf, type ShownField, type ShownLine } from "./field-lines.ts";
import { groupChanges, objectName, placeChange, placesOf, plural, rolloutsIn, summaryOf, verbOf, type ChangeGroup } from "./overview.ts";
import { addonText, causeText, clusterText, names, sideText } from "./sentences.ts";

export type DiffColour = "red" | "green" | "yellow" | "cyan" | "dim" | "bold";

/** What a text may look like. */
export interface TextStyle {
  readonly paint: (colour: DiffColour, text: string) => string;
  /** Columns; longer lines are cut. */
  readonly width: number;
  /** Cut nothing: whole objects, all clusters, long lines, and changes without meaning. */
  readonly full: boolean;
}

/** So many lines of one change are shown, and so many names of clusters and objects. */
const MOST_LINES = 24;
const MOST_NAMES = 4;

/** The difference for a terminal. */
export function diffText(diff: FleetDiff, style: TextStyle): string {
  return new TextPage(diff, style).print();
}

class TextPage {
  readonly #diff: FleetDiff;
  readonly #style: TextStyle;
  readonly #lines: string[] = [];

  constructor(diff: FleetDiff, style: TextStyle) {
    this.#diff = diff;
    this.#style = style;
  }

  print(): string {
    const { paint } = this.#style;
    this.#side("base", sideText(this.#diff.base));
    this.#side("head", sideText(this.#diff.head));
    for (const failure of this.#diff.failures) this.#failure(failure);
    if (this.#diff.clusterChanges.length > 0) this.#section("clusters", this.#diff.clusterChanges.map(clusterText));
    if (this.#diff.addonChanges.length > 0)
      this.#section(
        "addons",
        this.#diff.addonChanges.map((change) => addonText(change, this.#most)),
      );
    for (const group of groupChanges(this.#diff, this.#style.full)) this.#group(group);
    const rollouts = rolloutsIn(this.#diff);
    if (rollouts.length > 0)
      this.#section(
        "restarts",
        rollouts.map(({ workload, how, clusters }) => `${workload} in ${plural(clusters.length, "cluster")}: ${how}`),
      );
    this.#lines.push("");
    this.#line(paint("bold", summaryOf(this.#diff)));
    this.#quiet();
    return `${this.#lines.join("\n")}\n`;
  }

  get #most(): number {
    return this.#style.full ? Infinity : MOST_NAMES;
  }

  /** `text` is clean and may be painted. */
  #line(text: string): void {
    this.#lines.push(text);
  }

  #side(name: string, text: string): void {
    this.#line(`${this.#style.paint("dim", name)}  ${this.#fit(text, name.length + 2)}`);
  }

  /** A text without what moves the cursor, cut to what is left of the line behind so many columns. */
  #fit(text: string, taken: number): string {
    const letters = Array.from(printable(text));
    const room = Math.max(1, this.#style.width - taken);
    return this.#style.full || letters.length <= room ? letters.join("") : `${letters.slice(0, room - 1).join("")}…`;
  }

  /** An object and its addon, which has a line of its own where both are too long for one. */
  #object(verb: string, colour: DiffColour | undefined, name: string, addon: string): void {
    const { paint, width, full } = this.#style;
    const head = `${colour === undefined ? verb : paint(colour, verb)}  ${paint("bold", printable(name))}`;
    const fits = full || verb.length + name.length + addon.length + 4 <= width;
    this.#line(fits ? `${head}  ${paint("dim", addon)}` : head);
    if (!fits) this.#line(`${" ".repeat(verb.length)}  ${paint("dim", `of ${addon}`)}`);
  }

  /** A line without paint, cut to the width, then painted. */
  #cut(indent: string, text: string, colour?: DiffColour): void {
    const shown = this.#fit(text, indent.length);
    this.#line(`${indent}${colour === undefined ? shown : this.#style.paint(colour, shown)}`);
  }

  /** A sentence, broken at blanks where it is longer than the line. */
  #wrap(indent: string, text: string, paintFirst: (line: string) => string = (line) => line): void {
    const room = Math.max(20, this.#style.width - indent.length);
    let line = "";
    const done: string[] = [];
    for (const word of printable(text).split(" ")) {
      if (line !== "" && line.length + 1 + word.length > (done.length === 0 ? room : room - 2)) {
        done.push(line);
        line = word;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    done.push(line);
    for (const [index, each] of done.entries()) this.#line(`${indent}${index === 0 ? paintFirst(each) : `  ${each}`}`);
  }

  #section(name: string, lines: readonly string[]): void {
    this.#lines.push("");
    this.#line(this.#style.paint("bold", name));
    for (const line of lines) this.#wrap("  ", line);
  }

  #failure({ side, addon, why, clusters, objects }: FoldedFailure): void {
    const { paint } = this.#style;
    this.#lines.push("");
    const what = addon === null ? "the cluster" : `addon ${addon}`;
    const where =
      clusters.length === 1 ? `in ${clusters[0] ?? ""}` : `in ${plural(clusters.length, "cluster")}: ${names(clusters, this.#most)}`;
    const word = side === "head" ? "failed" : "failed at base";
    this.#wrap(
      "",
      `${word}  ${what} ${where}: not compared${objects === 0 ? "" : `, ${plural(objects, "object")} of the other side`}`,
      (line) => line.replace(word, paint("red", word)),
    );
    for (const { message, file } of why.slice(0, MOST_NAMES))
      this.#wrap("  ", `${file === undefined ? "" : `${file}: `}${message.split("\n")[0] ?? ""}`);
    if (why.length > MOST_NAMES) this.#line(`  and ${why.length - MOST_NAMES} more`);
  }

  #group({ changes }: ChangeGroup): void {
    const { paint, full } = this.#style;
    const [first, ...more] = changes;
    const verb = verbOf(first);
    const colour = verb === "deleted" ? "red" : verb === "new" ? "green" : "yellow";
    this.#lines.push("");
    const { addon } = refOf(first.change);
    this.#object(verb, colour, objectName(first), addon);
    const shown = full ? more : more.slice(0, MOST_NAMES);
    for (const each of shown) this.#object(" ".repeat(verb.length), undefined, objectName(each), refOf(each.change).addon);
    if (shown.length < more.length) this.#line(`${" ".repeat(verb.length)}  and ${plural(more.length - shown.length, "more object")}`);
    this.#wrap("  ", placesOf(first, this.#most), (line) => paint("dim", line));
    const place = placeChange(first);
    if (place !== undefined) this.#wrap("  ", place);
    for (const { level, message } of first.dangers)
      this.#wrap("  ", `${level}: ${message}`, (line) => line.replace(`${level}:`, `${paint(dangerColour(level), level)}:`));
    this.#body(first);
    for (const cause of first.causes) this.#wrap("  ", causeText(cause), (line) => paint("cyan", line));
  }

  #body({ change }: FoldedChange): void {
    if (change.change === "added" || change.change === "removed") {
      if (this.#style.full) this.#shownLines(yamlOf(change.value).map((text) => ({ sign: change.change === "added" ? "+" : "-", text })));
      return;
    }
    const quiet = new Map<string, number>();
    for (const field of change.fields) {
      if (field.same !== undefined && !this.#style.full) quiet.set(field.same, (quiet.get(field.same) ?? 0) + 1);
      else for (const shown of showField(field)) this.#field(shown);
    }
    for (const [same, count] of quiet) this.#cut("  ", `${plural(count, "field")} in other words: ${same}`, "dim");
  }

  #field({ path, brief, lines, note }: ShownField): void {
    const suffix = note === undefined || note === "secret" ? "" : ` (${note})`;
    const text = brief === undefined ? `${path}${suffix}` : `${path}: ${brief}${suffix}`;
    if (brief !== undefined && text.length + 2 > this.#style.width) this.#wrap("  ", text);
    else this.#cut("  ", text);
    this.#shownLines(this.#style.full ? lines : withoutCommon(lines, this.#style.width - 6));
  }

  #shownLines(lines: readonly ShownLine[]): void {
    const most = this.#style.full ? Infinity : MOST_LINES;
    const colours: Readonly<Record<ShownLine["sign"], DiffColour | undefined>> = { "+": "green", "-": "red", "@": "dim", " ": undefined };
    for (const { sign, text } of lines.slice(0, most)) this.#cut("    ", `${sign} ${text}`, colours[sign]);
    if (lines.length > most) this.#cut("    ", `… and ${plural(lines.length - most, "more line")}; --full shows all`, "dim");
  }

  #quiet(): void {
    const { changes } = this.#diff;
    const quiet = changes.filter((change) => change.quiet).length;
    if (quiet > 0 && !this.#style.full)
      this.#wrap(
        "",
        `${plural(quiet, "more object")} differ${quiet === 1 ? "s" : ""} in writing alone: other words for the same value, checksums, generated labels (--full shows them)`,
      );
  }
}

/** Two lines that are too long to be shown begin where they differ. */
function withoutCommon(lines: readonly ShownLine[], room: number): readonly ShownLine[] {
  const [was, is, ...more] = lines;
  if (was?.sign !== "-" || is?.sign !== "+" || more.length > 0 || Math.max(was.text.length, is.text.length) <= room) return lines;
  let common = 0;
  while (common < was.text.length && was.text[common] === is.text[common]) common++;
  const from = common - CONTEXT;
  return from <= 0 ? lines : [was, is].map(({ sign, text }) => ({ sign, text: `…${text.slice(from)}` }));
}

/** So much of what is equal is shown before what differs. */
const CONTEXT = 24;

function dangerColour(level: DangerLevel): DiffColour {
  return level === "critical" || level === "high" ? "red" : level === "medium" ? "yellow" : "dim";
}

/** A text without characters that do something to a terminal. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is taken out
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "�").replaceAll("\t", "    ");
}
