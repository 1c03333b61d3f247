# The images of Timbre, one target each: gateway, preprocess, worker, worker-cuda.
#
#   docker build --target gateway -t timbre-gateway .
#
# Base images are arguments. What ends in an image: Debian slim, the node binary, the compiled services, their
# production packages, the bundled models. No package manager, no compiler, no source. Processes run as user 1000, need no
# writable root filesystem (only /data, and /tmp for the files of a moment), and drain on SIGTERM within DRAIN_TIMEOUT_MS.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=debian:bookworm-slim
# worker-cuda: CUDA 12 and cuDNN 9, as ONNX Runtime 1.30 wants them (docs/operations.md, GPU).
ARG CUDA_IMAGE=nvidia/cuda:12.9.1-cudnn-runtime-ubuntu22.04

# ---- ffmpeg: only what services/preprocess asks of it, without any GPL part (a test compares the lists) ----
FROM ${RUNTIME_IMAGE} AS ffmpeg
WORKDIR /src
RUN set -eu; \
    if [ -e /etc/apt/sources.list.d/debian.sources ]; then \
      sed -i 's/^Types: deb$/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources; \
    else sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > /etc/apt/sources.list.d/sources.list; fi; \
    apt-get update; \
    apt-get install -y --no-install-recommends gcc libc6-dev make nasm xz-utils; \
    apt-get source --download-only ffmpeg; \
    mkdir tree; tar xf ffmpeg_*.orig.tar.xz --strip-components=1 -C tree; \
    rm -rf /var/lib/apt/lists/*
COPY ops/container/ffmpeg-parts.sh ./
RUN set -eu; . ./ffmpeg-parts.sh; cd tree; \
    ./configure --disable-everything --disable-autodetect --disable-doc --disable-debug --disable-network \
      --disable-avdevice --disable-swscale --disable-ffplay --disable-ffprobe --enable-small \
      --enable-protocol=pipe --enable-muxer=wav --enable-encoder=pcm_f32le \
      --enable-demuxer="$DEMUXERS" --enable-decoder="$DECODERS" --enable-parser="$PARSERS" --enable-filter="$FILTERS"; \
    make -j"$(nproc)" ffmpeg; strip ffmpeg; \
    ./ffmpeg -version; ./ffmpeg -L 2>/dev/null | grep -q 'GNU Lesser General Public'; \
    mkdir -p /out/share/ffmpeg; cp ffmpeg /out/; cp COPYING.LGPLv2.1 LICENSE.md /out/share/ffmpeg/

# ---- manifests: what npm reads, so that packages are installed again only when it changes ----
FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
# ONNX Runtime's install script would fetch 330 MB for CUDA.
ENV ONNXRUNTIME_NODE_INSTALL=skip NODE_ENV=production
COPY package.json package-lock.json .npmrc ./
COPY shared/package.json shared/
COPY services/gateway/package.json services/gateway/
COPY services/preprocess/package.json services/preprocess/
COPY services/worker/package.json services/worker/
COPY client/package.json client/
COPY cli/package.json cli/
COPY web/package.json web/

# ---- build: every workspace compiled once ----
FROM manifests AS build
RUN npm ci --include=dev
COPY . .
RUN node ops/container/build-product.mjs \
    && find shared services client cli -path '*/dist/*' \
       \( -name '*.test.*' -o -name '*.d.ts' -o -name '*.map' -o -name '*.tsbuildinfo' \) -delete

# ---- packages: what each service needs to run, and nothing else ----
FROM manifests AS production
COPY ops/container/prune-packages.mjs ./

FROM production AS gateway-packages
RUN npm ci --omit=dev -w shared -w services/gateway -w client -w cli && node prune-packages.mjs
FROM production AS preprocess-packages
RUN npm ci --omit=dev -w shared -w services/preprocess && node prune-packages.mjs
FROM production AS worker-packages
RUN npm ci --omit=dev -w shared -w services/worker && node prune-packages.mjs
# The CUDA provider of ONNX Runtime comes from NuGet, by the script of its own package: 330 MB.
FROM production AS worker-cuda-packages
RUN npm ci --omit=dev -w shared -w services/worker && node prune-packages.mjs \
    && ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js \
    && rm -f node_modules/onnxruntime-node/bin/napi-v*/linux/x64/libonnxruntime_providers_tensorrt.so

# ---- runtime: the node binary on a slim base ----
FROM ${NODE_IMAGE} AS node
FROM ${RUNTIME_IMAGE} AS runtime
RUN groupadd --gid 1000 timbre && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /data timbre \
    && install -d -o 1000 -g 1000 /data
COPY --from=node /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 ADMIN_HOST=0.0.0.0 ADMIN_PORT=8081 DATA_DIR=/data
COPY --from=build /app/package.json /app/package-lock.json /app/LICENSE ./
COPY ops/container/healthcheck.mjs ./
COPY --from=build /app/models models/
COPY --from=build /app/shared/package.json shared/
COPY --from=build /app/shared/dist shared/dist/
USER 1000:1000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["node", "/app/healthcheck.mjs"]
LABEL org.opencontainers.image.title="Timbre" \
      org.opencontainers.image.description="Tells which instrument plays in an audio recording" \
      org.opencontainers.image.licenses="MIT"

FROM runtime AS gateway
COPY --from=gateway-packages /app/node_modules node_modules/
COPY --from=build /app/services/gateway/package.json services/gateway/
COPY --from=build /app/services/gateway/dist services/gateway/dist/
COPY --from=build /app/client/package.json client/
COPY --from=build /app/client/dist client/dist/
COPY --from=build /app/cli/package.json cli/
COPY --from=build /app/cli/bin cli/bin/
COPY --from=build /app/cli/dist cli/dist/
COPY --from=build /app/web/dist web/dist/
EXPOSE 8080 8081
CMD ["node", "services/gateway/dist/main.js"]

FROM runtime AS preprocess
COPY --from=ffmpeg /out/ffmpeg /usr/local/bin/ffmpeg
COPY --from=ffmpeg /out/share/ffmpeg /usr/local/share/ffmpeg/
COPY --from=preprocess-packages /app/node_modules node_modules/
COPY --from=build /app/services/preprocess/package.json services/preprocess/
COPY --from=build /app/services/preprocess/kernel services/preprocess/kernel/
COPY --from=build /app/services/preprocess/dist services/preprocess/dist/
EXPOSE 8081
CMD ["node", "services/preprocess/dist/main.js"]

FROM runtime AS worker
COPY --from=worker-packages /app/node_modules node_modules/
COPY --from=build /app/services/worker/package.json services/worker/
COPY --from=build /app/services/worker/dist services/worker/dist/
EXPOSE 8081
CMD ["node", "services/worker/dist/main.js"]

FROM ${CUDA_IMAGE} AS worker-cuda
RUN useradd --uid 1000 --no-create-home --home-dir /data timbre 2>/dev/null || true; install -d -o 1000 -g 1000 /data
COPY --from=node /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 ADMIN_HOST=0.0.0.0 ADMIN_PORT=8081 DATA_DIR=/data \
    EXECUTION_PROVIDERS=cuda,cpu
COPY --from=worker /app /app
COPY --from=worker-cuda-packages /app/node_modules node_modules/
USER 1000:1000
STOPSIGNAL SIGTERM
EXPOSE 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s --retries=3 CMD ["node", "/app/healthcheck.mjs"]
CMD ["node", "services/worker/dist/main.js"]
