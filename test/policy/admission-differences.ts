/**
 * Where Halite and the API server part, by case, and why it is so: the server checks types when it takes a policy, Halite when it judges an
 * object.
 */
const TYPES = [{ object: "policy", ours: "takes it", server: "refuses it" }];

const everywhere = (ours: string | null, server: string | null): readonly unknown[] =>
  ["plain", "bare", "claim", "controller"].map((object) => ({ object, ours, server }));

const SUM = "quantity('1500m').add(quantity('500m')).isInteger() && quantity('2').sub(1).asInteger() == 1";
const FORMAT = "'%s'.format([[1, 'a']]) == '[1, a]'";

export const DIFFERENCES: Readonly<Record<string, readonly unknown[]>> = {
  "[?object.?spec.replicas, 1].size() == 2": TYPES,
  "object.spec.replicas > 1 ? true : object.nothing.at.all": TYPES,
  "[1, 2] + [3] == [1, 2, 3] && {'a': 1} == {'a': 1} && [1, 2.0] == [1.0, 2]": TYPES,
  "{'a': [1, {'b': 2}]}.a[1].b == 2": TYPES,
  // Of a sum, resource.Quantity keeps the scale of its parts: 2000m is no integer to it.
  [SUM]: everywhere(null, `failed expression: ${SUM}`),
  // A text within a list is printed in quotes by the server.
  [FORMAT]: everywhere(null, `failed expression: ${FORMAT}`),
};
