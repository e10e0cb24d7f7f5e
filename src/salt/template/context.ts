/** The variables that tell a template where it stands (salt/utils/templates.py generate_sls_context, 3007.1). */
export interface SlsContext {
  /** Full path of the template on the minion. */
  readonly tplpath?: string;
  /** Path within the file roots. */
  readonly tplfile?: string;
  /** Its directory, `.` for the root. */
  readonly tpldir?: string;
  /** The same with dots, empty for the root. */
  readonly tpldot?: string;
  readonly slspath: string;
  readonly slsdotpath: string;
  readonly slscolonpath: string;
  readonly sls_path: string;
}

/** `tplpath` may be empty for a text without a file; `sls` is empty for top files and texts. */
export function slsContext(tplpath: string, sls: string): SlsContext {
  const named = sls.replaceAll(".", "/");
  if (tplpath === "") return directories(named);
  const template = templateOf(tplpath, sls, named);
  const directory = template.includes("/") ? template.slice(0, template.lastIndexOf("/")) : "";
  return {
    tplpath,
    tplfile: template,
    tpldir: directory === "" ? "." : directory,
    tpldot: directory.replaceAll("/", "."),
    ...directories(directory),
  };
}

/** The template's path within its root, told from the name of the SLS; the whole path where the two do not agree. */
function templateOf(tplpath: string, sls: string, named: string): string {
  if (sls === "") return tplpath.slice(tplpath.lastIndexOf("/") + 1);
  for (const ending of [`${named}.sls`, `${named}/init.sls`]) if (tplpath.endsWith(ending)) return ending;
  return tplpath;
}

function directories(slspath: string): Pick<SlsContext, "slspath" | "slsdotpath" | "slscolonpath" | "sls_path"> {
  return {
    slspath,
    slsdotpath: slspath.replaceAll("/", "."),
    slscolonpath: slspath.replaceAll("/", ":"),
    sls_path: slspath.replaceAll("/", "_"),
  };
}
