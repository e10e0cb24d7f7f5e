import { expect, it } from "vitest";
import { FindingError, printFinding } from "../../src/finding/index.ts";
import { emit, loadKubernetes, loadSalt } from "../../src/yaml/index.ts";

/** One text for each class of error, as a user meets it. */
const SALT: Readonly<Record<string, string>> = {
  "a key without its colon": "nginx:\n  pkg.installed\n  service.running:\n    - enable: true\n",
  "a value with a colon": "motd:\n  file.managed:\n    - contents: note: read this\n",
  "a duplicate ID": "nginx:\n  pkg.installed: []\nother:\n  pkg.installed: []\nnginx:\n  service.running: []\n",
  "a duplicate key that is equal in Python": "1: a\ntrue: b\n",
  "a tab": "nginx:\n\tpkg.installed: []\n",
  "an unclosed list": "pkgs: [a, b\nother: c\n",
  "an unclosed quote": "a: 'b\nc: d\n",
  "a template left unquoted as a key": "{{ name }}:\n  pkg.installed: []\n",
  "a reserved character": "a: @b\n",
  "an undefined alias": "a: *base\n",
  "an anchor twice": "a: &x 1\nb: &x 2\n",
  "an unknown tag": "a: !vault b\n",
  "a Python tag": "a: !!python/object/apply:os.system [id]\n",
  "two documents": "a: 1\n---\nb: 2\n",
  "a merge of a scalar": "a:\n  <<: b\n",
  "two merges that share a key": "x: &x {k: 1}\ny: &y {k: 2}\nz:\n  <<: [*x, *y]\n",
  "wrong indentation": "a:\n  b: 1\n c: 2\n",
  "a control character": "a: b\u0007c\n",
  "an equals sign": "op: =\n",
  "a bad number": "a: !!int x1\n",
  "an unknown escape": 'path: "C:\\windows"\n',
  "wide characters before the place": "🧂: 'a' b\n",
  "a star without quotes": "base:\n  *:\n    - nginx\n",
  "too deep": "[".repeat(500),
};

const KUBERNETES: Readonly<Record<string, string>> = {
  "a duplicate key": "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  name: b\n",
  "a null key": "data:\n  ~: a\n",
  "a template left unquoted": "metadata:\n  name: {{ name }}\n",
  "a second document without separator": "a: 1\n...\nb: 2\n",
  "a separator with text": "a: 1\n--- # fine\nb: 2\n---c: 3\n",
  "a number that JSON lacks": "a: .inf\n",
  "an alias within its own anchor": "a: &a\n  b: *a\n",
  "too many aliases": `a: &a0 [x]\n${Array.from({ length: 30 }, (_, index) => `b${index}: &a${index + 1} [*a${index}, *a${index}]\n`).join("")}`,
  "text behind the document": "a: 1\n...\n]\n",
};

function message(run: () => unknown): string {
  try {
    run();
    return "no error\n";
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    return `${error.findings
      .map(printFinding)
      .join("\n")
      .replace(/\[{80,}/g, "[[[…")}\n`;
  }
}

function section(cases: Readonly<Record<string, string>>, run: (text: string) => unknown): string {
  return Object.entries(cases)
    .map(([name, text]) => `## ${name}\n${message(() => run(text))}`)
    .join("\n");
}

it("every class of error has its message", async () => {
  const golden = [
    `# Salt's loader\n\n${section(SALT, (text) => loadSalt(text, { file: "states/init.sls" }))}`,
    `# Kubernetes' loader\n\n${section(KUBERNETES, (text) => loadKubernetes(text, { file: "addons/x.yaml" }))}`,
    `# The emitter\n\n${section({ "half a surrogate pair": "a\ud800" }, (text) => emit([text]))}`,
  ].join("\n");
  await expect(golden).toMatchFileSnapshot("golden/messages.txt");
});
