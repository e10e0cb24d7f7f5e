# Keeps the clusters of an availability zone as the published branch says. Settings: map.jinja; pillar keys: README.md.
{%- from 'halite-sync/map.jinja' import addon, name, sync with context %}

{%- for file in ['service-account', 'config', 'sync'] + (['alerts'] if sync.alerts.enabled else []) %}

{{ name }}-{{ file }}:
  file.managed:
    - name: {{ addon }}/{{ file }}.yaml
    - source: salt://{{ name }}/templates/{{ file }}.yaml.jinja
    - template: jinja
    - mode: '0644'
    - makedirs: True
{%- endfor %}
