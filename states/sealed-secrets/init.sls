# The controller that opens SealedSecrets. Settings: map.jinja; pillar keys: README.md.
{%- from 'sealed-secrets/map.jinja' import addon, name with context %}

{{ name }}-crds:
  file.recurse:
    - name: {{ addon }}/crds
    - source: salt://{{ name }}/crds
    - file_mode: '0644'
    - dir_mode: '0755'
    - makedirs: True

{{ name }}-manifests:
  file.managed:
    - names:
      - {{ addon }}/rbac.yaml:
        - source: salt://{{ name }}/templates/rbac.yaml.jinja
      - {{ addon }}/controller.yaml:
        - source: salt://{{ name }}/templates/controller.yaml.jinja
    - template: jinja
    - mode: '0644'
    - makedirs: True
