# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
# This cluster renders the fleet: two pods for eight clusters, and a third that publishes what they leave.
components:
  halite-render: true
halite-render:
  shards: 2
  publish:
    enabled: true
