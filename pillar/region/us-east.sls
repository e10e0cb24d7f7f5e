# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
images:
  mirror: registry.us-east.example.net/mirror
  pull_secrets: [mirror-pull]
