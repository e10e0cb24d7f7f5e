/**
 * The room of Salt: a tree of states and pillar compiled for one minion as `salt-call --local` of Salt 3007.1 does, without a node.
 *
 * The way is `new SaltCompiler().forMinion(minion)`, then `.pillar()`, `.top()`, `.high()`, `.low()`, `.files()`; show.ts prints what they
 * give. A minion is made of a minion config and file roots.
 */
export {
  MinionCompiler,
  SaltCompiler,
  type CompiledLow,
  type MinionSettings,
  type PillarStage,
  type Stage,
  type StateSelection,
} from "./compile.ts";
export {
  minionConfig,
  minionOf,
  Options,
  parseMinionConfig,
  type ConfigFile,
  type ConfigOptions,
  type MinionConfig,
} from "./config/index.ts";
export {
  DiskFileRoots,
  diskOptions,
  MemoryFileRoots,
  RecordingFileRoots,
  type DiskEnvironment,
  type DiskRoot,
  type FileRecorder,
} from "./fileroots/index.ts";
export { encodeFiles, type AppliedStates, type EncodedFile, type FileTrace } from "./filestate/index.ts";
export { ENGINES, isEngine, matches, type Engine, type MatchOptions, type Subject } from "./match/index.ts";
export type { CompiledPillar, PillarOrigin, PillarProvenance } from "./pillar/index.ts";
export { SlsRenderer } from "./render/index.ts";
export { printPlain, showHigh, showLow, showPillar, showTop, toPlain, type Plain } from "./show.ts";
export type { FailedSls } from "./state/index.ts";
export type { CompiledTop } from "./top/index.ts";
export type { FileResult, FileRoots, LeftToNode, LowChunk, Minion, SourceFile } from "./types.ts";
