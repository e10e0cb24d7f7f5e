/**
 * The room of Salt's file states: low chunks to the files that `salt-call --local state.apply` of 3007.1 would write, byte for byte
 * (salt/states/file.py, salt/modules/file.py). No file of this machine is read or written.
 */
export { applyFileStates, joinRuns, runFileStates, type FileRunParts } from "./apply.ts";
export { chunkOf } from "./chunk.ts";
export { componentsOf, writesAt } from "./components.ts";
export { carryOut, planFileStates, remade, type FilePlan, type WrittenResult } from "./plan.ts";
export { encodeFiles, type EncodedFile } from "./encode.ts";
export type { AppliedStates, FileStateDeps, TemplateRequest } from "./types.ts";
