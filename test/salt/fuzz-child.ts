import { compileTree, type Files } from "./fuzz-compile.ts";

/** Compiles the trees that are sent to it, one after another. Text comes as text, bytes as base64 in a list of one. */
process.on("message", (message: Readonly<Record<string, string | readonly [string]>>) => {
  const files: Files = Object.fromEntries(
    Object.entries(message).map(([path, file]) => [path, typeof file === "string" ? file : Buffer.from(file[0], "base64")]),
  );
  process.send?.(compileTree(files));
});
