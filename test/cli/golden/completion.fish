# fish completion for halite
complete -c halite -f
complete -c halite -n __fish_use_subcommand -a init -d 'make a new fleet repository'
complete -c halite -n '__fish_seen_subcommand_from init' -l bare -d 'only halite.yaml, an empty roster and empty top files'
complete -c halite -n '__fish_seen_subcommand_from init' -l json -d 'print the result as JSON, stable and complete'
complete -c halite -n '__fish_seen_subcommand_from init' -l help -s h -d 'print this help and exit'
complete -c halite -n __fish_use_subcommand -a render -d 'compile the fleet into out/'
complete -c halite -n '__fish_seen_subcommand_from render' -l config -s c -r -F -d 'the fleet\'s halite.yaml (default: the nearest one upwards from here)'
complete -c halite -n '__fish_seen_subcommand_from render' -l clusters -r -F -d 'only the clusters that Salt\'s compound matcher picks, such as \'G@az:sjc1 and not *-canary\''
complete -c halite -n '__fish_seen_subcommand_from render' -l check -d 'write nothing; say whether out/ is what would be written'
complete -c halite -n '__fish_seen_subcommand_from render' -l out -r -F -d 'write there instead of the config\'s `out`'
complete -c halite -n '__fish_seen_subcommand_from render' -l jobs -s j -r -F -d 'worker threads (default: chosen by the amount of work; the bytes are the same)'
complete -c halite -n '__fish_seen_subcommand_from render' -l json -d 'print the result as JSON, stable and complete'
complete -c halite -n '__fish_seen_subcommand_from render' -l help -s h -d 'print this help and exit'
complete -c halite -n __fish_use_subcommand -a show -d 'show one stage of one cluster\'s compile'
complete -c halite -n '__fish_seen_subcommand_from show' -a pillar
complete -c halite -n '__fish_seen_subcommand_from show' -a top
complete -c halite -n '__fish_seen_subcommand_from show' -a high
complete -c halite -n '__fish_seen_subcommand_from show' -a low
complete -c halite -n '__fish_seen_subcommand_from show' -a files
complete -c halite -n '__fish_seen_subcommand_from show' -l cluster -r -F -d 'the cluster (with --minion-config: its id by default)'
complete -c halite -n '__fish_seen_subcommand_from show' -l minion-config -r -F -d 'a Salt minion config instead of halite.yaml'
complete -c halite -n '__fish_seen_subcommand_from show' -l pillar -r -F -d 'pillar values that override, as salt-call\'s pillar='
complete -c halite -n '__fish_seen_subcommand_from show' -l saltenv -r -F -d 'the environment of the SLS named'
complete -c halite -n '__fish_seen_subcommand_from show' -l config -s c -r -F -d 'the fleet\'s halite.yaml (default: the nearest one upwards from here)'
complete -c halite -n '__fish_seen_subcommand_from show' -l json -d 'print the result as JSON, stable and complete'
complete -c halite -n '__fish_seen_subcommand_from show' -l help -s h -d 'print this help and exit'
complete -c halite -n __fish_use_subcommand -a validate -d 'compile and check everything, write nothing'
complete -c halite -n '__fish_seen_subcommand_from validate' -l config -s c -r -F -d 'the fleet\'s halite.yaml (default: the nearest one upwards from here)'
complete -c halite -n '__fish_seen_subcommand_from validate' -l clusters -r -F -d 'only the clusters that Salt\'s compound matcher picks, such as \'G@az:sjc1 and not *-canary\''
complete -c halite -n '__fish_seen_subcommand_from validate' -l strict -d 'warnings count as errors'
complete -c halite -n '__fish_seen_subcommand_from validate' -l jobs -s j -r -F -d 'worker threads (default: chosen by the amount of work; the bytes are the same)'
complete -c halite -n '__fish_seen_subcommand_from validate' -l json -d 'print the result as JSON, stable and complete'
complete -c halite -n '__fish_seen_subcommand_from validate' -l help -s h -d 'print this help and exit'
complete -c halite -n __fish_use_subcommand -a publish -d 'commit the compiled addons to the branch that the zones pull'
complete -c halite -n '__fish_seen_subcommand_from publish' -l config -s c -r -F -d 'the fleet\'s halite.yaml (default: the nearest one upwards from here)'
complete -c halite -n '__fish_seen_subcommand_from publish' -l partial -d 'publish although addons failed, with the published files of those carried over'
complete -c halite -n '__fish_seen_subcommand_from publish' -l jobs -s j -r -F -d 'worker threads (default: chosen by the amount of work; the bytes are the same)'
complete -c halite -n '__fish_seen_subcommand_from publish' -l json -d 'print the result as JSON, stable and complete'
complete -c halite -n '__fish_seen_subcommand_from publish' -l help -s h -d 'print this help and exit'
complete -c halite -n __fish_use_subcommand -a start -d 'compile, validate and publish this folder\'s fleet, and say how to go on'
complete -c halite -n '__fish_seen_subcommand_from start' -l config -s c -r -F -d 'the fleet\'s halite.yaml (default: the nearest one upwards from here)'
complete -c halite -n '__fish_seen_subcommand_from start' -l jobs -s j -r -F -d 'worker threads (default: chosen by the amount of work; the bytes are the same)'
complete -c halite -n '__fish_seen_subcommand_from start' -l json -d 'print the result as JSON, stable and complete'
complete -c halite -n '__fish_seen_subcommand_from start' -l help -s h -d 'print this help and exit'
complete -c halite -n __fish_use_subcommand -a completion -d 'print a shell completion script'
complete -c halite -n '__fish_seen_subcommand_from completion' -a bash
complete -c halite -n '__fish_seen_subcommand_from completion' -a zsh
complete -c halite -n '__fish_seen_subcommand_from completion' -a fish
complete -c halite -n '__fish_seen_subcommand_from completion' -l json -d 'print the result as JSON, stable and complete'
complete -c halite -n '__fish_seen_subcommand_from completion' -l help -s h -d 'print this help and exit'
