{%- from 'manifest/site.jinja' import site with context %}
storage-base-namespaces:
  file.managed:
    - name: {{ site.addons_dir }}/storage-base/namespaces.yaml
    - contents: |
        apiVersion: v1
        kind: Namespace
        metadata:
          name: {{ site.namespaces.csi }}
    - mode: '0644'
    - makedirs: True
