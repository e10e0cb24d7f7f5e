# Which pillar file goes to which cluster, from the general to the particular: what comes later wins.
base:
  '*':
    - fleet.images
    - fleet.components
    - fleet.addons
    - fleet.rollout
  'G@region:us-west':
    - region.us-west
  'G@region:us-east':
    - region.us-east
  'az:sjc1':
    - match: grain
    - az.sjc1
  'az:sjc2':
    - match: grain
    - az.sjc2
  'az:iad1':
    - match: grain
    - az.iad1
  'G@flavors:nvme-db':
    - flavor.nvme-db
  'G@flavors:ssd-general':
    - flavor.ssd-general
  'G@flavors:hdd-bulk':
    - flavor.hdd-bulk
  'E@.*-prod-\d+':
    - env.prod
  '*-staging-*':
    - env.staging
  'G@env:dev':
    - env.dev
  canary:
    - match: nodegroup
    - env.canary
  # One cluster's own file, where it has one.
  '{{ grains.id }}':
    - cluster.{{ grains.id }}
    - ignore_missing: True
