# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
# In which order clusters get a change. A cluster's wave stands in the pillar of its zone, or of the canaries.
rollout:
  waves:
    canary: {order: 1, soak: 30m}
    us-west-1: {order: 2, soak: 15m}
    us-west-2: {order: 3, soak: 15m}
    us-east: {order: 4}
