import { FindingError } from "../finding/index.ts";
import { listFolder, readBlobs } from "./tree.ts";

/** Bytes that one folder may hold. */
const MOST = 256 * 1024 * 1024;

/** The files below a folder of a commit, by path within it. Empty where the commit has no such folder. @throws FindingError `git-failed`, `git-corrupt` */
export async function readFolder(repository: string, commit: string, folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const paths = await listFolder(commit, folder, { cwd: repository });
  const blobs = await readBlobs(paths.values(), { cwd: repository, limit: MOST }, (id) => {
    const [path = ""] = [...paths].find(([, each]) => each === id) ?? [];
    return new FindingError({
      code: "git-corrupt",
      severity: "error",
      message: `object ${id} (${path}) of commit ${commit.slice(0, 12)} is missing or spoilt`,
      advice: "`git fsck` in the repository says more",
    });
  });
  return new Map([...paths].map(([path, id]) => [path, blobs.get(id) ?? Buffer.alloc(0)]));
}
