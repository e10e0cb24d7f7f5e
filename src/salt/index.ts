/**
 * The room of Salt: a tree of states and pillar compiled for one minion as `salt-call --local` of Salt 3007.1 does, without a node.
 *
 * The way is `new SaltCompiler().forMinion(minion)`, then `.pillar()`, `.top()`, `.high()`, `.low()`, `.files()`; show.ts prints what they
 * give. A minion is made of a minion config and file roots.
 */
export { MinionCompiler, SaltCompiler, type MinionSettings, type PillarStage, type Stage, type StateSelection } from "./compile.ts";
export { minionConfig, minionOf, parseMinionConfig, withIdentity, type ConfigFile, type MinionConfig } from "./config/index.ts";
export { Disk, DiskFileRoots, diskOptions, filesIn, MemoryFileRoots, type FileSystem } from "./fileroots/index.ts";
export { encodeFiles, type AppliedStates, type EncodedFile, type FileRunParts } from "./filestate/index.ts";
export { followedRoots, SharedStates, type Asked, type MinionReads, type PathRun, type SharedMinionCompiler } from "./shared-compile.ts";
export { matches, testId } from "./match/index.ts";
export type { PillarProvenance } from "./pillar/index.ts";
export { printPlain, showHigh, showLow, showPillar, showTop, toPlain, type Plain } from "./show.ts";
export type { FailedSls } from "./state/index.ts";
export type { FileResult, FileRoots, FileStamp, LeftToNode, Minion } from "./types.ts";
