import type { ErrorObject } from "ajv";
import { printPath, printValue, type Json, type JsonPath, type Problem } from "./problem.ts";
import { suggest } from "./suggest.ts";

/** A JSON pointer to steps; a step that indexes a list becomes a number. */
export function steps(pointer: string, root: Json): (string | number)[] {
  const out: (string | number)[] = [];
  let value: Json | undefined = root;
  for (const part of pointer.split("/").slice(1)) {
    const step = part.replace(/~1/g, "/").replace(/~0/g, "~");
    if (Array.isArray(value)) {
      out.push(Number(step));
      value = value[Number(step)];
    } else {
      out.push(step);
      value = typeof value === "object" && value !== null ? value[step] : undefined;
    }
  }
  return out;
}

/** The value that a path leads to. (ajv's own `data` is, behind a custom keyword, that of the keyword.) */
function valueAt(root: Json, path: JsonPath): Json | undefined {
  let value: Json | undefined = root;
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)];
    else value = typeof value === "object" && value !== null ? value[String(step)] : undefined;
  }
  return value;
}

/** ajv's errors in the user's words; `declared` gives the fields that there are at a place. Of alternatives one thing is said, see `withoutAlternatives`. */
export function explain(errors: readonly ErrorObject[], root: Json, declared: (path: JsonPath) => readonly string[]): Problem[] {
  const problems: Problem[] = [];
  for (const error of withoutAlternatives(errors)) {
    // Of a key, the propertyNames that follows speaks.
    if (error.propertyName !== undefined) continue;
    const path = steps(error.instancePath, root);
    const problem = explainOne(error, path, valueAt(root, path), declared);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

/**
 * Errors without those that say of each alternative of an `anyOf` or `oneOf` that it is not the one: where one of them is for a value of this type, only
 * what that says, where all are for other types, only those types, else only that none fits.
 */
function withoutAlternatives(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const left = new Set(errors);
  for (const error of errors) {
    if (error.keyword !== "anyOf" && error.keyword !== "oneOf") continue;
    const own = `${error.schemaPath}/`;
    const branches = new Map<string, ErrorObject[]>();
    for (const each of errors) {
      if (!each.schemaPath.startsWith(own) || !`${each.instancePath}/`.startsWith(`${error.instancePath}/`)) continue;
      const branch = each.schemaPath.slice(own.length).split("/")[0] ?? "";
      branches.set(branch, [...(branches.get(branch) ?? []), each]);
      left.delete(each);
    }
    const isOfType = (each: ErrorObject): boolean => each.keyword === "type" && each.instancePath === error.instancePath;
    const [nearest, ...others] = [...branches.values()].filter((branch) => !branch.some(isOfType));
    const types = [...branches.values()].flatMap((branch) => branch.filter(isOfType).map(({ params }) => String(params["type"])));
    if (nearest !== undefined && others.length > 0) continue;
    const said = nearest ?? (types.length === 0 ? [error] : [{ ...error, keyword: "type", params: { type: [...new Set(types)] } }]);
    left.delete(error);
    for (const each of said) left.add(each);
  }
  return [...left];
}

function refusal(code: string, path: JsonPath, message: string, advice?: string): Problem {
  const problem: Problem = { code, severity: "error", message, pointer: path };
  return advice === undefined ? problem : { ...problem, advice };
}

function explainOne(
  error: ErrorObject,
  path: (string | number)[],
  data: Json | undefined,
  declared: (path: JsonPath) => readonly string[],
): Problem | undefined {
  const params: Readonly<Record<string, unknown>> = error.params;
  const place = printPath(path);
  switch (error.keyword) {
    case "additionalProperties": {
      const name = String(params["additionalProperty"]);
      return unknownField(path, name, declared(path));
    }
    case "required": {
      const name = String(params["missingProperty"]);
      return refusal("schema-required", [...path, name], `${printPath([...path, name])} is required`);
    }
    case "type":
      return refusal(
        "schema-type",
        path,
        `${place} must be ${typeWords(params["type"])}, not ${valueWords(data)}`,
        typeAdvice(params["type"], data),
      );
    case "enum":
      return notOneOf(path, data, params["allowedValues"]);
    case "const":
      return refusal("schema-enum", path, `${place} is ${printValue(data)} and must be ${JSON.stringify(params["allowedValue"])}`);
    case "format":
      return formatProblem(String(params["format"]), path, data);
    case "pattern":
      return refusal("schema-pattern", path, `${place} is ${printValue(data)} and must match ${String(params["pattern"])}`);
    case "goPattern":
      return refusal("schema-pattern", path, `${place} is ${printValue(data)} and must match ${String(params["pattern"])}`);
    case "listKeys": {
      const key = String(params["key"]);
      return refusal(
        "schema-duplicate-item",
        path,
        `${place} is the second item of its list with ${key}; the first is item ${String(params["first"])}`,
      );
    }
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return refusal("schema-range", path, `${place} is ${printValue(data)} and must be ${comparisonWords(params)}`);
    case "multipleOf":
      return refusal("schema-range", path, `${place} is ${printValue(data)} and must be a multiple of ${String(params["multipleOf"])}`);
    case "minLength":
      if (params["limit"] === 1) return refusal("schema-required", path, `${place} may not be empty`);
      return refusal("schema-length", path, `${place} must have ${String(params["limit"])} characters or more`);
    case "maxLength":
      return refusal("schema-length", path, `${place} must have ${String(params["limit"])} characters at most`);
    case "minItems":
      return refusal("schema-length", path, `${place} must have ${String(params["limit"])} items or more`);
    case "maxItems":
      return refusal("schema-length", path, `${place} must have ${String(params["limit"])} items at most`);
    case "minProperties":
      return refusal("schema-length", path, `${place} must have ${String(params["limit"])} entries or more`);
    case "maxProperties":
      return refusal("schema-length", path, `${place} must have ${String(params["limit"])} entries at most`);
    case "uniqueItems":
      return refusal("schema-duplicate-item", path, `${place} holds an item twice`);
    case "propertyNames": {
      const key = [...path, String(params["propertyName"])];
      return refusal("schema-key", key, `${printPath(key)}: a key of this form is not allowed here`);
    }
    case "anyOf":
    case "oneOf":
      return refusal(
        "schema-alternatives",
        path,
        `${place} matches ${error.keyword === "oneOf" ? "not exactly one" : "none"} of the forms that its schema allows`,
      );
    case "not":
      return refusal("schema-alternatives", path, `${place} has a form that its schema excludes`);
    case "dependentRequired":
    case "dependencies":
      return refusal("schema-required", path, `${place}: ${String(params["property"])} also needs ${String(params["deps"])}`);
    case "if":
      return undefined;
    case "false schema":
      return refusal("schema-unknown-field", path, `${place} is not allowed here`);
    default:
      return refusal("schema-invalid", path, `${place} does not fit its schema (${error.keyword})`);
  }
}

/** A field that its schema does not have, with the one probably meant. */
export function unknownField(path: JsonPath, name: string, declared: readonly string[]): Problem {
  const meant = suggest(name, declared);
  const full = printPath([...path, name]);
  const parent = path.length === 0 ? "the object" : printPath(path);
  const advice = meant === undefined ? `${parent} has ${listWords(declared)}` : `did you mean ${meant}?`;
  const problem = refusal("schema-unknown-field", [...path, name], `${full}: there is no field ${name} here`, advice);
  return meant === undefined ? problem : { ...problem, meant };
}

/** A value outside an enumeration, with the one probably meant. */
export function notOneOf(path: JsonPath, data: Json | undefined, allowed: unknown): Problem {
  const values = Array.isArray(allowed) ? allowed.filter((value) => value !== "" && value !== null).map(String) : [];
  const meant = typeof data === "string" ? suggest(data, values) : undefined;
  return refusal(
    "schema-enum",
    path,
    `${printPath(path)} is ${printValue(data)} and must be ${orWords(values)}`,
    meant === undefined ? undefined : `did you mean ${meant}?`,
  );
}

function formatProblem(format: string, path: JsonPath, data: Json | undefined): Problem {
  const place = printPath(path);
  switch (format) {
    case "quantity":
      return refusal(
        "schema-quantity",
        path,
        `${place} is ${printValue(data)}, which is no quantity`,
        quantityAdvice(data) ?? "a number with a suffix of m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei or none",
      );
    case "byte":
      return refusal("schema-base64", path, `${place} is not base64`, "in a Secret, write plain text under stringData");
    case "int-or-string":
      return refusal("schema-range", path, `${place} is ${printValue(data)}, outside the range of int32`);
    case "int32":
    case "int64":
      return refusal("schema-range", path, `${place} is ${printValue(data)}, outside the range of ${format}`);
    case "date-time":
      return refusal("schema-format", path, `${place} is ${printValue(data)} and must be a time such as 2026-01-31T12:00:00Z`);
    default:
      return refusal("schema-format", path, `${place} is ${printValue(data)}, which is no ${format}`);
  }
}

function quantityAdvice(data: Json | undefined): string | undefined {
  const match = typeof data === "string" ? /^([\d.]+)\s*([a-zA-Z]+)$/.exec(data.trim()) : null;
  if (match === null) return undefined;
  const binary = /^([kKmMgGtTpPeE])i?[bB]?$/.exec(match[2] ?? "");
  return binary?.[1] === undefined ? undefined : `did you mean ${match[1]}${binary[1].toUpperCase()}i?`;
}

function typeWords(type: unknown): string {
  const words: Readonly<Record<string, string>> = {
    string: "a string",
    integer: "an integer",
    number: "a number",
    boolean: "true or false",
    object: "a mapping",
    array: "a list",
    null: "null",
  };
  const types = (Array.isArray(type) ? type : String(type).split(",")).map((name) => words[String(name)] ?? String(name));
  return types.join(" or ");
}

function valueWords(data: Json | undefined): string {
  if (data === null) return "null";
  if (typeof data === "string") return `the string ${printValue(data)}`;
  if (typeof data === "number") return `the number ${data}`;
  return printValue(data);
}

function typeAdvice(type: unknown, data: Json | undefined): string | undefined {
  // 1.30 and 0644 are other numbers by the time they come here: only the author knows which digits were meant.
  if (type === "string" && typeof data === "number")
    return `put it in quotes as it is meant, such as "${String(data)}"; YAML reads 1.30 as 1.3`;
  if (type === "string" && typeof data === "boolean") return `put it in quotes: "${String(data)}"`;
  if ((type === "integer" || type === "number") && typeof data === "string" && /^-?\d+$/.test(data)) return `write ${data} without quotes`;
  if (type === "boolean" && typeof data === "string" && /^(?:true|false)$/.test(data)) return `write ${data} without quotes`;
  if (type === "array" && data !== undefined && !Array.isArray(data)) return "begin it with '- '";
  return undefined;
}

function comparisonWords(params: Readonly<Record<string, unknown>>): string {
  const words: Readonly<Record<string, string>> = { ">=": "at least", "<=": "at most", ">": "more than", "<": "less than" };
  return `${words[String(params["comparison"])] ?? ""} ${String(params["limit"])}`;
}

/** `A, B or C`. */
export function orWords(values: readonly string[]): string {
  return values.length < 2 ? (values[0] ?? "nothing") : `${values.slice(0, -1).join(", ")} or ${values.at(-1) ?? ""}`;
}

function listWords(names: readonly string[]): string {
  if (names.length === 0) return "no fields";
  const shown = names.slice(0, 12);
  return `${shown.length === 1 ? "the field" : "the fields"} ${shown.join(", ")}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ""}`;
}
