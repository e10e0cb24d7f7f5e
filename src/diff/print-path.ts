import type { Json } from "../json/index.ts";
import type { Path, Step } from "./model.ts";

/** A path as a user reads it: `spec.template.spec.containers[driver].args[3]`, keys that hold a point or blank in quotes. */
export function printPath(path: Path): string {
  return path.map((step, index) => printStep(step, index === 0)).join("");
}

function printStep(step: Step, first: boolean): string {
  if (typeof step === "string") return /^[A-Za-z_][\w-]*$/.test(step) ? `${first ? "" : "."}${step}` : `[${JSON.stringify(step)}]`;
  if ("match" in step) {
    const entries = Object.entries(step.match).filter(([, value]) => value !== null);
    const [[key, value] = ["", ""], ...more] = entries;
    return more.length === 0 && (key === "name" || key === "mountPath")
      ? `[${plain(value)}]`
      : `[${entries.map(([name, each]) => plainEntry(name, each)).join(", ")}]`;
  }
  return "item" in step ? `[${plain(step.item)}]` : `[${step.to}]`;
}

function plainEntry(name: string, value: Json): string {
  return `${name}=${plain(value)}`;
}

function plain(value: Json): string {
  return typeof value === "string"
    ? value
    : JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? String(item) : item));
}
