import { parseArgs } from "node:util";
import { UsageError, type Arguments, type CommandSpec, type OptionSpec } from "./command.ts";

/** Options that every command has. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { name: "json", summary: "print the result as JSON, stable and complete" },
  { name: "help", short: "h", summary: "print this help and exit" },
];

/** Reads a command's arguments, GNU style: options anywhere, `--name=value`, `--` ends them. @throws UsageError */
export function parseArguments(spec: CommandSpec, args: readonly string[]): Arguments {
  const options: Record<string, { type: "string" | "boolean"; short?: string; multiple: true }> = {};
  for (const option of [...spec.options, ...COMMON_OPTIONS]) {
    options[option.name] = {
      type: option.value === undefined ? "boolean" : "string",
      ...(option.short === undefined ? {} : { short: option.short }),
      multiple: true,
    };
  }
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    const values = new Map<string, readonly (string | boolean)[]>();
    for (const [name, value] of Object.entries(parsed.values))
      values.set(name, Array.isArray(value) ? value : value === undefined ? [] : [value]);
    const texts = (name: string): readonly string[] => (values.get(name) ?? []).filter((value) => typeof value === "string");
    for (const option of spec.options) {
      if (option.multiple !== true && texts(option.name).length > 1)
        throw new UsageError(`option --${option.name} was given more than once`);
    }
    return {
      positional: parsed.positionals,
      flag: (name) => (values.get(name) ?? []).includes(true),
      value: (name) => texts(name).at(-1),
      values: texts,
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(explain(error, spec));
  }
}

/** Node's message in the user's words, with the option that was probably meant. */
function explain(error: unknown, spec: CommandSpec): string {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /^Unknown option '(-+)([^']*)'/.exec(message);
  if (unknown !== null) {
    const near = nearest(
      unknown[2] ?? "",
      [...spec.options, ...COMMON_OPTIONS].map((option) => option.name),
    );
    return `unknown option ${unknown[1] ?? ""}${unknown[2] ?? ""}${near === undefined ? "" : `; did you mean --${near}?`}`;
  }
  const missing = /^Option '([^']*)' argument missing/.exec(message);
  if (missing !== null) return `option ${(missing[1] ?? "").replace(/^-\w, /, "").replace(/ <value>$/, "")} needs a value`;
  const extra = /^Option '([^']*)' does not take an argument/.exec(message);
  if (extra !== null) return `option ${(extra[1] ?? "").replace(/^-\w, /, "")} takes no value`;
  return message.split(/\.? To specify/)[0] ?? message;
}

/** The word that differs from `word` least, within two edits. */
export function nearest(word: string, among: readonly string[]): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const name of among) {
    const distance = editDistance(word, name);
    if (distance <= 2 && distance < name.length && (best === undefined || distance < best.distance)) best = { name, distance };
  }
  return best?.name;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
