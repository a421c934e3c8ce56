# Pinned by tag. For production, pin a digest of your registry:
#   docker build --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:… .
ARG NODE_IMAGE=node:24-bookworm-slim

# Compiles and installs on the build machine's platform, also for another one: no step below runs the target's programs.
# The manifests alone, so that installed packages are cached for as long as these do not change.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/client-networkflowmonitor/package.json packages/client-networkflowmonitor/
COPY packages/simulator/package.json packages/simulator/

FROM manifests AS build
RUN npm ci --ignore-scripts
COPY tsconfig.base.json tsconfig.json ./
COPY scripts/build.mjs scripts/
COPY packages packages
COPY src src
# The commit, because the build context has no .git: docker build --build-arg REVISION="$(git rev-parse HEAD)" .
ARG REVISION=unknown
RUN REVISION="${REVISION}" npm run build && find dist -name '*.map' -delete
RUN mkdir storage

FROM manifests AS production
# npm says x64 where Docker says amd64.
ARG TARGETARCH
RUN npm ci --omit=dev --ignore-scripts --os=linux --cpu="$(echo "${TARGETARCH:?use BuildKit or buildah --platform}" | sed 's/^amd64$/x64/')"
# Removes what never runs: source maps, type declarations, documents, tests, and examples of dependencies. Licenses stay.
# Workspaces are links here, and part of dist.
RUN find node_modules -type d \( -name test -o -name tests -o -name __tests__ -o -name examples \) -prune -exec rm -r {} + \
  && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \
    -o -iname '*.md' ! -iname 'licen[cs]e*' \) -delete \
  && find node_modules -type l -delete && find node_modules -type d -empty -delete

# The default, but buildah 1.28 would use the platform of the stages above.
FROM --platform=$TARGETPLATFORM ${NODE_IMAGE}
ARG NODE_IMAGE
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Network Flow Monitor exporter" \
      org.opencontainers.image.description="Prometheus exporter for AWS Network Flow Monitor" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://git.example/network-flow-monitor-exporter" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${NODE_IMAGE}"
ENV NODE_ENV=production
WORKDIR /app
COPY LICENSE package.json ./
COPY config config
COPY --from=production /app/node_modules node_modules
COPY --from=build /app/dist dist
# Empty, for storage.path: a new volume that is mounted here gets its owner.
COPY --from=build --chown=1000:1000 /app/storage /var/lib/nfm-exporter

# The user "node" of the base image, by number, so that Kubernetes can check runAsNonRoot. Nothing else is ever written: run
# it with a read-only root file system.
USER 1000:1000
EXPOSE 10049
# Reads the same variables as the exporter, and the file of CMD for the address. Flags given to the exporter belong here, too.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "/app/dist/main.js", "healthcheck", "--config.file=/etc/nfm-exporter/nfm-exporter.yml"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["--config.file=/etc/nfm-exporter/nfm-exporter.yml"]
