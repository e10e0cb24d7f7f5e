# Makes of nodes' disks what their flavor says. Settings: map.jinja; pillar keys: README.md.
{%- from 'storage-node/map.jinja' import addon, name, storage with context %}

{%- set files = ['crd', 'rbac'] %}
{%- if storage.flavors %}
{%- do files.extend(['flavors', 'daemonsets']) %}
{%- endif %}

{%- for file in files %}

{{ name }}-{{ file }}:
  file.managed:
    - name: {{ addon }}/{{ file }}.yaml
    - source: salt://{{ name }}/templates/{{ file }}.yaml.jinja
    - template: jinja
    - mode: '0644'
    - makedirs: True
{%- endfor %}
