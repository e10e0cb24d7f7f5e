import { PyDict, PyError, str, truthy, type Value } from "../../python/index.ts";
import { merge, throughJson, update } from "../data/index.ts";
import { joinPath, normalizePath, parseSaltUrl, splitPath } from "../fileroots/index.ts";
import { banner, BANNER_TEXT, BANNER_TITLE } from "./banner.ts";
import { cachePath } from "./file.ts";
import { deserialize, serialize } from "./serialize.ts";
import type { ModuleContext, ModuleFunction, ModuleTable, RenderRequest } from "./types.ts";

const exists = (kinds: readonly ("files" | "directories")[]): ModuleFunction => ({
  signature: "path saltenv?",
  run: (context, [path = null, saltenv = "base"]) => pathExists(context, str(path), str(saltenv), kinds),
});

const imported = (tag: string, name: string): ModuleFunction => ({
  signature: "path",
  pythonName: name,
  run: (context, [path = null]) =>
    throughRenderer(context, `jinja.${name}('${str(path)}')`, `{% ${tag} "${str(path)}" as imported %}\n{{ imported | tojson }}\n`),
});

/** `slsutil.*` (salt/modules/slsutil.py, 3007.1). */
export function slsutilModule(): ModuleTable {
  return {
    update: {
      signature: "dest upd recursive_update? merge_lists?",
      run: (_context, [dest = null, upd = null, recursive = true, mergeLists = false]) =>
        update(dest, upd, { recursive: truthy(recursive), mergeLists: truthy(mergeLists) }),
    },
    merge: {
      signature: "obj_a obj_b strategy? renderer? merge_lists?",
      run: (_context, [a = null, b = null, strategy, renderer, mergeLists]) => mergeAs(a, b, strategy, renderer, mergeLists),
    },
    merge_all: {
      signature: "lst strategy? renderer? merge_lists?",
      run: (_context, [list = null, strategy, renderer, mergeLists]) => {
        let merged: Value = new PyDict();
        for (const item of Array.isArray(list) ? list : []) merged = mergeAs(merged, item, strategy, renderer, mergeLists);
        return merged;
      },
    },
    renderer: {
      signature: "path? string? default_renderer? **kwargs",
      run: (context, [path = null, string = null, pipe = "jinja|yaml"], { kwargs }) => render(context, path, string, str(pipe), kwargs),
    },
    serialize: {
      signature: "serializer obj **kwargs",
      run: (_context, [serializer = null, value = null], { kwargs }) => serialize(str(serializer), value, kwargs),
    },
    deserialize: {
      signature: "serializer stream_or_string **kwargs",
      run: (_context, [serializer = null, text = null], { kwargs }) => deserialize(str(serializer), text, kwargs),
    },
    banner: {
      signature: "width? commentchar? borderchar? blockstart? blockend? title? text? newline?",
      run: (_context, [width = 72, comment = "#", border = "#", start = null, end = null, title = null, text = null, newline = false]) =>
        banner({
          width: Number(width),
          commentchar: str(comment),
          borderchar: str(border),
          blockstart: start === null ? null : str(start),
          blockend: end === null ? null : str(end),
          title: title === null ? BANNER_TITLE : str(title),
          text: text === null ? BANNER_TEXT : str(text),
        }) + (truthy(newline) ? "\n" : ""),
    },
    boolstr: { signature: "value true? false?", run: (_context, [value = null, yes = "true", no = "false"]) => (truthy(value) ? yes : no) },
    file_exists: exists(["files"]),
    dir_exists: exists(["directories"]),
    path_exists: exists(["files", "directories"]),
    findup: {
      signature: "startpath filenames saltenv?",
      run: (context, [start = null, names = null, saltenv = "base"]) => findUp(context, start, names, str(saltenv)),
    },
  };
}

/** `jinja.*` (salt/modules/jinja.py, 3007.1): what a template file defines, as plain data. */
export function jinjaModule(): ModuleTable {
  return {
    load_map: {
      signature: "path value",
      run: (context, [path = null, value = null]) =>
        throughRenderer(
          context,
          `jinja.load_map('${str(path)}', '${str(value)}')`,
          `{% from "${str(path)}" import ${str(value)} with context %}\n{{ ${str(value)} | tojson }}\n`,
        ),
    },
    import_yaml: imported("import_yaml", "import_yaml"),
    import_json: imported("import_json", "import_json"),
  };
}

function throughRenderer(context: ModuleContext, display: string, text: string): Value {
  const defaultPipe = str(context.minion.opts.get("renderer") ?? "jinja|yaml");
  // Salt writes the text to a temporary file, whose path a template would see; here it is a name of no machine.
  const request = {
    text,
    display,
    saltenv: "base",
    sls: "",
    tplpath: "/tmp/__salt.tmp",
    defaultPipe,
    context: undefined,
    variables: new Map(),
  };
  return throughJson(context.render(request));
}

function mergeAs(a: Value, b: Value, strategy: Value = "smart", renderer: Value = "yaml", mergeLists: Value = false): Value {
  return merge(a, b, str(strategy), { renderer: str(renderer), mergeLists: truthy(mergeLists) });
}

/** `slsutil.renderer`: a file of the tree or a text through a renderer pipe. A path that is not there gives an empty dict. */
function render(context: ModuleContext, path: Value, string: Value, defaultPipe: string, kwargs: ReadonlyMap<string, Value>): Value {
  if (!truthy(path) && !truthy(string)) throw new PyError("SaltInvocationError", "Must pass either path or string");
  if (truthy(path) && truthy(string)) throw new PyError("SaltInvocationError", "Must not pass both path and string");
  const saltenv = str(kwargs.get("saltenv") ?? "base");
  const variables = new Map([...kwargs].filter(([name]) => !RENDER_PARAMETERS.includes(name)));
  const given = kwargs.get("context");
  const common: Pick<RenderRequest, "saltenv" | "sls" | "defaultPipe" | "context" | "variables"> = {
    saltenv,
    sls: str(kwargs.get("sls") ?? ""),
    defaultPipe,
    context: given instanceof PyDict && given.size > 0 ? given : undefined,
    variables,
  };
  if (truthy(string)) return context.render({ ...common, text: str(string), display: "slsutil.renderer(string=…)", tplpath: ":string:" });
  const url = parseSaltUrl(str(path));
  if (url === undefined)
    throw new PyError("ImpureError", `slsutil.renderer: ${str(path)} is not in the tree (salt://…), and a render reads nothing else`);
  const file = context.minion.fileRoots.find(url.saltenv ?? saltenv, url.path);
  if (file === undefined || file.text.trim() === "") return new PyDict();
  return context.render({
    ...common,
    text: file.text,
    display: file.display,
    tplpath: cachePath(context, url.saltenv ?? saltenv, file.path),
  });
}

const RENDER_PARAMETERS: readonly string[] = ["saltenv", "sls", "context", "input_data", "env"];

function pathExists({ minion }: ModuleContext, path: string, saltenv: string, kinds: readonly ("files" | "directories")[]): boolean {
  return (
    (kinds.includes("files") && minion.fileRoots.list(saltenv).includes(path)) ||
    (kinds.includes("directories") && minion.fileRoots.listDirectories(saltenv).includes(path))
  );
}

function findUp(context: ModuleContext, start: Value, names: Value, saltenv: string): string {
  let here = truthy(start) ? normalizePath(str(start)) : "";
  if (here !== "" && !pathExists(context, here, saltenv, ["files", "directories"]))
    throw new PyError("SaltInvocationError", `Starting path not found in the state tree: ${here}`);
  const wanted = typeof names === "string" ? [names] : names;
  if (!Array.isArray(wanted)) throw new PyError("SaltInvocationError", "Filenames argument must be a string or list of strings");
  for (;;) {
    for (const name of wanted) {
      const path = normalizePath(joinPath(normalizePath(here), normalizePath(str(name)).replace(/^\/+/, "")));
      if (pathExists(context, path, saltenv, ["files", "directories"])) return path;
    }
    if (here === "") throw new PyError("CommandExecutionError", "File pattern(s) not found in path ancestry");
    here = splitPath(here)[0];
  }
}
