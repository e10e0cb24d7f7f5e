# The controller of VolumeSnapshots and the CRDs of its API. Settings: map.jinja; pillar keys: README.md.
{%- from 'snapshot-controller/map.jinja' import addon, name, snapshot, namespace, distributed with context %}

# The CRDs as upstream has them, byte for byte.
{{ name }}-crds:
  file.recurse:
    - name: {{ addon }}/crds
    - source: salt://{{ name }}/crds
    - include_pat: '*.yaml'
    {%- if not snapshot.group_snapshots %}
    - exclude_pat: 'crd-volumegroup*'
    {%- endif %}
    - file_mode: '0644'
    - dir_mode: '0755'
    - makedirs: True

{%- for file in ['rbac', 'controller'] %}

{{ name }}-{{ file }}:
  file.managed:
    - name: {{ addon }}/{{ file }}.yaml
    - source: salt://{{ name }}/templates/{{ file }}.yaml.jinja
    - template: jinja
    - context:
        name: {{ name }}
        namespace: {{ namespace }}
        snapshot: {{ snapshot | json }}
        distributed: {{ distributed | json }}
    - mode: '0644'
    - makedirs: True
    - require:
      - file: {{ name }}-crds
{%- endfor %}
