/**
 * The room of file roots: the files of Salt's environments, from a directory on disk or from memory, found by Salt's rules
 * (fileserver/roots.py, 3007.1). The only room of salt that reads a disk, and it does so in `Disk` alone.
 */
export { DiskFileRoots } from "./disk.ts";
export { FileContent } from "./content.ts";
export { Disk, filesIn, type FileSystem } from "./file-system.ts";
export { diskOptions } from "./ignore.ts";
export { MemoryFileRoots } from "./memory.ts";
export { RecordingFileRoots, type FileRecorder } from "./recording.ts";
export { compareCodePoints, joinPath, normalizePath, splitPath } from "./path.ts";
export { findSaltUrl, parseSaltUrl } from "./url.ts";
