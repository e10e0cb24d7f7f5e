# Watches every node's kernel log for what goes wrong with its disks. Settings: map.jinja; pillar keys: README.md.
{%- from 'node-problem-detector/map.jinja' import addon, name with context %}

{%- for file in ['rbac', 'config', 'site-config', 'daemonset'] %}

{{ name }}-{{ file }}:
  file.managed:
    - name: {{ addon }}/{{ file }}.yaml
    - source:
      - salt://{{ name }}/templates/{{ grains.id }}/{{ file }}.yaml.jinja
      - salt://{{ name }}/templates/{{ file }}.yaml.jinja
    - template: jinja
    - mode: '0644'
    - makedirs: True
{%- endfor %}
