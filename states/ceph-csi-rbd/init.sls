# CSI driver for Ceph RBD. Settings: map.jinja; pillar keys: README.md.
{%- from 'ceph-csi-rbd/map.jinja' import addon, name, rbd with context %}

{{ addon }}:
  file.directory:
    - mode: '0755'
    - makedirs: True

{%- for file in ['driver', 'rbac', 'config', 'controller', 'node', 'metrics'] %}

{{ name }}-{{ file }}:
  file.managed:
    - name: {{ addon }}/{{ file }}.yaml
    - source: salt://{{ name }}/templates/{{ file }}.yaml.jinja
    - template: jinja
    - mode: '0644'
    - require:
      - file: {{ addon }}
{%- endfor %}

{%- if rbd.secrets %}

{{ name }}-secrets:
  file.managed:
    - name: {{ addon }}/secrets.yaml
    - source: salt://{{ name }}/templates/secrets.yaml.jinja
    - template: jinja
    - mode: '0600'
    - require:
      - file: {{ addon }}
{%- endif %}
