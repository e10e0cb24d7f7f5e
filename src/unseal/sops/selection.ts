/** Which of a file's values are encrypted: the settings of its `sops` section. At most one is written by SOPS; all that are there count. */
export interface Selection {
  readonly unencryptedSuffix: string | null;
  readonly encryptedSuffix: string | null;
  readonly unencryptedRegex: string | null;
  readonly encryptedRegex: string | null;
  readonly unencryptedCommentRegex: string | null;
  readonly encryptedCommentRegex: string | null;
}

/** Everything is encrypted. */
export const NO_SELECTION: Selection = {
  unencryptedSuffix: null,
  encryptedSuffix: null,
  unencryptedRegex: null,
  encryptedRegex: null,
  unencryptedCommentRegex: null,
  encryptedCommentRegex: null,
};

/** A file whose rule says nothing: everything is encrypted but what is below a key that ends in `_unencrypted`. */
export const DEFAULT_SELECTION: Selection = { ...NO_SELECTION, unencryptedSuffix: "_unencrypted" };

/** Comments in force at a place: a list for each container round it, of those since the last entry there. */
export type CommentStack = readonly (readonly string[])[];

/** Tells for each value whether it is encrypted. @throws SyntaxError for a regular expression that JavaScript does not take */
export function selector(selection: Selection): (path: readonly string[], comments: CommentStack, isComment: boolean) => boolean {
  const unencrypted = regex(selection.unencryptedRegex);
  const encrypted = regex(selection.encryptedRegex);
  const unencryptedComment = regex(selection.unencryptedCommentRegex);
  const encryptedComment = regex(selection.encryptedCommentRegex);
  return (path, comments, isComment) => {
    let chosen = true;
    const { unencryptedSuffix, encryptedSuffix } = selection;
    if (unencryptedSuffix !== null && unencryptedSuffix !== "" && path.some((key) => key.endsWith(unencryptedSuffix))) chosen = false;
    if (encryptedSuffix !== null && encryptedSuffix !== "") chosen = path.some((key) => key.endsWith(encryptedSuffix));
    if (unencrypted !== null && path.some((key) => unencrypted.test(key))) chosen = false;
    if (encrypted !== null) chosen = path.some((key) => encrypted.test(key));
    if (unencryptedComment !== null && comments.some((level) => level.some((text) => unencryptedComment.test(text)))) chosen = false;
    if (encryptedComment !== null) {
      // The comment that turns encryption on stays readable itself.
      const seen = isComment ? [...comments.slice(0, -1), (comments.at(-1) ?? []).slice(0, -1)] : comments;
      chosen = seen.some((level) => level.some((text) => encryptedComment.test(text)));
    }
    return chosen;
  };
}

function regex(source: string | null): RegExp | null {
  return source === null || source === "" ? null : goRegex(source);
}

/** Go's regular expressions are nearly JavaScript's; flags in front (`(?i)`) are the difference that people use. */
export function goRegex(source: string): RegExp {
  const [, flags = "", rest = source] = /^\(\?([ims]+)\)(.*)$/s.exec(source) ?? [];
  const pattern = rest.replaceAll("\\z", "$").replaceAll("\\A", "^").replaceAll("(?P<", "(?<");
  try {
    return new RegExp(pattern, `${flags}u`);
  } catch {
    // Escapes such as `\-` that need none.
    return new RegExp(pattern, flags);
  }
}
