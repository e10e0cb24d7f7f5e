export { ApiClient, ApiError, type StatusCause } from "../kubernetes/index.ts";
