# CSI driver for NFS. Settings: map.jinja; pillar keys: README.md.
{%- from 'csi-driver-nfs/map.jinja' import addon, name with context %}

{%- for file in ['driver', 'rbac', 'controller', 'node'] %}

{{ name }}-{{ file }}:
  file.managed:
    - name: {{ addon }}/{{ file }}.yaml
    - source: salt://{{ name }}/templates/{{ file }}.yaml.jinja
    - template: jinja
    - mode: '0644'
    - makedirs: True
{%- endfor %}
