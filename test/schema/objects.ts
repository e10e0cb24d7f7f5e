import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PyDict } from "../../src/python/index.ts";
import { KubernetesSchemas } from "../../src/schema/index.ts";
import { loadKubernetes } from "../../src/yaml/index.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The schemas as the project ships them. */
export function shippedSchemas(): KubernetesSchemas {
  return KubernetesSchemas.load((name) => readFileSync(`${ROOT}schemas/kubernetes/${name}`, "utf8"));
}

/** The objects of a manifest's text. */
export function objectsOf(text: string, file = "test.yaml"): PyDict[] {
  return loadKubernetes(text, { file }).flatMap(({ value }) => (value instanceof PyDict ? [value] : []));
}

/** One object written as YAML. */
export function object(text: string): PyDict {
  const [first] = objectsOf(text);
  if (first === undefined) throw new Error("no object");
  return first;
}

/** Good objects of the kinds that storage needs, kept beside this file. */
export function goodObjects(): PyDict[] {
  const folder = fileURLToPath(new URL("./objects/", import.meta.url));
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .flatMap((name) => objectsOf(readFileSync(folder + name, "utf8"), name));
}

/** The CustomResourceDefinitions of schemas/crds/, which clusters have from elsewhere. */
export function shippedCustomResources(): PyDict[] {
  const folder = `${ROOT}schemas/crds/`;
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .flatMap((name) => objectsOf(readFileSync(folder + name, "utf8"), name));
}

/** An object of the compiled fleet and the file it stands in. */
export interface ShippedObject {
  readonly file: string;
  readonly value: PyDict;
}

/** Every object of out/, each distinct one once. */
export function shippedObjects(root = ROOT): ShippedObject[] {
  const found = new Map<string, ShippedObject>();
  let files: string[];
  try {
    files = readdirSync(`${root}out`, { recursive: true, encoding: "utf8" }).sort();
  } catch {
    return [];
  }
  for (const file of files) {
    if (!file.endsWith(".yaml") || file.endsWith("release.yaml")) continue;
    const text = readFileSync(`${root}out/${file}`, "utf8");
    if (!/^kind:/m.test(text)) continue;
    for (const value of objectsOf(text, file)) {
      const key = value.repr();
      if (!found.has(key)) found.set(key, { file, value });
    }
  }
  return [...found.values()];
}
