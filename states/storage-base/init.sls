# What the other components stand on: namespaces, priority classes, budgets, network policies, roles.
# Settings: map.jinja; pillar keys: README.md.
{%- from 'storage-base/map.jinja' import addon, name, storage, components with context %}

{%- set files = ['namespaces', 'priority-classes', 'disruption-budgets', 'roles'] %}
{%- if storage.network_policies.enabled %}
{%- do files.append('network-policies') %}
{%- endif %}

{%- for file in files %}

{{ name }}-{{ file }}:
  file.managed:
    - name: {{ addon }}/{{ file }}.yaml
    - source: salt://{{ name }}/templates/{{ file }}.yaml.jinja
    - template: jinja
    - mode: '0644'
    - makedirs: True
    {%- if file == 'namespaces' %}
    - order: first
    {%- endif %}
{%- endfor %}
