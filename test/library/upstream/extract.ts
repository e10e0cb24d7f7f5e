/**
 * Makes a file of this folder from upstream's manifests on standard input:
 *
 *   … | npx tsx test/library/upstream/extract.ts COMPONENT SOURCE VERSION > test/library/upstream/COMPONENT.yaml
 *
 * Only facts are kept (facts.ts), no manifest. README.md beside it says where each came from.
 */
import { readFileSync } from "node:fs";
import { parseAllDocuments, stringify } from "yaml";
import { factsOf, type Data } from "../facts.ts";

const [component = "", source = "", version = ""] = process.argv.slice(2);
// Parsed YAML is what Data describes; `yaml` types it as unknown.
const objects = parseAllDocuments(readFileSync(0, "utf8")).map((document) => document.toJS() as Data);
const facts = Object.fromEntries(
  [...factsOf(objects)].filter(([key]) => !/^(PodDisruptionBudget|Ingress|ServiceMonitor|CustomResourceDefinition) /.test(key)),
);
process.stdout.write(stringify({ component, source, version, facts }, { lineWidth: 0 }));
