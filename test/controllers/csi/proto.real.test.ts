import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";

const MODULE = "github.com/container-storage-interface/spec@v1.12.0";

function theirs(): protobuf.Root | undefined {
  try {
    const answer: { readonly Dir?: string } = JSON.parse(
      execFileSync("go", ["mod", "download", "-json", MODULE], { cwd: tmpdir(), encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
    );
    return parsed(readFileSync(join(answer.Dir ?? "", "csi.proto"), "utf8"));
  } catch {
    return undefined;
  }
}

function parsed(text: string): protobuf.Root {
  const root = new protobuf.Root();
  for (const file of ["google/protobuf/timestamp.proto", "google/protobuf/wrappers.proto", "google/protobuf/descriptor.proto"])
    root.addJSON(protobuf.common.get(file)?.nested ?? {});
  protobuf.parse(text, root);
  return root;
}

/** What decides over the bytes: names of methods and messages, numbers and types of fields, numbers of enums. */
function facts(space: protobuf.NamespaceBase, found = new Map<string, string>()): Map<string, string> {
  for (const each of space.nestedArray) {
    if (each instanceof protobuf.Enum)
      for (const [name, value] of Object.entries(each.values)) found.set(`${each.fullName}.${name}`, String(value));
    if (each instanceof protobuf.Service)
      for (const method of each.methodsArray)
        found.set(`${each.fullName}/${method.name}`, `${method.requestType} → ${method.responseType}`);
    if (each instanceof protobuf.Type)
      for (const field of each.fieldsArray) {
        const kind =
          field instanceof protobuf.MapField
            ? `map of ${field.keyType} to ${field.type}`
            : `${field.repeated ? "repeated " : ""}${field.type}`;
        found.set(`${each.fullName}.${field.name}`, `${field.id}: ${kind.replace(/\.?google\.protobuf/, "google.protobuf")}`);
      }
    if (each instanceof protobuf.Namespace) facts(each, found);
  }
  return found;
}

const spec = theirs();
describe.skipIf(spec === undefined)("csi.proto against the one of CSI 1.12", () => {
  test("every method, field and number of ours is theirs", () => {
    if (spec === undefined) return;
    const ours = parsed(readFileSync(new URL("../../../src/controllers/csi/csi.proto", import.meta.url), "utf8"));
    const known = facts(spec.lookup("csi.v1") as protobuf.Namespace);
    const said = facts(ours.lookup("csi.v1") as protobuf.Namespace);
    expect(said.size).toBeGreaterThan(190);
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries([...said.keys()].map((name) => [name, known.get(name)])));
  });
});
