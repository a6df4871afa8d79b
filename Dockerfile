# Two stages: the first builds, the second holds the program and what it links, nothing else.
# BASE is any Debian 13; tests/image.sh makes one from the machine's own apt sources.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS build
WORKDIR /src
COPY deploy/ deploy/
RUN deploy/local/deps.sh --build-only
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake/ cmake/
COPY schemas/ schemas/
COPY processor/ processor/
COPY loadtest/ loadtest/
RUN cmake --preset release -DFLOORWALKER_TESTS=OFF \
    && cmake --build build/release --target floorwalker \
    && strip --strip-debug build/release/bin/floorwalker
RUN deploy/image/runtime-packages.sh build/release/bin/floorwalker >/runtime-packages

FROM ${BASE}
COPY --from=build /runtime-packages /usr/share/floorwalker/runtime-packages
RUN apt-get update -q \
    && DEBIAN_FRONTEND=noninteractive xargs -a /usr/share/floorwalker/runtime-packages \
        apt-get install -y -q --no-install-recommends \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin \
        floorwalker
COPY --from=build /src/build/release/bin/floorwalker /usr/bin/floorwalker
COPY deploy/image/healthy.sh /usr/bin/floorwalker-healthy
USER 10001:10001
WORKDIR /etc/floorwalker
# Inside a container loopback is nobody's: metrics and health answer on all addresses.
ENV FLOORWALKER_LISTEN=0.0.0.0:9464
EXPOSE 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["floorwalker-healthy"]
ENTRYPOINT ["floorwalker"]
CMD ["run", "--config", "/etc/floorwalker/floorwalker.yaml"]
