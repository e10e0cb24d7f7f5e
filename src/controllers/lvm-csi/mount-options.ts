import { CsiError } from "../csi/index.ts";
import type { FilesystemType } from "./capabilities.ts";

/** Options of every file system (mount(8)). */
const GENERAL =
  /^(?:(?:no)?(?:atime|diratime|relatime|strictatime|lazytime|suid|dev|exec|iversion)|rw|ro|sync|async|dirsync|defaults|(?:fs|def|root)?context=.+)$/;
const OWN: Readonly<Record<FilesystemType, RegExp>> = {
  xfs: /^(?:(?:no)?(?:discard|largeio|attr2)|inode64|swalloc|wsync|nouuid|norecovery|noalign|allocsize=\d+[kmg]?|logbufs=[2-8]|logbsize=\d+k?|sunit=\d+|swidth=\d+|noquota|[ugp]?quota|[ugp]qnoenforce|(?:usr|grp|prj)quota)$/,
  ext4: /^(?:(?:no)?(?:discard|delalloc|auto_da_alloc|user_xattr|acl|barrier|dioread_lock|init_itable|journal_checksum|quota)|data=(?:ordered|journal|writeback)|commit=\d+|barrier=[01]|errors=(?:continue|remount-ro)|stripe=\d+|init_itable=\d+|max_batch_time=\d+|min_batch_time=\d+|(?:usr|grp|prj)quota|noload)$/,
};

/**
 * The options of a class, each once. What is not known is refused before anything is mounted: the kernel would refuse it only then, or understand
 * something else than was meant, as with `bind` or `remount`.
 *
 * @throws CsiError INVALID_ARGUMENT
 */
export function mountOptions(filesystem: FilesystemType, options: readonly string[]): readonly string[] {
  const all = [
    ...new Set(
      options.flatMap((option) => (/^[a-z]*context=/.test(option) ? [option] : option.split(","))).filter((option) => option !== ""),
    ),
  ];
  const wrong = all.filter((option) => !GENERAL.test(option) && !OWN[filesystem].test(option));
  if (wrong.length > 0)
    throw new CsiError("INVALID_ARGUMENT", `mount options that ${filesystem} does not have, or that are not allowed: ${wrong.join(", ")}`);
  return all;
}
