/** Parameters of a state function: what it must be given, what it may be given, and whether it takes anything else. */
export interface StateSignature {
  readonly required: readonly string[];
  readonly optional: readonly string[];
  readonly keywords: boolean;
}

/** Takes apart "name source? context? **kwargs". */
export function stateSignature(text: string): StateSignature {
  const words = text.split(" ");
  const plain = words.filter((word) => !word.startsWith("**"));
  return {
    required: plain.filter((word) => !word.endsWith("?")),
    optional: plain.filter((word) => word.endsWith("?")).map((word) => word.slice(0, -1)),
    keywords: plain.length < words.length,
  };
}

/** The functions of salt/states/file.py, 3007.1 (operation apply.signatures of test/oracle/ops_salt_apply.py). */
export const FILE_SIGNATURES: Readonly<Record<string, string>> = {
  hardlink: "name target force? makedirs? user? group? dir_mode? **kwargs",
  symlink:
    "name target force? backupname? makedirs? user? group? mode? win_owner? win_perms? win_deny_perms? win_inheritance? atomic? disallow_copy_and_unlink? inherit_user_and_group? follow_symlinks? **kwargs",
  absent: "name **kwargs",
  tidied:
    "name age? matches? rmdirs? size? exclude? full_path_match? followlinks? time_comparison? age_size_logical_operator? age_size_only? rmlinks? **kwargs",
  exists: "name **kwargs",
  missing: "name **kwargs",
  managed:
    "name source? source_hash? source_hash_name? keep_source? user? group? mode? attrs? template? makedirs? dir_mode? context? replace? defaults? backup? show_changes? create? contents? tmp_dir? tmp_ext? contents_pillar? contents_grains? contents_newline? contents_delimiter? encoding? encoding_errors? allow_empty? follow_symlinks? check_cmd? skip_verify? selinux? win_owner? win_perms? win_deny_perms? win_inheritance? win_perms_reset? verify_ssl? use_etag? signature? source_hash_sig? signed_by_any? signed_by_all? keyring? gnupghome? **kwargs",
  directory:
    "name user? group? recurse? max_depth? dir_mode? file_mode? makedirs? clean? require? exclude_pat? follow_symlinks? force? backupname? allow_symlink? children_only? win_owner? win_perms? win_deny_perms? win_inheritance? win_perms_reset? **kwargs",
  recurse:
    "name source keep_source? clean? require? user? group? dir_mode? file_mode? sym_mode? template? context? replace? defaults? include_empty? backup? include_pat? exclude_pat? maxdepth? keep_symlinks? force_symlinks? win_owner? win_perms? win_deny_perms? win_inheritance? **kwargs",
  retention_schedule: "name retain strptime_format? timezone?",
  line: "name content? match? mode? location? before? after? show_changes? backup? quiet? indent? create? user? group? file_mode?",
  replace:
    "name pattern repl count? flags? bufsize? append_if_not_found? prepend_if_not_found? not_found_content? backup? show_changes? ignore_if_missing? backslash_literal?",
  keyvalue:
    "name key? value? key_values? separator? append_if_not_found? prepend_if_not_found? search_only? show_changes? ignore_if_missing? count? uncomment? key_ignore_case? value_ignore_case? create_if_missing?",
  blockreplace:
    "name marker_start? marker_end? source? source_hash? template? sources? source_hashes? defaults? context? content? append_if_not_found? prepend_if_not_found? backup? show_changes? append_newline? insert_before_match? insert_after_match?",
  comment: "name regex char? backup? ignore_missing?",
  uncomment: "name regex char? backup?",
  append: "name text? makedirs? source? source_hash? template? sources? source_hashes? defaults? context? ignore_whitespace?",
  prepend: "name text? makedirs? source? source_hash? template? sources? source_hashes? defaults? context? header?",
  patch:
    "name source? source_hash? source_hash_name? skip_verify? template? context? defaults? options? reject_file? strip? saltenv? **kwargs",
  touch: "name atime? mtime? makedirs?",
  copy: "name source force? makedirs? preserve? user? group? mode? dir_mode? subdir? **kwargs",
  rename: "name source force? makedirs? **kwargs",
  accumulated: "name filename text **kwargs",
  serialize:
    "name dataset? dataset_pillar? user? group? mode? backup? makedirs? show_changes? create? merge_if_exists? encoding? encoding_errors? serializer? serializer_opts? deserializer_opts? check_cmd? tmp_dir? tmp_ext? **kwargs",
  mknod: "name ntype major? minor? user? group? mode?",
  decode: "name encoded_data? contents_pillar? encoding_type? checksum?",
  shortcut: "name target arguments? working_dir? description? icon_location? force? backupname? makedirs? user? **kwargs",
  cached:
    "name source_hash? source_hash_name? skip_verify? saltenv? use_etag? source_hash_sig? signed_by_any? signed_by_all? keyring? gnupghome?",
  not_cached: "name saltenv?",
  pruned: "name recurse? ignore_errors? older_than?",
};
