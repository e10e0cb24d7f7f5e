/** How links are made. */
export interface UrlizeOptions {
  readonly limit: number | undefined;
  readonly rel: string;
  readonly target: string | undefined;
  readonly schemes: readonly string[];
}

const W = "\\p{L}\\p{N}_";
/** What is taken for a web address (jinja2/utils.py, 3.1.6). */
const HTTP = new RegExp(
  `^(?:(?:https?://|www\\.)(?:(?:[${W}%-]+\\.)+)?(?:[a-z]{2,63}|xn--[${W}%]{2,59})` +
    `|(?:[${W}%-]{2,63}\\.)+(?:com|net|int|edu|gov|org|info|mil)` +
    `|https?://(?:\\p{Nd}{1,3}(?:\\.\\p{Nd}{1,3}){3}|\\[(?:[\\p{Nd}a-f]{0,4}:){2}(?:[\\p{Nd}a-f]{0,4}:?){1,6}\\]))` +
    `(?::\\p{Nd}{1,5})?(?:[/?#]\\S*)?$`,
  "iu",
);
const EMAIL = new RegExp(`^\\S+@[${W}][${W}.-]*\\.[${W}]+$`, "u");

/** Makes links of the addresses in an escaped text; see Jinja's `urlize`. */
export function urlize(escaped: string, options: UrlizeOptions): string {
  const attributes = `${options.rel === "" ? "" : ` rel="${options.rel}"`}${options.target === undefined ? "" : ` target="${options.target}"`}`;
  return escaped
    .split(/(\s+)/u)
    .map((word) => linkWord(word, attributes, options))
    .join("");
}

function linkWord(word: string, attributes: string, options: UrlizeOptions): string {
  const head = /^(?:[(<]|&lt;)+/.exec(word)?.[0] ?? "";
  let middle = word.slice(head.length);
  let tail = /(?:[)>.,\n]|&gt;)+$/.exec(middle)?.[0] ?? "";
  middle = middle.slice(0, middle.length - tail.length);
  for (const [open, close] of [
    ["(", ")"],
    ["<", ">"],
    ["&lt;", "&gt;"],
  ] as const) {
    const opened = middle.split(open).length - 1;
    if (opened <= middle.split(close).length - 1) continue;
    const most = Math.min(opened, tail.split(close).length - 1);
    for (let turn = 0; turn < most; turn++) {
      const end = tail.indexOf(close) + close.length;
      middle += tail.slice(0, end);
      tail = tail.slice(end);
    }
  }
  return head + link(middle, attributes, options) + tail;
}

function link(middle: string, attributes: string, options: UrlizeOptions): string {
  const shown = options.limit !== undefined && middle.length > options.limit ? `${middle.slice(0, options.limit)}...` : middle;
  if (HTTP.test(middle)) {
    const href = /^https?:\/\//.test(middle) ? middle : `https://${middle}`;
    return `<a href="${href}"${attributes}>${shown}</a>`;
  }
  if (middle.startsWith("mailto:") && EMAIL.test(middle.slice(7))) return `<a href="${middle}">${middle.slice(7)}</a>`;
  if (middle.includes("@") && !middle.startsWith("www.") && !middle.startsWith("@") && !middle.includes(":") && EMAIL.test(middle)) {
    return `<a href="mailto:${middle}">${middle}</a>`;
  }
  for (const scheme of options.schemes) {
    if (middle !== scheme && middle.startsWith(scheme)) return `<a href="${middle}"${attributes}>${middle}</a>`;
  }
  return middle;
}
