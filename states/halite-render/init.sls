# Renders the fleet in shards, in this cluster. Settings: map.jinja; pillar keys: README.md.
{%- from 'halite-render/map.jinja' import addon, name with context %}

{%- for file in ['service-account', 'jobs'] %}

{{ name }}-{{ file }}:
  file.managed:
    - name: {{ addon }}/{{ file }}.yaml
    - source: salt://{{ name }}/templates/{{ file }}.yaml.jinja
    - template: jinja
    - mode: '0644'
    - makedirs: True
{%- endfor %}
