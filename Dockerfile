# The image of the delivery `image`: every controller's bundle, in a stock Node image. First `npm run build`, then
#   docker build -t REGISTRY/halite-controllers:VERSION .
# and pillar `halite: {controllers: {delivery: image, image: {repository: REGISTRY/halite-controllers, tag: VERSION}}}`.
FROM docker.io/library/node:26.10.0-slim
COPY dist/bundles/ /opt/halite/
ENTRYPOINT ["node"]
