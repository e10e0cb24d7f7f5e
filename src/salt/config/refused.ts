import { FindingError, type Finding } from "../../finding/index.ts";
import { str, truthy, type PyDict, type Value } from "../../python/index.ts";

/** Options that would bring in what no compile of a tree can know, and why each is refused. */
const REFUSED: Readonly<Record<string, string>> = {
  ext_pillar: "it reads pillar from outside the tree, so the same tree would not give the same result; put the data into pillar SLS files",
  master_tops: "it asks another system which states apply; write them into top.sls",
  decrypt_pillar: "a compile needs no private key; keep the PGP block under `#!yaml|gpg`, which makes a sealed reference of it",
  id_function: "it runs code on the host; write `id: NAME`",
  pillar_opts: "it copies the host's options into pillar",
};

const IGNORED: Readonly<Record<string, string>> = {
  use_yamlloader_old: "the old YAML loader is not there; the tree is read with the current one",
};

const BACKENDS = new Set(["roots", "file"]);

/** @returns warnings @throws FindingError `config-refused` naming each option that can't be honoured */
export function refuseOptions(given: PyDict, file: string): Finding[] {
  const errors: Finding[] = [];
  for (const [option, reason] of Object.entries(REFUSED)) {
    if (truthy(given.get(option) ?? null)) errors.push(finding("config-refused", `the option ${option} is refused: ${reason}`, file));
  }
  for (const backend of backends(given.get("fileserver_backend"))) {
    if (!BACKENDS.has(backend)) {
      errors.push(
        finding("config-refused", `the file server backend ${backend} is refused: only files of the tree (roots) can be compiled`, file),
      );
    }
  }
  for (const [key, value] of given.entries()) {
    if (typeof value === "string" && value.startsWith("sdb://")) {
      errors.push(finding("config-refused", `the option ${str(key)} is refused: ${value} would be read from another system`, file));
    }
  }
  const [first, ...more] = errors;
  if (first !== undefined) throw new FindingError(first, ...more);
  return Object.entries(IGNORED)
    .filter(([option]) => truthy(given.get(option) ?? null))
    .map(([option, reason]) => ({ ...finding("config-ignored", `the option ${option} is ignored: ${reason}`, file), severity: "warning" }));
}

function backends(value: Value | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function finding(code: string, message: string, file: string): Finding {
  return { code, severity: "error", message, at: { file } };
}
