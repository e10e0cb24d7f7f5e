/** One renderer of a pipe, with the argument that stands behind its name. */
export interface PipeStep {
  readonly renderer: string;
  readonly argument: string;
}

/** `#!yaml_jinja` and the like, from before pipes (salt/template.py, 3007.1). */
const OLD_STYLE: Readonly<Record<string, string>> = {
  yaml_jinja: "jinja|yaml",
  yaml_mako: "mako|yaml",
  yaml_wempy: "wempy|yaml",
  json_jinja: "jinja|json",
  json_mako: "mako|json",
  json_wempy: "wempy|json",
  yamlex_jinja: "jinja|yamlex",
};

/** The pipe that a text's first line names with `#!` (not `#!/`), or `undefined`. */
export function shebang(text: string): string | undefined {
  if (!text.startsWith("#!") || text.startsWith("#!/")) return undefined;
  const [line = ""] = text.split("\n", 1);
  return line.trim().slice(2);
}

/** `jinja|yaml -x` as steps. */
export function pipeSteps(pipe: string): readonly PipeStep[] {
  const whole = Object.hasOwn(OLD_STYLE, pipe) ? (OLD_STYLE[pipe] ?? pipe) : pipe;
  return whole.split("|").map((part) => {
    const step = part.trim();
    const blank = step.indexOf(" ");
    return blank < 0 ? { renderer: step, argument: "" } : { renderer: step.slice(0, blank), argument: step.slice(blank + 1).trim() };
  });
}
