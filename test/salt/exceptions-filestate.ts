/** Where file states answer otherwise than Salt 3007.1 on purpose. The test holds each; docs/salt-compatibility.md is made of them. */
export const FILE_STATE_EXCEPTIONS: readonly {
  /** Title of the tree in filestate-trees.ts. */
  readonly tree: string;
  /** The first line of Salt's answer that ours has not. */
  readonly real: string;
  readonly ours: string;
  readonly reason: string;
}[] = [];
