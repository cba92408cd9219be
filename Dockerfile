# The control plane and its gateway in one image, for a PostgreSQL of yours (DATABASE_URL). The image brings Node itself, so
# neither the npm package of Node nor the embedded PostgreSQL is installed, and no install script runs.
#   docker build -t tollgate . && docker run -e DATABASE_URL=… -e TOLLGATE_MASTER_KEY=… -p 4100:4100 -p 4101:4101 tollgate

FROM node:26-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/core/package.json packages/core/
COPY packages/server/package.json packages/server/
COPY packages/sdk/package.json packages/sdk/
COPY packages/web/package.json packages/web/
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

FROM node:26-slim AS pages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages packages
RUN npm ci --omit=optional --ignore-scripts && node packages/web/build.ts

FROM node:26-slim
ENV NODE_ENV=production \
    TOLLGATE_HOST=0.0.0.0 \
    TOLLGATE_DATA_DIR=/var/lib/tollgate
# The folder holds the journal of usage that is not yet settled: keep it in a volume.
RUN mkdir -p /var/lib/tollgate && chown node:node /var/lib/tollgate && chmod 700 /var/lib/tollgate
VOLUME /var/lib/tollgate
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json package-lock.json LICENSE* ./
COPY packages packages
COPY --from=pages /app/packages/web/dist packages/web/dist
USER node
EXPOSE 4100 4101
# Usage in flight is settled before the process ends: give it more than Docker's ten seconds where streams are long.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.TOLLGATE_PORT || 4100}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "packages/server/src/main.ts", "serve"]
