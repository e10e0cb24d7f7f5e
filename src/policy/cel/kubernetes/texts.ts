import type { Declare } from "../functions.ts";
import { noOverload, none, opaque, some, type CelAny } from "../opaque.ts";

/** Kubernetes' libraries over strings: regular expressions, URLs, formats (apiserver/pkg/cel/library/regex.go, urls.go, format.go). */
export function declareTexts(declare: Declare): void {
  declareStrings(declare);
  declareRegexes(declare);
  declareUrls(declare);
  declareFormats(declare);
}

/**
 * Functions of texts by characters, where the library counts UTF-16 units or has other words (cel-go/ext/strings.go). They take the place of the
 * library's.
 */
function declareStrings(declare: Declare): void {
  const { celFunc, celList, celMethod, CelScalar, listType } = declare.library.cel;
  const { BOOL, INT, STRING } = CelScalar;
  declare.functions.push(
    celMethod("indexOf", STRING, [STRING], INT, function (part) {
      return place(this, part, false);
    }),
    celMethod("lastIndexOf", STRING, [STRING], INT, function (part) {
      return place(this, part, true);
    }),
    celMethod("charAt", STRING, [INT], STRING, function (index) {
      const own = characters(this);
      if (index < 0n || index > BigInt(own.length)) throw new Error(`index out of range: ${index}`);
      return own[Number(index)] ?? "";
    }),
    celMethod("substring", STRING, [INT, INT], STRING, function (start, end) {
      const own = characters(this);
      if (start > end) throw new Error(`invalid substring range. start: ${start}, end: ${end}`);
      for (const index of [start, end]) if (index < 0n || index > BigInt(own.length)) throw new Error(`index out of range: ${index}`);
      return own.slice(Number(start), Number(end)).join("");
    }),
    celMethod("split", STRING, [STRING, INT], listType(STRING), function (separator, most) {
      if (most === 0n) return celList([]);
      const parts = separator === "" ? characters(this) : this.split(separator);
      if (most < 0n || BigInt(parts.length) <= most) return celList(parts);
      const count = Number(most) - 1;
      return celList([...parts.slice(0, count), parts.slice(count).join(separator)]);
    }),
    celFunc("_<_", [STRING, STRING], BOOL, (a, b) => byCharacters(a, b) < 0),
    celFunc("_<=_", [STRING, STRING], BOOL, (a, b) => byCharacters(a, b) <= 0),
    celFunc("_>_", [STRING, STRING], BOOL, (a, b) => byCharacters(a, b) > 0),
    celFunc("_>=_", [STRING, STRING], BOOL, (a, b) => byCharacters(a, b) >= 0),
  );
}

/** CEL counts code points. */
function characters(text: string): readonly string[] {
  return Array.from(text);
}

function place(text: string, part: string, last: boolean): bigint {
  const at = last ? text.lastIndexOf(part) : text.indexOf(part);
  return at < 0 ? -1n : BigInt(characters(text.slice(0, at)).length);
}

function byCharacters(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, "utf8"), Buffer.from(b, "utf8"));
}

function declareRegexes(declare: Declare): void {
  const { re2, cel } = declare.library;
  const find = (text: CelAny, pattern: CelAny, most: number): string[] => {
    const matcher = re2.compile(declare.text(pattern)).matcher(declare.text(text));
    const found: string[] = [];
    while (found.length !== most && matcher.find()) found.push(matcher.group() ?? "");
    return found;
  };
  declare.method("find", 1, (text, pattern) => find(text, pattern, 1)[0] ?? "");
  declare.method("findAll", 1, (text, pattern) => cel.celList(find(text, pattern, -1)));
  declare.method("findAll", 2, (text, pattern, most) => {
    if (typeof most !== "bigint") throw noOverload();
    return cel.celList(find(text, pattern, Number(most)));
  });
}

interface Url {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

/** As url.ParseRequestURI: an absolute URI, or an absolute path. */
function parseUrl(text: string): Url | undefined {
  if (/[\u0000-\u0020\u007f]/.test(text)) return undefined;
  const [, scheme = "", , authority = "", path = "", query = ""] =
    /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(\/\/([^/?]*))?(\/[^?]*)?(?:\?(.*))?$/s.exec(text) ?? [];
  const isWhole = scheme !== "" && text.startsWith(`${scheme}:`) && (authority !== "" || path !== "");
  if (!isWhole && (scheme !== "" || !text.startsWith("/"))) return undefined;
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  if (!/^(?:\[[0-9A-Fa-f:.%]+\]|[^[\]:<>"]*)(?::\d*)?$/.test(host) || /%(?![0-9A-Fa-f]{2})/.test(path)) return undefined;
  return { scheme: scheme.toLowerCase(), host, path, query };
}

function declareUrls(declare: Declare): void {
  const { library } = declare;
  const field = (value: CelAny, name: keyof Url): string => {
    const found = declare.opaque(value, "url").get(name);
    if (typeof found !== "string") throw noOverload();
    return found;
  };
  declare.func("url", 1, (value) => {
    const text = declare.text(value);
    const url = parseUrl(text);
    if (url === undefined) {
      throw new Error(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`);
    }
    return opaque(library, "url", { ...url });
  });
  declare.func("isURL", 1, (text) => parseUrl(declare.text(text)) !== undefined);
  declare.method("getScheme", 0, (value) => field(value, "scheme"));
  declare.method("getHost", 0, (value) => field(value, "host"));
  declare.method("getHostname", 0, (value) =>
    field(value, "host")
      .replace(/:\d*$/, "")
      .replace(/^\[(.*)\]$/, "$1"),
  );
  declare.method("getPort", 0, (value) => /:(\d*)$/.exec(field(value, "host").replace(/^\[.*\]/, ""))?.[1] ?? "");
  declare.method("getEscapedPath", 0, (value) => field(value, "path"));
  declare.method("getQuery", 0, (value) => {
    const found = new Map<string, string[]>();
    for (const [key, item] of new URLSearchParams(field(value, "query"))) found.set(key, [...(found.get(key) ?? []), item]);
    return library.cel.celMap(new Map([...found].map(([key, items]) => [key, library.cel.celList(items)])));
  });
}

const LABEL = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?";
const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** What each format takes (apimachinery/pkg/util/validation). */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  dns1123Label: (text) => text.length <= 63 && new RegExp(`^${LABEL}$`).test(text),
  dns1123Subdomain: (text) => text.length <= 253 && new RegExp(`^${LABEL}(?:\\.${LABEL})*$`).test(text),
  dns1035Label: (text) => text.length <= 63 && /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/.test(text),
  dns1123LabelPrefix: (text) => text.length <= 63 && new RegExp(`^${LABEL}$`).test(text.replace(/-$/, "a")),
  dns1123SubdomainPrefix: (text) => text.length <= 253 && new RegExp(`^${LABEL}(?:\\.${LABEL})*$`).test(text.replace(/-$/, "a")),
  dns1035LabelPrefix: (text) => text.length <= 63 && /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/.test(text.replace(/-$/, "a")),
  labelValue: (text) => text === "" || (text.length <= 63 && NAME.test(text)),
  qualifiedName: (text) => {
    const parts = text.split("/");
    const name = parts.at(-1) ?? "";
    const prefix = parts.length === 2 ? (parts[0] ?? "") : undefined;
    return (
      parts.length <= 2 &&
      name.length <= 63 &&
      NAME.test(name) &&
      (prefix === undefined || new RegExp(`^${LABEL}(?:\\.${LABEL})*$`).test(prefix))
    );
  },
  uri: (text) => parseUrl(text) !== undefined,
  uuid: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  byte: (text) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
  date: (text) => /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/.test(text) && !Number.isNaN(Date.parse(text)),
  datetime: (text) =>
    /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(Date.parse(text)),
};

function declareFormats(declare: Declare): void {
  const { library } = declare;
  const make = (name: string): CelAny => opaque(library, "format", { name });
  for (const name of Object.keys(FORMATS)) declare.func(`format.${name}`, 0, () => make(name));
  declare.func("format.named", 1, (name) => {
    const known = declare.text(name);
    return Object.hasOwn(FORMATS, known) ? some(library, make(known)) : none(library);
  });
  declare.method("validate", 1, (format, text) => {
    const name = declare.opaque(format, "format").get("name");
    const takes = typeof name === "string" ? FORMATS[name] : undefined;
    if (takes === undefined) throw noOverload();
    return takes(declare.text(text)) ? none(library) : some(library, library.cel.celList(["is not of this format"]));
  });
}
