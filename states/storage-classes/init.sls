# Storage classes and volume snapshot classes of the cluster's flavors. Which: map.jinja; pillar keys: README.md.
{%- from 'storage-classes/map.jinja' import addon, name, storage_classes, snapshot_classes with context %}

{{ addon }}:
  file.directory:
    - mode: '0755'
    - makedirs: True

{%- for object in storage_classes + snapshot_classes %}
{%- set file = ('storageclass-' if object.kind == 'StorageClass' else 'volumesnapshotclass-') ~ object.metadata.name %}

{{ name }}-{{ file }}:
  file.serialize:
    - name: {{ addon }}/{{ file }}.yaml
    - dataset: {{ object | json }}
    - formatter: yaml
    - mode: '0644'
    - require:
      - file: {{ addon }}
{%- endfor %}
