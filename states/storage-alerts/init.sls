# Prometheus rules about the storage of the cluster. Settings: map.jinja; pillar keys: README.md.
{%- from 'storage-alerts/map.jinja' import addon, name, alerts with context %}

{{ name }}-rules:
  file.managed:
    - name: {{ addon }}/rules.yaml
    - source: salt://{{ name }}/templates/{{ alerts.format }}.yaml.jinja
    - template: jinja
    - mode: '0644'
    - makedirs: True
