import { PyDict, PyError, str, truthy, type Value } from "../../python/index.ts";
import { traverse } from "../data/index.ts";
import type { RunContext } from "./call.ts";
import type { Chunk } from "./chunk.ts";
import { NeedsNode } from "./files.ts";

/**
 * `onlyif`, `unless` and `creates` (State._run_check, salt/state.py, 3007.1): Salt's comment where they keep the state from running.
 * Functions are called as far as they need no node.
 *
 * @throws NeedsNode for a command, and for a path of the node
 */
export function conditions(chunk: Chunk, context: RunContext): string | undefined {
  const { low } = chunk;
  const onlyif = low.get("onlyif");
  const unless = low.get("unless");
  const creates = low.get("creates");
  const comments: string[] = [];
  if (onlyif !== undefined && !listOf(onlyif).every((entry) => holds(entry, "onlyif", context))) comments.push("onlyif condition is false");
  if (unless !== undefined && listOf(unless).every((entry) => holds(entry, "unless", context))) comments.push("unless condition is true");
  if (creates !== undefined) {
    if (typeof creates === "string" && context.files.exists(creates)) comments.push(`${creates} exists`);
    if (Array.isArray(creates) && creates.every((path) => context.files.exists(str(path)))) comments.push("All files in creates exist");
  }
  return comments.length === 0 ? undefined : comments.join("\n");
}

function listOf(value: Value): readonly Value[] {
  return Array.isArray(value) ? value : [value];
}

function holds(entry: Value, kind: "onlyif" | "unless", context: RunContext): boolean {
  if (typeof entry === "string") throw new NeedsNode(`${kind} runs a command of the node: ${entry}`);
  // An entry of a wrong type lets the state run.
  if (!(entry instanceof PyDict)) return kind === "onlyif";
  const fun = entry.get("fun");
  if (fun === undefined) return kind === "onlyif";
  const args = entry.get("args");
  const kwargs = new Map<string, Value>();
  for (const [key, value] of entry.entries())
    if (typeof key === "string" && key !== "fun" && key !== "args" && key !== "get_return") kwargs.set(key, value);
  if (args !== undefined && !Array.isArray(args)) throw new PyError("TypeError", "args must be a list");
  const result = context.deps.callFunction(str(fun), args ?? [], kwargs);
  const path = entry.get("get_return");
  return truthy(path === undefined || !truthy(path) ? result : traverse(result, path, null));
}
