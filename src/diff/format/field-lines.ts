import { structuredPatch } from "diff";
import { FindingError } from "../../finding/index.ts";
import { PyDict, type Value } from "../../python/index.ts";
import { emit, loadKubernetes } from "../../yaml/index.ts";
import { compareValues } from "../compare.ts";
import { entriesOf, isList, isObject, type Json } from "../../json/index.ts";
import { jsonText, toJson } from "../json.ts";
import type { FieldChange, Path, Sameness } from "../model.ts";
import { printPath } from "../print-path.ts";

/** One line of a shown change. */
export interface ShownLine {
  readonly sign: "+" | "-" | " " | "@";
  readonly text: string;
}

/** A change of a field, ready to be shown. */
export interface ShownField {
  readonly path: string;
  /** A change in one line: `1 → 2`. */
  readonly brief?: string;
  readonly lines: readonly ShownLine[];
  readonly note?: string;
  readonly field: FieldChange;
}

/** So many characters may both values together have to stand in one line. */
const BRIEF = 72;

/** A field's change as lines; of embedded YAML and JSON those of what is in it. */
export function showField(field: FieldChange): readonly ShownField[] {
  const path = printPath(field.path);
  const note = field.secret === true ? "secret" : field.same === undefined ? undefined : NOTES[field.same];
  const base = { path, field, ...(note !== undefined && { note }) };
  switch (field.op) {
    case "add":
      return [{ ...base, ...valueLines("+", field.value) }];
    case "remove":
      return [{ ...base, ...valueLines("-", field.before) }];
    case "rename":
      return [{ ...base, brief: `renamed to ${field.to}`, lines: [] }];
    case "order":
      return [{ ...base, brief: "other order", lines: [] }];
    case "items":
      return [{ ...base, lines: itemLines(field.edits) }];
    default:
      return replaced(field, base);
  }
}

const NOTES: Readonly<Record<Sameness, string>> = {
  quantity: "the same quantity",
  default: "the default",
  order: "order without meaning",
  name: "name by content",
  checksum: "checksum",
  generated: "generated",
};

function replaced(
  field: Extract<FieldChange, { op: "replace" }>,
  base: Pick<ShownField, "path" | "field" | "note">,
): readonly ShownField[] {
  const { before, value } = field;
  if (field.secret === true) return [{ ...base, brief: "changed", lines: [] }];
  if (typeof before === "string" && typeof value === "string" && (before.includes("\n") || value.includes("\n"))) {
    const embedded = embeddedChanges(before, value);
    if (embedded !== undefined) {
      return embedded
        .flatMap((inner) => showField({ ...inner, ...(field.same !== undefined && { same: field.same }) }))
        .map((shown) => ({ ...shown, path: `${base.path} » ${shown.path}`, field }));
    }
    return [{ ...base, lines: textLines(before, value) }];
  }
  if (isBulk(before) && isBulk(value))
    return [{ ...base, brief: `${before.length} → ${value.length} characters of encoded content`, lines: [] }];
  const [was, is] = [scalarText(before), scalarText(value)];
  if (was !== undefined && is !== undefined && was.length + is.length <= BRIEF) return [{ ...base, brief: `${was} → ${is}`, lines: [] }];
  return [{ ...base, lines: [...yamlOf(before).map(signed("-")), ...yamlOf(value).map(signed("+"))] }];
}

/** Base64 of more than a few lines: nobody reads it. */
function isBulk(value: Json): value is string {
  return typeof value === "string" && value.length > 512 && /^[A-Za-z0-9+/]+={0,2}$/.test(value);
}

function signed(sign: ShownLine["sign"]): (text: string) => ShownLine {
  return (text) => ({ sign, text });
}

function valueLines(sign: "+" | "-", value: Json): Pick<ShownField, "brief" | "lines"> {
  if (isBulk(value)) return { brief: `${sign === "+" ? "added" : "removed"}: ${value.length} characters of encoded content`, lines: [] };
  const text = scalarText(value);
  if (text !== undefined && text.length <= BRIEF) return { brief: `${sign === "+" ? "added" : "removed"}: ${text}`, lines: [] };
  return { lines: yamlOf(value).map(signed(sign)) };
}

function itemLines(edits: Extract<FieldChange, { op: "items" }>["edits"]): ShownLine[] {
  return edits.flatMap((edit): ShownLine[] => {
    if ("keep" in edit) return [{ sign: "@", text: edit.keep === 1 ? "1 item as before" : `${edit.keep} items as before` }];
    const [sign, items] = "add" in edit ? (["+", edit.add] as const) : (["-", edit.remove] as const);
    return items.flatMap((item) => yamlOf([item]).map(signed(sign)));
  });
}

/** Lines about what differs, with two more round each place. */
export function textLines(before: string, after: string): ShownLine[] {
  const { hunks } = structuredPatch("", "", before, after, undefined, undefined, { context: 2 });
  return hunks.flatMap((hunk): ShownLine[] => [
    { sign: "@", text: `line ${hunk.newStart}` },
    ...hunk.lines.map((line): ShownLine => {
      const sign = line[0];
      return { sign: sign === "+" || sign === "-" ? sign : " ", text: sign === "\\" ? line : line.slice(1) };
    }),
  ]);
}

/** What differs in two texts that are YAML or JSON; `undefined` where they are not, or differ in their writing alone. */
export function embeddedChanges(before: string, after: string): readonly FieldChange[] | undefined {
  const [was, is] = [structureOf(before), structureOf(after)];
  if (was === undefined || is === undefined) return undefined;
  const changes = compareValues({ raw: was, shown: was }, { raw: is, shown: is });
  return changes.length === 0 || changes.some(({ path }: { readonly path: Path }) => path.length === 0) ? undefined : changes;
}

/** A longer text is compared by its lines alone. */
const MOST_EMBEDDED = 256 * 1024;

function structureOf(text: string): Json | undefined {
  if (text.length > MOST_EMBEDDED) return undefined;
  try {
    const documents = loadKubernetes(text, { file: "" });
    const value = toJson(documents.length === 1 ? (documents[0]?.value ?? null) : null);
    return (isObject(value) && Object.keys(value).length > 0) || (isList(value) && value.some((item) => typeof item === "object"))
      ? value
      : undefined;
  } catch (error) {
    if (error instanceof FindingError) return undefined;
    throw error;
  }
}

/** A value in one line; `undefined` for one that takes several. */
function scalarText(value: Json): string | undefined {
  if (typeof value === "string")
    return value.includes("\n") ? undefined : /^[\w./:@%+-]+(?: [\w./:@%+-]+)*$/.test(value) ? value : jsonText(value);
  if (typeof value !== "object" || value === null) return String(value);
  return Object.keys(value).length === 0 ? jsonText(value) : undefined;
}

/** A value as lines of YAML. */
export function yamlOf(value: Json): readonly string[] {
  const text = emit([fromJson(value)]).replace(/\n$/, "");
  return text.split("\n");
}

function fromJson(value: Json): Value {
  if (isList(value)) return value.map(fromJson);
  if (isObject(value)) return PyDict.of(entriesOf(value).map(([key, item]): [Value, Value] => [key, fromJson(item)]));
  return value;
}
