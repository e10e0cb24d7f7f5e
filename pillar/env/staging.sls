# yaml-language-server: $schema=../../schemas/pillar/pillar.schema.json
# Staging's Prometheus is a plain one: its sidecar gathers ConfigMaps.
storage-alerts:
  format: configmap
  selector_labels:
    prometheus_rules: "1"
storage-base:
  operators: [storage-team]
