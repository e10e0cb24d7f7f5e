# A second kube-scheduler that chooses volumes by rules about disks. Settings: map.jinja; pillar keys: README.md.
{%- from 'volume-scheduler/map.jinja' import addon, name with context %}

{%- for file in ['rbac', 'config', 'scheduler'] %}

{{ name }}-{{ file }}:
  file.managed:
    - name: {{ addon }}/{{ file }}.yaml
    - source: salt://{{ name }}/templates/{{ file }}.yaml.jinja
    - template: jinja
    - mode: '0644'
    - makedirs: True
{%- endfor %}
