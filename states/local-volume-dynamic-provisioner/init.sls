# CSI driver for LVM volumes of nodes. Settings: map.jinja; pillar keys: README.md.
{%- from 'local-volume-dynamic-provisioner/map.jinja' import addon, name, lvm with context %}

{%- for file in ['driver', 'rbac', 'daemonset'] + (['classes'] if lvm.classes or lvm.attributes_classes else []) %}

{{ name }}-{{ file }}:
  file.managed:
    - name: {{ addon }}/{{ file }}.yaml
    - source: salt://{{ name }}/templates/{{ file }}.yaml.jinja
    - template: jinja
    - mode: '0644'
    - makedirs: True
{%- endfor %}
