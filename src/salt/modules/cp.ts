import { createHash } from "node:crypto";
import { PyDict, PyError, str, truthy, type Value } from "../../python/index.ts";
import { compareCodePoints, parseSaltUrl } from "../fileroots/index.ts";
import type { SourceFile } from "../types.ts";
import { cachePath } from "./file.ts";
import type { ModuleContext, ModuleFunction, ModuleTable } from "./types.ts";

/** `cp.*` as far as it reads the tree (salt/modules/cp.py and fileclient.py, 3007.1). Sources outside the tree are refused. */
export function cpModule(): ModuleTable {
  const cacheFile: ModuleFunction = {
    signature: "path saltenv? source_hash? verify_ssl? use_etag?",
    run: (context, [path = null, saltenv]) => cached(context, path, saltenv) ?? false,
  };
  const hashFile: ModuleFunction = {
    signature: "path saltenv?",
    run: (context, [path = null, saltenv]) => {
      const file = find(context, path, saltenv);
      return file === undefined ? "" : PyDict.from({ hash_type: hashType(context), hsum: hashOf(context, file) });
    },
  };
  return {
    get_file_str: {
      signature: "path saltenv?",
      run: (context, [path = null, saltenv]) => {
        const file = find(context, path, saltenv);
        return file === undefined ? false : file.text;
      },
    },
    list_states: {
      signature: "saltenv?",
      run: (context, [saltenv]) => {
        const names = new Set<string>();
        for (const path of context.minion.fileRoots.list(environment(context, saltenv)))
          if (path.endsWith(".sls"))
            names.add(path.slice(0, path.endsWith("/init.sls") ? -"/init.sls".length : -".sls".length).replaceAll("/", "."));
        return [...names].sort(compareCodePoints);
      },
    },
    list_master: listing((context, saltenv) => context.minion.fileRoots.list(saltenv)),
    list_master_dirs: listing((context, saltenv) => context.minion.fileRoots.listDirectories(saltenv)),
    envs: { signature: "", run: ({ minion }) => [...minion.fileRoots.environments()].sort(compareCodePoints) },
    hash_file: hashFile,
    hash_file_ssh: hashFile,
    stat_file: {
      signature: "path saltenv? octal?",
      run: (context, [path = null, saltenv, octal = true]) => {
        const file = find(context, path, saltenv);
        if (file === undefined) return null;
        const mode = 0o100000 | file.mode;
        return octal === true ? (mode & 0o7777).toString(8).padStart(4, "0") : mode;
      },
    },
    cache_file: cacheFile,
    cache_file_ssh: cacheFile,
    cache_files: {
      signature: "paths saltenv?",
      run: (context, [paths = null, saltenv]) =>
        (Array.isArray(paths) ? paths : str(paths).split(",")).map((path) => cached(context, path, saltenv) ?? false),
    },
    cache_dest: {
      signature: "url saltenv?",
      run: (context, [url = null, saltenv]) => {
        const parsed = inTree("cp.cache_dest", url);
        return cachePath(context, parsed.saltenv ?? environment(context, saltenv), parsed.path);
      },
    },
    is_cached: { signature: "path saltenv?", run: (context, [path = null, saltenv]) => cached(context, path, saltenv) ?? false },
    get_url: {
      signature: "path dest? saltenv? makedirs? source_hash?",
      run: (context, [path = null, dest = "", saltenv]) => {
        if (dest === null) {
          const file = find(context, path, saltenv);
          return file === undefined ? false : file.text;
        }
        if (dest !== "") throw new PyError("ImpureError", `cp.get_url would write ${str(dest)} on the node; a render writes nothing`);
        return cached(context, path, saltenv) ?? false;
      },
    },
  };
}

function listing(make: (context: ModuleContext, saltenv: string) => readonly string[]): ModuleFunction {
  return {
    signature: "saltenv? prefix?",
    run: (context, [saltenv, prefix = ""]) => {
      const wanted = str(prefix).replace(/^\/+|\/+$/g, "");
      return make(context, environment(context, saltenv)).filter((path) => path.startsWith(wanted));
    },
  };
}

/** The environment given, else the minion's, else base: not that of the SLS that renders. */
function environment({ minion }: ModuleContext, saltenv: Value | undefined): string {
  if (saltenv !== undefined && truthy(saltenv)) return str(saltenv);
  const own = minion.opts.get("saltenv") ?? null;
  return truthy(own) ? str(own) : "base";
}

function find(context: ModuleContext, path: Value, saltenv: Value | undefined): SourceFile | undefined {
  const url = inTree("cp", path);
  return context.minion.fileRoots.find(url.saltenv ?? environment(context, saltenv), url.path);
}

function cached(context: ModuleContext, path: Value, saltenv: Value | undefined): string | undefined {
  const url = inTree("cp", path);
  const env = url.saltenv ?? environment(context, saltenv);
  const file = context.minion.fileRoots.find(env, url.path);
  return file === undefined ? undefined : cachePath(context, env, file.path);
}

/** @throws PyError `ImpureError` for what is not in the tree */
function inTree(who: string, url: Value): { readonly path: string; readonly saltenv?: string } {
  const parsed = parseSaltUrl(str(url));
  if (parsed !== undefined) return parsed;
  const why = /^[a-z][a-z0-9+.-]*:/i.test(str(url)) ? "is fetched over the network or from the node" : "is a path of the node";
  throw new PyError("ImpureError", `${who}: '${str(url)}' ${why}, and a render reads only the tree (salt://…)`);
}

function hashType({ minion }: ModuleContext): string {
  return str(minion.opts.get("hash_type") ?? "sha256");
}

function hashOf(context: ModuleContext, file: SourceFile): string {
  const type = hashType(context);
  return type === "sha256" ? file.digest : createHash(type).update(file.bytes).digest("hex");
}
