# Halite's images; docs/controllers.md says how they are built, pushed and named in pillar. First `npm run build`:
#
#   controllers  every controller, for the delivery `image`: a stock Node image and one layer with the bundles
#   halite       the command line besides, with git and ssh: for halite-sync, halite-render and CI
#
# NODE is what both stand on, best named by digest. Node 20 or newer, and Debian's packages for `halite`.
ARG NODE=docker.io/library/node:26.10.0-slim

FROM ${NODE} AS controllers
ARG VERSION=0.1.0
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="Halite's controllers" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
# The modes do not hang on the umask of whoever builds.
COPY --chmod=0444 LICENSE dist/bundles/*.cjs /opt/halite/
# Pods that work on a node's disks say themselves that they are root.
USER 1000:1000
ENTRYPOINT ["node"]

FROM controllers AS halite
LABEL org.opencontainers.image.title="Halite"
USER 0:0
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/* /run/adduser \
 && ln -s ../lib/halite/dist/halite.mjs /usr/local/bin/halite
COPY --chmod=0755 ci /usr/local/lib/halite/ci
COPY --chmod=0755 schemas /usr/local/lib/halite/schemas
COPY --chmod=0755 dist /usr/local/lib/halite/dist
USER 1000:1000
ENTRYPOINT ["halite"]
