# Pinned by tag: no registry was at hand to look a digest up in. Who builds for production should pin one:
#   docker build --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:… .
ARG NODE_IMAGE=node:24-bookworm-slim

# The manifests alone, so that installed packages are cached for as long as these do not change.
FROM ${NODE_IMAGE} AS manifests
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
# The commit, which cannot be asked for in here: docker build --build-arg REVISION="$(git rev-parse HEAD)" .
ARG REVISION=unknown
RUN REVISION="${REVISION}" npm run build
RUN mkdir storage

FROM manifests AS production
RUN npm ci --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Network Flow Monitor exporter" \
      org.opencontainers.image.description="Prometheus exporter for AWS Network Flow Monitor" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
WORKDIR /app
COPY LICENSE package.json ./
COPY config config
COPY --from=production /app/node_modules node_modules
# node_modules links to it.
COPY --from=production /app/packages packages
COPY --from=build /app/packages/client-networkflowmonitor/dist packages/client-networkflowmonitor/dist
COPY --from=build /app/dist dist
# Empty, for storage.path: a new volume that is mounted here gets its owner.
COPY --from=build --chown=1000:1000 /app/storage /var/lib/nfm-exporter

# The base image's user "node", by number, so that Kubernetes' runAsNonRoot can tell that it is not root. Nothing else is
# ever written: run it with a read-only root file system.
USER 1000:1000
EXPOSE 10049
# No shell and no curl needed. Where the exporter listens elsewhere or has a path prefix, set HEALTHCHECK_URL.
ENV HEALTHCHECK_URL=http://127.0.0.1:10049/-/healthy
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch(process.env.HEALTHCHECK_URL).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["--config.file=/etc/nfm-exporter/nfm-exporter.yml"]
