/** Python's `posixpath.normpath`: `a//b/./c/../d` is `a/b/d`, the empty path is `.`; two leading slashes stay two. */
export function normalizePath(path: string): string {
  if (path === "") return ".";
  const leading = path.startsWith("///") ? "/" : (/^\/{0,2}/.exec(path)?.[0] ?? "");
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== ".." || (leading === "" && kept.length === 0) || kept.at(-1) === "..") kept.push(part);
    else if (kept.length > 0) kept.pop();
  }
  return leading + kept.join("/") || ".";
}

/** Python's `posixpath.join`: an absolute part drops what stood before it. */
export function joinPath(first: string, ...rest: readonly string[]): string {
  let path = first;
  for (const part of rest) {
    if (part.startsWith("/")) path = part;
    else if (path === "" || path.endsWith("/")) path += part;
    else path += `/${part}`;
  }
  return path;
}

/** Python's `posixpath.split`: directory without its trailing slashes, and the last name. */
export function splitPath(path: string): readonly [directory: string, name: string] {
  const cut = path.lastIndexOf("/") + 1;
  let head = path.slice(0, cut);
  if (head !== "/".repeat(head.length)) head = head.replace(/\/+$/, "");
  return [head, path.slice(cut)];
}

/** Python's order of strings, by code point; JavaScript's own order is by UTF-16 unit, which differs from U+10000 up. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    const leftHigh = left >= 0xd800 && left <= 0xdfff;
    const rightHigh = right >= 0xd800 && right <= 0xdfff;
    return leftHigh === rightHigh ? left - right : leftHigh ? 1 : -1;
  }
  return a.length - b.length;
}
