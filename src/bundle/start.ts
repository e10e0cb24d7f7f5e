/**
 * The program that a pod starts: unpacks the bundle beside it, checks its digest and runs it in this process. Plain CommonJS for any Node
 * from 20 on. Its stack traces name BUNDLE.cjs with the lines of the bundle. A read-only root file system is fine: nothing is written.
 */
export function startProgram(name: string, digest: string): string {
  return `"use strict";
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { compileFunction } = require("node:vm");
const { inflateRawSync } = require("node:zlib");

const bytes = inflateRawSync(readFileSync(__dirname + "/${name}.cjs.deflate"));
const digest = createHash("sha256").update(bytes).digest("hex");
if (digest !== "${digest}") {
  console.error("${name}: the bundle's digest is sha256:" + digest + " and should be sha256:${digest}");
  process.exit(78);
}
const filename = __dirname + "/${name}.cjs";
const run = compileFunction(bytes.toString("utf8"), ["exports", "require", "module", "__filename", "__dirname"], { filename });
run.call(module.exports, module.exports, require, module, filename, __dirname);
`;
}
