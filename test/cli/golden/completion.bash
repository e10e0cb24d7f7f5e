# bash completion for halite
_halite() {
  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" words
  case "$previous" in
    --config|-c|--minion-config|--out|--rendered) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="init render watch impact show explain validate diff ci publish plan apply status sync rollback secret start completion --help --version"
  else case "${COMP_WORDS[1]}" in
    init) words="--bare --ci --json --help" ;;
    render) words="--config --clusters --check --out --jobs --shards --shard --no-cache --no-memo --json --help" ;;
    watch) words="--config --clusters --out --jobs --no-cache --no-memo --json --help" ;;
    impact) words="--try-all --config --clusters --no-cache --json --help" ;;
    show) words="pillar top high low files --cluster --minion-config --pillar --saltenv --config --json --help" ;;
    explain) words="--cluster --config --json --help" ;;
    validate) words="--config --clusters --strict --accepted --format --output --contained --jobs --json --help" ;;
    diff) words="--config --base --head --merge-base --clusters --format --output --exit-zero --full --no-cache --no-memo --json --help" ;;
    ci) words="--config --base --head --merge-base --clusters --comment --html --diff-json --sarif --junit --fail-on --strict --full --jobs --no-cache --no-memo --json --help" ;;
    publish) words="--config --partial --rendered --skip-superseded --allow-older --allow-diverged --allow-foreign --allow-plain --max-deletion --allow-az-deletion --jobs --json --help" ;;
    plan) words="--cluster --local --commit --kubeconfig --context --allow-rollback --config --beside-addon-manager --hand-back --json --help" ;;
    apply) words="--cluster --local --commit --kubeconfig --context --allow-rollback --config --beside-addon-manager --hand-back --wait --watch --timeout --json --help" ;;
    status) words="--cluster --local --commit --kubeconfig --context --allow-rollback --config --az --reasons --json --help" ;;
    sync) words="--config --az --once --kubeconfigs --state --listen --shards --shard --lease-kubeconfig --reasons --verbose --json --help" ;;
    rollback) words="--config --to --az --addon --max-deletion --allow-az-deletion --json --help" ;;
    secret) words="seal verify list rotate edit --config --clusters --fd --trim --kubeseal-cert --cluster --scope --type --into --replace --sealing-keys --offline --kubeconfig --strict --older-than --check --new-data-key --jobs --json --help" ;;
    start) words="--config --jobs --allow-plain --max-deletion --allow-az-deletion --json --help" ;;
    completion) words="bash zsh fish --json --help" ;;
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _halite halite
