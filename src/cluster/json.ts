export {
  isList,
  isObject,
  jsonOf,
  listAt,
  numberAt,
  objectAt,
  sameJson,
  textAt,
  valueAt,
  type Json,
  type JsonObject,
} from "../kubernetes/index.ts";
