import type { Finding } from "../../finding/index.ts";
import type { FileCall } from "./call.ts";

/** A state's failure as a finding at the state's place in its SLS. */
export function errorFinding(call: Pick<FileCall, "context" | "chunk">, comment: string, code = "file-state", advice?: string): Finding {
  const { chunk } = call;
  const at = call.context.deps.positionOf(chunk.low);
  return {
    code,
    severity: "error",
    message: comment.trim(),
    ...(at === undefined ? {} : { at }),
    ...(advice === undefined ? {} : { advice }),
  };
}
