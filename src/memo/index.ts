/**
 * The room of the memo: what a computation read of shared data and files, and results that another subject takes over where all that
 * would be read is the same. It knows nothing of Salt.
 */
export { canonical, NotPlain } from "./canonical.ts";
export { Memo } from "./memo.ts";
export { packRecords, PackedRecords, type RecordPack } from "./records.ts";
export { holdsAliases, LONGEST_PRINTED, Tracker, type Kept } from "./tracker.ts";
export { Trie } from "./trie.ts";
