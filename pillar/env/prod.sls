# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
storage-base:
  operators: [storage-oncall]
  viewers: [sre, storage-team]
storage-alerts:
  runbook_url: https://runbooks.example.net/storage
