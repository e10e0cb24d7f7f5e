/**
 * Where the rendering layer departs from Salt 3007.1 on purpose. The tests hold each case to both answers, and
 * docs/salt-compatibility.md is generated from this table.
 */
export interface RenderException {
  /** A call of an execution function, or the text of an SLS or template. */
  readonly case: string;
  readonly salt: string;
  readonly halite: string;
  readonly reason: string;
}

const LIBYAML =
  "Salt fails while it prints the error, since libyaml keeps no buffer to quote from; Halite says what is wrong with the YAML.";

export const RENDER_EXCEPTIONS: readonly RenderException[] = [
  {
    case: 'match.ipcidr("x")',
    salt: "[]",
    halite: "False",
    reason: "Salt gives an empty list for a target that is no network; both are false, and only printing tells them apart.",
  },
  {
    case: "cp.envs()",
    salt: "the environments in the order of their hashes",
    halite: "the environments sorted",
    reason: "Salt's order differs from process to process.",
  },
  {
    case: "{% load_yaml as d %}a: b: c{% endload %}x: 1\n",
    salt: "Jinja error: 'NoneType' object has no attribute 'splitlines'",
    halite: "Jinja syntax error: Encountered error loading yaml: mapping values are not allowed in this context",
    reason: LIBYAML,
  },
  {
    case: "a: 1\n{% load_yaml as d %}\nok: 1\n\tbad: tab\n{% endload %}x: 1\n",
    salt: "Jinja error: 'NoneType' object has no attribute 'splitlines'",
    halite: "Jinja syntax error: Encountered error loading yaml: found a tab character that violates indentation",
    reason: LIBYAML,
  },
  {
    case: "{% load_yaml as d %}a: 1\na: 2{% endload %}x: 1\n",
    salt: "Jinja error: 'NoneType' object has no attribute 'splitlines'",
    halite: "Jinja syntax error: Encountered error loading yaml: found conflicting ID 'a'",
    reason: LIBYAML,
  },
  {
    case: "{% load_yaml as d %}d: 2020-01-01\nt: !!python/tuple [1, 2]{% endload %}x: {{ d }}\n",
    salt: "Jinja error: 'NoneType' object has no attribute 'splitlines'",
    halite:
      "Jinja syntax error: Encountered error loading yaml: could not determine a constructor for the tag 'tag:yaml.org,2002:python/tuple'",
    reason: LIBYAML,
  },
  {
    case: "a: 1\n{% import_yaml 'a/bad.yaml' as d %}x: 1\n",
    salt: "Jinja error: 'NoneType' object has no attribute 'splitlines'",
    halite: "Jinja syntax error: Encountered error loading yaml: mapping values are not allowed in this context",
    reason: LIBYAML,
  },
  {
    case: "{% import_yaml 'a/dup.yaml' as d %}x: 1\n",
    salt: "Jinja error: 'NoneType' object has no attribute 'splitlines'",
    halite: "Jinja syntax error: Encountered error loading yaml: found conflicting ID 'a'",
    reason: LIBYAML,
  },
  {
    case: "{% import_yaml 'a/dates.yaml' as d %}x: {{ d }}\n",
    salt: "Jinja error: 'NoneType' object has no attribute 'splitlines'",
    halite:
      "Jinja syntax error: Encountered error loading yaml: could not determine a constructor for the tag 'tag:yaml.org,2002:python/tuple'",
    reason: LIBYAML,
  },
  {
    case: "x: {{ ifelse('m*', 1, 2) }}\ny: {{ ifelse('G@os:Nope', 1, 2) }}\nz: {{ ifelse(5) }}\n",
    salt: "Jinja error: name '__context__' is not defined",
    halite: '{"dict":[["x",{"int":"1"}],["y",{"int":"2"}],["z",{"int":"5"}]]}',
    reason:
      "The global ifelse of 3007.1 is taken from a module that was not loaded as one, and fails with any target. Halite gives what its documentation says.",
  },
  {
    case: "x: {{ ifelse(false, 'a', true, 'b', 'c') }}\n",
    salt: "Jinja error: name '__context__' is not defined",
    halite: '{"dict":[["x","b"]]}',
    reason:
      "The global ifelse of 3007.1 is taken from a module that was not loaded as one, and fails with any target. Halite gives what its documentation says.",
  },
  {
    case: "{{ salt['slsutil.deserialize']('yaml', 'a: [1, yes, 0644]') }}\n",
    salt: JSON.stringify("{'a': [1, True, 420]}\n"),
    halite: JSON.stringify("{'a': [1, True, 644]}\n"),
    reason: "Salt's yaml serializer reads 0644 as octal, its SLS loader as decimal; Halite reads all of Salt's YAML by the rules of SLS.",
  },
  {
    case: "{{ salt['slsutil.deserialize']('yaml', 'a: b: c') }}\n",
    salt: "Jinja error: Unknown yaml render error",
    halite: "Jinja error: mapping values are not allowed in this context",
    reason: "Salt hides what is wrong.",
  },
  {
    case: "#!nope\nx: 1\n",
    salt: '{"dict":[]}',
    halite: 'The renderer "nope" is not available',
    reason: "Salt compiles a file whose first line names an unknown renderer to nothing, with a line in its log.",
  },
  {
    case: "a PGP message under the gpg renderer",
    salt: "the decrypted text, or the message itself where no key fits",
    halite: "a reference ?{pgp:SHA256} to the message, also where a key is present",
    reason: "A render has no private key, and what it makes goes to git.",
  },
  {
    case: "a filter, test, method or comparison on a text with a reference to a sealed value, other than joining, quoting, json, yaml, indent and base64_encode",
    salt: "works on the reference's text",
    halite: "an error that names the reference",
    reason: "It is meant for the value, which is put in at the destination.",
  },
  {
    case: "a date, a time, or a whole number among other keys in TOML",
    salt: "datetime objects; the key in its place",
    halite: "an error that names it",
    reason: "They could not be kept exactly.",
  },
  {
    case: "tplpath in a pillar SLS",
    salt: "the path of the file on the machine",
    halite: "the path relative to the tree",
    reason: "The same tree gives the same bytes on any machine.",
  },
];
