# One image for any service: docker build -f docker/service.Dockerfile --build-arg SERVICE=conversation -t parley/conversation .
# A container has no init of its own: start it with --init (compose does; Kubernetes needs none, the service takes the signals itself).
ARG NODE=24.21.0

FROM node:${NODE}-slim AS build
WORKDIR /workspace
ENV NX_DAEMON=false CI=true
COPY package.json package-lock.json .npmrc ./
COPY apps apps
COPY libs libs
COPY tools tools
# Scripts of packages stay off (.npmrc); the layer is kept as long as the lockfile is.
RUN --mount=type=cache,target=/root/.npm npm install
COPY nx.json .swcrc tsconfig.base.json tsconfig.json ./
COPY docker/bundle.mjs docker/bundle.mjs
COPY docs docs
ARG SERVICE
# The gateway alone serves the widget, which is built with it.
RUN test -n "$SERVICE" && npx nx run-many -t build -p "$SERVICE$(test "$SERVICE" = channel-gateway && echo ,widget)" && node docker/bundle.mjs "$SERVICE" /out

FROM node:${NODE}-slim
# What is not needed to run: package managers and their caches.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn* /usr/local/bin/yarn*
WORKDIR /app
COPY --from=build --chown=0:0 /out/ ./
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps HEALTH_HOST=0.0.0.0
# kubectl exec … parley dlq list
RUN printf '#!/bin/sh\nexec node /app/parley.js "$@"\n' > /usr/local/bin/parley && chmod 755 /usr/local/bin/parley
USER 10001:10001
ENTRYPOINT ["node"]
CMD ["main.js"]
