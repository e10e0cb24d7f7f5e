import { HURRY, type ApiClient } from "../kubernetes/index.ts";

/** What a command does when it is told to end: it stops, and after a moment waits for no answer of the API server any more. */
export function endSoon(stop: AbortController, client: ApiClient | undefined): void {
  stop.abort();
  setTimeout(() => client?.close(), HURRY).unref();
}
