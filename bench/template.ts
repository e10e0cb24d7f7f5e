/**
 * One template text for both engines that the bench compares: lines as in the manifest, with
 * `@{a.b}` for a value of the addon's settings, `@{grains.id}` for the cluster's id, `@if a.b` … `@end`, `@each a.b as x` … `@end`
 * and `@{x.c}` inside.
 */

/** The same template for Jinja2, as Salt renders it; settings are in `cfg`. */
export function toJinja(addon: string, text: string): string {
  const scopes: string[] = [];
  const body = text.split("\n").map((line) => {
    const block = directive(line, scopes, {
      if: (path) => `{%- if ${jinjaPath(path, scopes)} %}`,
      each: (path, name) => `{%- for ${name} in ${jinjaPath(path, scopes)} %}`,
      end: (kind) => (kind === "if" ? "{%- endif %}" : "{%- endfor %}"),
    });
    return block ?? line.replaceAll(/@\{([^}]*)\}/g, (_all, path: string) => `{{ ${jinjaPath(path, scopes)} }}`);
  });
  return `{%- from "${addon}/map.jinja" import cfg with context %}\n${body.join("\n")}`;
}

/** The same template for Helm; settings are in `.Values.ADDON`. */
export function toHelm(addon: string, text: string): string {
  const scopes: string[] = [];
  const values = `.Values.${camel(addon)}`;
  const body = text.split("\n").map((line) => {
    const path_ = (path: string): string => helmPath(path, scopes, values);
    const block = directive(line, scopes, {
      if: (path) => `{{- if ${path_(path)} }}`,
      each: (path, name) => `{{- range $${name} := ${path_(path)} }}`,
      end: () => "{{- end }}",
    });
    return block ?? line.replaceAll(/@\{([^}]*)\}/g, (_all, path: string) => `{{ ${path_(path)} }}`);
  });
  return body.join("\n");
}

interface Directives {
  readonly if: (path: string) => string;
  readonly each: (path: string, name: string) => string;
  readonly end: (kind: "if" | "each") => string;
}

/** Translates a directive line; `scopes` holds what is open: loop variables, or "" for a condition. */
function directive(line: string, scopes: string[], to: Directives): string | undefined {
  const each = /^\s*@each (\S+) as (\w+)$/.exec(line);
  if (each !== null) {
    const text = to.each(each[1] ?? "", each[2] ?? "");
    scopes.push(each[2] ?? "");
    return text;
  }
  const condition = /^\s*@if (\S+)$/.exec(line);
  if (condition !== null) {
    const text = to.if(condition[1] ?? "");
    scopes.push("");
    return text;
  }
  if (/^\s*@end$/.test(line)) return to.end(scopes.pop() === "" ? "if" : "each");
  return undefined;
}

function jinjaPath(path: string, scopes: readonly string[]): string {
  const first = path.split(".")[0] ?? "";
  return first === "grains" || scopes.includes(first) ? path : `cfg.${path}`;
}

function helmPath(path: string, scopes: readonly string[], values: string): string {
  const first = path.split(".")[0] ?? "";
  if (first === "grains") return `$.Values.${path}`;
  return scopes.includes(first) ? `$${path}` : `$${values}.${path}`;
}

/** Helm's values can't be reached by a name with a dash. */
export function camel(name: string): string {
  return name.replaceAll(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
}
