import type { ClusterSchema } from "../schema/index.ts";
import { defaultAt } from "./defaults.ts";
import type { Json } from "../json/index.ts";

/** What an API says of a field, as far as a comparison needs it. */
export interface FieldShape {
  /** How the list's items are told apart; `atomic`: by nothing. */
  readonly list: "map" | "set" | "atomic";
  readonly keys: readonly string[];
  readonly quantity: boolean;
  /** What the server fills in where nothing stands. */
  readonly fill?: Json;
}

/** A kind's fields by their path of names; a number stands for any item. */
export type Shape = (path: readonly (string | number)[]) => FieldShape;

const FREE: FieldShape = { list: "atomic", keys: [], quantity: false };

/** The shape of nothing that is known: every list is atomic. */
export const freeShape: Shape = () => FREE;

/** The shape of a kind in a cluster's API, its custom resources included. */
export function shapeOf(schema: Pick<ClusterSchema, "field">, apiVersion: string, kind: string): Shape {
  const known = new Map<string, FieldShape>();
  return (path) => {
    const key = path.map((step) => (typeof step === "number" ? "*" : step)).join("\0");
    let shape = known.get(key);
    if (shape === undefined) known.set(key, (shape = read(schema, apiVersion, kind, path)));
    return shape;
  };
}

/** What controller-gen writes for a field of type resource.Quantity (sigs.k8s.io/controller-tools, pkg/crd/known_types.go). */
const QUANTITY_PATTERN = "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))";

function read(schema: Pick<ClusterSchema, "field">, apiVersion: string, kind: string, path: readonly (string | number)[]): FieldShape {
  const field = schema.field(apiVersion, kind, path);
  if (field === undefined) return FREE;
  const merge = field["x-kubernetes-patch-merge-key"];
  const keys = field["x-kubernetes-list-map-keys"] ?? (merge === undefined ? [] : [merge]);
  const list = keys.length > 0 ? "map" : field["x-kubernetes-list-type"] === "set" ? "set" : "atomic";
  const fill = field.default ?? defaultAt(apiVersion, kind, path);
  const quantity = field.format === "quantity" || field.pattern?.startsWith(QUANTITY_PATTERN) === true;
  return { list, keys, quantity, ...(fill !== undefined && { fill }) };
}
