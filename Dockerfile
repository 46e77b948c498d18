# syntax=docker/dockerfile:1
# The timer service. With another command, the migrator:
#   docker run … node apps/migrator/dist/main.js migrate
# The embedded PostgreSQL is for development and is not in the image: set DATABASE_URL or PG_HOST, PG_USER, PG_DB_NAME.

FROM node:20-bookworm-slim AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY apps apps
COPY libs libs
COPY examples examples
# Only what npm ci needs, so that its layer is rebuilt only when a package.json changes.
RUN find apps libs examples -type f ! -name package.json -delete

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY --from=manifests /app ./
RUN npm ci
COPY . .
RUN npx nx run-many -t build -p timer-service,migrator --outputStyle=static \
 && npm prune --omit=dev --omit=optional \
 && find apps libs -type d -name src -prune -exec rm -rf {} + \
 && rm -rf apps/bench apps/chaos examples .nx scripts

FROM node:20-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
WORKDIR /app
COPY --from=build /app ./
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((response) => process.exit(response.ok ? 0 : 1), () => process.exit(1))"]
# Node.js itself, not npm: it receives the SIGTERM of docker stop and finishes the attempts in flight.
# Node.js would let both generations of its heap grow further without benefit (docs/operations.md, Memory).
CMD ["node", "--max-semi-space-size=16", "--heap-growing-percent=50", "--no-allocation-site-pretenuring", "apps/timer-service/dist/main.js"]
