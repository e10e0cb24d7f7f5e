import protobuf from "protobufjs";
import text from "./csi.proto";

/** A method as a gRPC server or client needs it: its path, and how messages become bytes. */
export interface MethodDefinition {
  readonly path: string;
  readonly requestStream: false;
  readonly responseStream: false;
  readonly requestSerialize: (value: object) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => object;
  readonly responseSerialize: (value: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => object;
}

/** The definitions of csi.proto, with what it imports. */
export function csiRoot(): protobuf.Root {
  const root = new protobuf.Root();
  for (const file of ["google/protobuf/timestamp.proto", "google/protobuf/wrappers.proto"]) {
    const nested = protobuf.common.get(file)?.nested;
    if (nested != null) root.addJSON(nested);
  }
  protobuf.parse(text, root);
  root.resolveAll();
  return root;
}

/** The methods of a service, by name. */
export function serviceDefinition(service: string, root = csiRoot()): Readonly<Record<string, MethodDefinition>> {
  const { fullName, methods } = root.lookupService(`csi.v1.${service}`);
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => {
      const request = coder(root.lookupType(`csi.v1.${method.requestType}`));
      const response = coder(root.lookupType(`csi.v1.${method.responseType}`));
      const definition: MethodDefinition = {
        path: `/${fullName.slice(1)}/${name}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: request.encode,
        requestDeserialize: request.decode,
        responseSerialize: response.encode,
        responseDeserialize: response.decode,
      };
      return [name, definition];
    }),
  );
}

function coder(type: protobuf.Type): { readonly encode: (value: object) => Buffer; readonly decode: (bytes: Buffer) => object } {
  return {
    encode: (value) => Buffer.from(type.encode(type.fromObject(value)).finish()),
    decode: (bytes) =>
      withoutNulls(type.toObject(type.decode(bytes), { longs: Number, enums: String, arrays: true, objects: true, defaults: true })),
  };
}

/** A message that was not sent is left out, at any depth. */
function withoutNulls(value: object): object {
  return Object.fromEntries(Object.entries(value).flatMap(([key, each]: [string, unknown]) => (each === null ? [] : [[key, plain(each)]])));
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === "object" && value !== null && !Buffer.isBuffer(value) ? withoutNulls(value) : value;
}
