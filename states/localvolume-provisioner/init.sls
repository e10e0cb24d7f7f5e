# PersistentVolumes of the partitions that storage-node makes. Settings: map.jinja; pillar keys: README.md.
{%- from 'localvolume-provisioner/map.jinja' import addon, name, provisioner with context %}

{%- set files = ['rbac', 'config', 'daemonset'] %}
{%- if provisioner.classes %}
{%- do files.append('classes') %}
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
