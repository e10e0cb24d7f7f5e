# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
images:
  mirror: registry.us-west.example.net/mirror
  pull_secrets: [mirror-pull]
