/** The room of git: reads the source tree's state, commits compiled trees to branches. The only room that runs git. */
export { CommitFiles } from "./commit-files.ts";
export { commitTree, listTree, type CommitOutcome, type TreeChanges, type TreeEntry } from "./fast-import.ts";
export { branchHead, ensureBareRepository, fetchBranch, pushBranch } from "./repository.ts";
export { isInWorkTree, mainBranch, mergeBase, resolveCommit, type NamedCommit } from "./revisions.ts";
export { sourceState, type Signature, type SourceState } from "./source.ts";
export { commitOf, commitStanding, readFolder } from "./read-folder.ts";
