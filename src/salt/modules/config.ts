import { PyDict, PyError, PyTuple, str, truthy, typeName, type Value } from "../../python/index.ts";
import { fnmatchcase, merge as mergeData, traverse, update } from "../data/index.ts";
import type { ModuleContext, ModuleTable } from "./types.ts";

const MISSING = Symbol("missing");

/** The module's own defaults, last in the order of every look-up (salt/modules/config.py, 3007.1). */
function defaults(): PyDict {
  const plain: Readonly<Record<string, Value>> = {
    "mongo.db": "salt",
    "mongo.password": "",
    "mongo.port": 27017,
    "mongo.user": "",
    "redis.db": "0",
    "redis.host": "salt",
    "redis.port": 6379,
    "test.foo": "unconfigured",
    "ca.cert_base_path": "/etc/pki",
    "solr.cores": [],
    "solr.host": "localhost",
    "solr.port": "8983",
    "solr.baseurl": "/solr",
    "solr.type": "master",
    "solr.request_timeout": null,
    "solr.init_script": "/etc/rc.d/solr",
    "solr.dih.import_options": PyDict.from({ clean: false, optimize: true, commit: true, verbose: false }),
    "solr.backup_path": null,
    "solr.num_backups": 1,
    "poudriere.config": "/usr/local/etc/poudriere.conf",
    "poudriere.config_dir": "/usr/local/etc/poudriere.d",
    "ldap.uri": "",
    "ldap.server": "localhost",
    "ldap.port": "389",
    "ldap.tls": false,
    "ldap.no_verify": false,
    "ldap.anonymous": true,
    "ldap.scope": 2,
    "ldap.attrs": null,
    "ldap.binddn": "",
    "ldap.bindpw": "",
    "hosts.file": "/etc/hosts",
    "aliases.file": "/etc/aliases",
    virt: PyDict.from({ tunnel: false, images: "/srv/salt-images" }),
    "docker.exec_driver": "docker-exec",
    "docker.compare_container_networks": PyDict.from({
      static: ["Aliases", "Links", "IPAMConfig"],
      automatic: ["IPAddress", "Gateway", "GlobalIPv6Address", "IPv6Gateway"],
    }),
  };
  return PyDict.from(plain);
}

/** `config.*` as far as it reads: opts, then grains, then pillar, then the pillar's `master`, then the module's defaults. */
export function configModule(): ModuleTable {
  return {
    get: {
      signature: "key default? delimiter? merge? omit_opts? omit_pillar? omit_master? omit_grains?",
      run: (context, [key = null, fallback = "", delimiter = ":", merge = null, noOpts, noPillar, noMaster, noGrains]) => {
        if (merge !== null) return sdb(traverse(everything(context, merge), key, fallback, delimiter));
        const { minion, pillar } = context;
        const sources: [Value | undefined, () => PyDict][] = [
          [noOpts, () => minion.opts],
          [noGrains, () => minion.grains],
          [noPillar, () => pillar],
          [noMaster, () => master(pillar)],
          [undefined, defaults],
        ];
        for (const [omitted, source] of sources) {
          if (omitted !== undefined && truthy(omitted)) continue;
          const found = traverse(source(), key, MISSING, delimiter);
          if (typeof found !== "symbol") return sdb(found);
        }
        return fallback;
      },
    },
    option: {
      signature: "value default? omit_opts? omit_grains? omit_pillar? omit_master? omit_all? wildcard?",
      run: (context, [value = null, given = null, ...flags]) => option(context, value, given, flags),
    },
    merge: {
      signature: "value default? omit_opts? omit_master? omit_pillar?",
      run: (context, [value = null, fallback = "", noOpts = false, noMaster = false, noPillar = false]) =>
        mergedOption(context, value, truthy(noOpts), truthy(noMaster), truthy(noPillar)) ?? fallback,
    },
    dot_vals: {
      signature: "value",
      run: ({ minion, pillar }, [value = null]) => {
        const found = new PyDict();
        for (const source of [master(pillar), minion.opts])
          for (const [key, item] of source.entries()) if (str(key).startsWith(`${str(value)}.`)) found.set(key, item);
        return found;
      },
    },
    items: { signature: "", run: ({ minion }) => minion.opts },
    backup_mode: {
      signature: "backup?",
      run: (context, [backup = ""]) => (truthy(backup) ? backup : option(context, "backup_mode", null, [])),
    },
    manage_mode: { signature: "mode", run: (_context, [mode = null]) => normalizeMode(mode) },
    valid_fileproto: {
      signature: "uri",
      run: (_context, [uri = null]) =>
        ["salt", "file", "http", "https", "ftp", "s3", "swift"].includes(/^([a-z][a-z0-9+.-]*):/i.exec(str(uri))?.[1]?.toLowerCase() ?? ""),
    },
  };
}

/** `salt.utils.files.normalize_mode`: `0644`, `"644"` and `0o644` are all "0644". */
function normalizeMode(mode: Value): Value {
  if (mode === null) return null;
  return str(mode)
    .replace(/^["']+|["']+$/g, "")
    .replace(/^[0Oo]+/, "")
    .padStart(4, "0");
}

function master(pillar: PyDict): PyDict {
  const found = pillar.get("master");
  if (found === undefined) return new PyDict();
  if (found instanceof PyDict) return found;
  throw new PyError("AttributeError", `'${typeName(found)}' object has no attribute 'get'`);
}

/** A `sdb://` value is kept elsewhere; a render does not go there. */
function sdb(value: Value): Value {
  if (typeof value === "string" && value.startsWith("sdb://"))
    throw new PyError("ImpureError", `config.get found ${value}, which is kept in an external store that a render does not ask`);
  return value;
}

/** All sources merged, for `config.get(merge=…)`. */
function everything({ minion, pillar }: ModuleContext, strategy: Value): PyDict {
  const how = strategy === "overwrite" ? "overwrite" : "recurse";
  let data: Value = defaults();
  for (const source of [master(pillar), pillar, minion.grains, minion.opts]) data = mergeData(data, source, how);
  return data instanceof PyDict ? data : new PyDict();
}

function option({ minion, pillar }: ModuleContext, value: Value, given: Value, flags: readonly (Value | undefined)[]): Value {
  const [noOpts = false, noGrains = false, noPillar = false, noMaster = false, all = false, wildcard = false] = flags.map((flag) =>
    flag === undefined ? undefined : truthy(flag),
  );
  const sources = [
    noOpts || all ? undefined : minion.opts,
    noGrains || all ? undefined : minion.grains,
    noPillar || all ? undefined : pillar,
    noMaster || all ? undefined : master(pillar),
  ];
  if (!wildcard) {
    for (const source of [...sources, defaults()]) {
      const found = source?.get(value);
      if (found !== undefined) return found;
    }
    return given ?? "";
  }
  const found = new PyDict();
  for (const source of sources.reverse())
    for (const [key, item] of source === undefined ? [] : matching(source, value)) found.set(key, item);
  for (const [key, item] of matching(defaults(), value)) if (!found.has(key)) found.set(key, item);
  return found.size > 0 ? found : (given ?? new PyDict());
}

/** `config.merge`: dicts join, opts winning over master over pillar; lists are appended; a text ends the search. */
function mergedOption(
  { minion, pillar }: ModuleContext,
  value: Value,
  noOpts: boolean,
  noMaster: boolean,
  noPillar: boolean,
): Value | undefined {
  let result: Value = null;
  const own = noOpts ? undefined : minion.opts.get(value);
  if (own !== undefined) {
    result = own;
    if (typeof result === "string") return result;
  }
  for (const source of [noMaster ? undefined : master(pillar), noPillar ? undefined : pillar]) {
    const next = source?.get(value);
    if (next === undefined) continue;
    if (result === null) {
      result = next;
      if (typeof result === "string") return result;
    } else if (result instanceof PyDict && next instanceof PyDict) {
      // As in Salt, the pillar's own dict is written into.
      result = update(next, result, { recursive: false });
    } else if (isSequence(result) && isSequence(next)) result = [...itemsOf(result), ...itemsOf(next)];
  }
  return result ?? defaults().get(value);
}

function isSequence(value: Value): value is Value[] | PyTuple {
  return Array.isArray(value) || value instanceof PyTuple;
}

function itemsOf(value: Value[] | PyTuple): readonly Value[] {
  return Array.isArray(value) ? value : value.items;
}

/** `fnmatch.filter` over a dict. @throws PyError `TypeError` for a key that is no text */
function matching(source: PyDict, pattern: Value): [Value, Value][] {
  return [...source.entries()].filter(([key]) => {
    if (typeof key !== "string") throw new PyError("TypeError", `expected string or bytes-like object, got '${typeName(key)}'`);
    return fnmatchcase(key, str(pattern));
  });
}
