/** The room of git: reads the source tree's state, publishes compiled trees to branches and pulls them. The only room that runs git. */
export { lineTimes } from "./blame.ts";
export { ancestry, type Ancestry } from "./ancestry.ts";
export { cleanText, maskText } from "./clean-text.ts";
export { CommitFiles } from "./commit-files.ts";
export { PublishedBranch, type BranchHead, type BranchSetting } from "./published-branch.ts";
export { acceptedTree, acceptPull, pullTree, treeAt, type PulledTree } from "./pull.ts";
export type { PushOutcome } from "./push.ts";
export { parseRemote } from "./remote.ts";
export { gitIdentity } from "./identity.ts";
export { fileCommit, lineCommit } from "./line-history.ts";
export { gitLog } from "./log.ts";
export { readFolder } from "./read-folder.ts";
export { branchHead, ensureBareRepository, fetchBranch } from "./repository.ts";
export { commitOf, commitStanding, isInWorkTree, isShallow, mainBranch, mergeBase, resolveCommit, type NamedCommit } from "./revisions.ts";
export { adviceFor, troubleOf } from "./said.ts";
export type { SigningKey } from "./sign.ts";
export { sourceState, type Signature, type SourceState } from "./source.ts";
export type { Tree, TreeChanges, TreeEntry } from "./tree.ts";
export type { TrustedSigners } from "./verify.ts";
export {
  deepenStore,
  fetchReports,
  holdCommits,
  knownReports,
  pushReport,
  zoneTrees,
  type FetchedReport,
  type ReportSetting,
} from "./zone-reports.ts";
