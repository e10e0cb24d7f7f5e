import type { Finding } from "../../finding/index.ts";
import type { FileCall } from "./call.ts";

/** A state's failure as a finding at the state's place in its SLS. */
export function errorFinding(call: Pick<FileCall, "context" | "chunk">, comment: string, code = "file-state", advice?: string): Finding {
  const { chunk } = call;
  const at = call.context.deps.positionOf(chunk.low);
  const told = advice ?? adviceFor(comment.trim(), chunk.name);
  return {
    code,
    severity: "error",
    message: comment.trim(),
    ...(at === undefined ? {} : { at }),
    ...(told === undefined ? {} : { advice: told }),
  };
}

/** What to do about failures that Salt tells in few words. */
function adviceFor(comment: string, name: string): string | undefined {
  if (comment !== "Parent directory not present") return undefined;
  const directory = name.slice(0, name.lastIndexOf("/")) || "/";
  return `No state makes ${directory}: add \`makedirs: True\` to this state, or require a file.directory of it.`;
}
