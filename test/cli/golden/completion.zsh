#compdef halite
_halite() {
  local -a commands
  commands=(
    'init:make a new fleet repository'
    'render:compile the fleet into out/'
    'watch:recompile on every save, and print what that changes'
    'impact:say what a file, a pillar key or a grain reaches'
    'show:show one stage of one cluster'\''s compile'
    'explain:say what stands behind a line of the compiled output'
    'validate:compile and check everything, write nothing'
    'publish:commit the compiled addons to the branch that the zones pull'
    'start:compile, validate and publish this folder'\''s fleet, and say how to go on'
    'completion:print a shell completion script'
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command="$words[2]"
  shift words; (( CURRENT-- ))
  case "$command" in
    init) _arguments '--bare[only halite.yaml, an empty roster and empty top files]' '--json[print the result as JSON, stable and complete]' '--help[print this help and exit]' ;;
    render) _arguments '--config[the fleet'\''s halite.yaml (default\: the nearest one upwards from here)]:FILE:_files' '--clusters[only the clusters that Salt'\''s compound matcher picks, such as '\''G@az\:sjc1 and not *-canary'\'']:TARGET:_files' '--check[write nothing; say whether out/ is what would be written]' '--out[write there instead of the config'\''s `out`]:DIR:_files' '--jobs[worker threads (default\: chosen by the amount of work; the bytes are the same)]:N:_files' '--shards[render one of N parts of the fleet, as one pod of an Indexed Job]:N:_files' '--shard[which part, from 0 (default\: JOB_COMPLETION_INDEX)]:I:_files' '--no-cache[take nothing from earlier runs and leave nothing for later ones (.halite/cache)]' '--no-memo[compile every cluster by itself, taking nothing over from others or from earlier runs (the bytes are the same)]' '--json[print the result as JSON, stable and complete]' '--help[print this help and exit]' ;;
    watch) _arguments '--config[the fleet'\''s halite.yaml (default\: the nearest one upwards from here)]:FILE:_files' '--clusters[only the clusters that Salt'\''s compound matcher picks, such as '\''G@az\:sjc1 and not *-canary'\'']:TARGET:_files' '--out[write there instead of the config'\''s `out`]:DIR:_files' '--jobs[worker threads (default\: chosen by the amount of work; the bytes are the same)]:N:_files' '--no-cache[take nothing from earlier runs and leave nothing for later ones (.halite/cache)]' '--no-memo[compile every cluster by itself, taking nothing over from others or from earlier runs (the bytes are the same)]' '--json[print the result as JSON, stable and complete]' '--help[print this help and exit]' ;;
    impact) _arguments '--config[the fleet'\''s halite.yaml (default\: the nearest one upwards from here)]:FILE:_files' '--clusters[only the clusters that Salt'\''s compound matcher picks, such as '\''G@az\:sjc1 and not *-canary'\'']:TARGET:_files' '--no-cache[take nothing from earlier runs and leave nothing for later ones (.halite/cache)]' '--json[print the result as JSON, stable and complete]' '--help[print this help and exit]' ;;
    show) _arguments '--cluster[the cluster (with --minion-config\: its id by default)]:ID:_files' '--minion-config[a Salt minion config instead of halite.yaml]:FILE:_files' '--pillar[pillar values that override, as salt-call'\''s pillar=]:JSON:_files' '--saltenv[the environment of the SLS named]:ENV:_files' '--config[the fleet'\''s halite.yaml (default\: the nearest one upwards from here)]:FILE:_files' '--json[print the result as JSON, stable and complete]' '--help[print this help and exit]' '1:word:(pillar top high low files)' ;;
    explain) _arguments '--cluster[the cluster]:ID:_files' '--config[the fleet'\''s halite.yaml (default\: the nearest one upwards from here)]:FILE:_files' '--json[print the result as JSON, stable and complete]' '--help[print this help and exit]' ;;
    validate) _arguments '--config[the fleet'\''s halite.yaml (default\: the nearest one upwards from here)]:FILE:_files' '--clusters[only the clusters that Salt'\''s compound matcher picks, such as '\''G@az\:sjc1 and not *-canary'\'']:TARGET:_files' '--strict[warnings count as errors]' '--accepted[list also what objects accept, with their reasons]' '--jobs[worker threads (default\: chosen by the amount of work; the bytes are the same)]:N:_files' '--json[print the result as JSON, stable and complete]' '--help[print this help and exit]' ;;
    publish) _arguments '--config[the fleet'\''s halite.yaml (default\: the nearest one upwards from here)]:FILE:_files' '--partial[publish although addons failed, with the published files of those carried over]' '--rendered[publish what `halite render --shards` left in DIR; once for each such folder]:DIR:_files' '--jobs[worker threads (default\: chosen by the amount of work; the bytes are the same)]:N:_files' '--json[print the result as JSON, stable and complete]' '--help[print this help and exit]' ;;
    start) _arguments '--config[the fleet'\''s halite.yaml (default\: the nearest one upwards from here)]:FILE:_files' '--jobs[worker threads (default\: chosen by the amount of work; the bytes are the same)]:N:_files' '--json[print the result as JSON, stable and complete]' '--help[print this help and exit]' ;;
    completion) _arguments '--json[print the result as JSON, stable and complete]' '--help[print this help and exit]' '1:word:(bash zsh fish)' ;;
  esac
}
compdef _halite halite
