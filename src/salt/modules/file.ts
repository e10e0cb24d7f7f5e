import { createHash } from "node:crypto";
import { PyBytes, PyError, str, truthy, typeName, type Value } from "../../python/index.ts";
import { joinPath, normalizePath, splitPath } from "../fileroots/index.ts";
import type { SourceFile } from "../types.ts";
import type { ModuleContext, ModuleFunction, ModuleTable } from "./types.ts";

const onText = (name: string, make: (path: string) => string): ModuleFunction => ({
  signature: name,
  run: (_context, [path = null]) => make(pathText(path)),
});

const ofTree = (
  make: (file: SourceFile | undefined, rest: readonly (Value | undefined)[]) => Value,
  signature: string,
): ModuleFunction => ({
  signature,
  run: (context, [path = null, ...rest]) => make(treeFile(context, pathText(path)), rest),
});

/**
 * `file.*` as far as it does not ask the node (salt/modules/file.py, 3007.1): paths as text, and the files of the tree under the path
 * that the `cp` functions and `tplpath` give them. Any other path is on the node and is refused.
 */
export function fileModule(): ModuleTable {
  return {
    join: {
      signature: "*args",
      run: (_context, _values, { args }) => {
        const [first, ...rest] = args;
        if (first === undefined) throw new PyError("TypeError", "join() missing 1 required positional argument: 'a'");
        const wrong = rest.find((part) => typeof part !== "string");
        if (typeof first === "string" && wrong !== undefined)
          throw new PyError("TypeError", `join() argument must be str, bytes, or os.PathLike object, not '${typeName(wrong)}'`);
        return joinPath(pathText(first), ...rest.map(pathText));
      },
    },
    dirname: onText("path", (path) => splitPath(path)[0]),
    basename: onText("path", (path) => splitPath(path)[1]),
    normpath: onText("path", normalizePath),
    pardir: { signature: "", run: () => ".." },
    file_exists: ofTree((file) => file !== undefined, "path"),
    directory_exists: {
      signature: "path",
      run: (context, [path = null]) => {
        const { saltenv, path: inside } = treePath(context, pathText(path));
        return inside === "." || context.minion.fileRoots.listDirectories(saltenv).includes(inside);
      },
    },
    is_link: ofTree(() => false, "path"),
    read: ofTree((file, [binary]) => {
      if (file === undefined) throw new PyError("FileNotFoundError", "[Errno 2] No such file or directory");
      return binary === true ? new PyBytes(file.bytes) : file.text;
    }, "path binary?"),
    contains: ofTree((file, [wanted = null]) => file !== undefined && file.text.includes(str(wanted).trim()), "path text"),
    get_hash: ofTree((file, [form]) => digest(file, form), "path form? chunk_size?"),
    get_sum: ofTree((file, [form]) => (file === undefined ? "File not found" : digest(file, form)), "path form?"),
  };
}

/** Where Salt's minion keeps the tree's file, and so what `cp.cache_file` and `tplpath` say: below `cachedir`. */
export function cachePath(context: Pick<ModuleContext, "minion">, saltenv: string, path: string): string {
  return `${cacheDirectory(context)}/files/${saltenv}/${path}`;
}

function cacheDirectory({ minion }: Pick<ModuleContext, "minion">): string {
  return str(minion.opts.get("cachedir") ?? "/var/cache/salt/minion");
}

function pathText(path: Value): string {
  if (typeof path === "string") return path;
  throw new PyError("TypeError", `expected str, bytes or os.PathLike object, not ${typeName(path)}`);
}

function treePath(context: ModuleContext, path: string): { readonly saltenv: string; readonly path: string } {
  const root = `${cacheDirectory(context)}/files/`;
  const normal = normalizePath(path);
  const inside = normal.startsWith(root) ? normal.slice(root.length) : undefined;
  if (inside === undefined || inside === "")
    throw new PyError(
      "ImpureError",
      `${path} is a path of the node, which a render does not read; files of the tree are read with cp.get_file_str('salt://…')`,
    );
  const cut = inside.indexOf("/");
  return cut < 0 ? { saltenv: inside, path: "." } : { saltenv: inside.slice(0, cut), path: inside.slice(cut + 1) };
}

function treeFile(context: ModuleContext, path: string): SourceFile | undefined {
  const found = treePath(context, path);
  return found.path === "." ? undefined : context.minion.fileRoots.find(found.saltenv, found.path);
}

function digest(file: SourceFile | undefined, form: Value | undefined): string {
  const algorithm = form === undefined || !truthy(form) ? "sha256" : str(form);
  if (!["md5", "sha1", "sha224", "sha256", "sha384", "sha512"].includes(algorithm))
    throw new PyError("ValueError", `Invalid hash type: ${algorithm}`);
  if (file === undefined) throw new PyError("FileNotFoundError", "[Errno 2] No such file or directory");
  return createHash(algorithm).update(file.bytes).digest("hex");
}
