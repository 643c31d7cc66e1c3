# The container image: haftp in the place of the official haproxy image.
#
# It reads /usr/local/etc/haproxy/haproxy.cfg, stays in the foreground, runs as uid 99 and stops
# softly, as that image does, so a compose file needs another image name and nothing else.

FROM debian:bookworm-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        bison cmake flex gcc libc6-dev libpcre2-dev libssl-dev libmicrohttpd-dev libuv1-dev ninja-build pkg-config uthash-dev \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
WORKDIR /src
COPY . .
RUN cmake --preset release -DCMAKE_INSTALL_PREFIX=/usr/local \
    && cmake --build --preset release \
    && DESTDIR=/out cmake --install build/release --strip

FROM debian:bookworm-slim
# Two names for one id: files written for HAProxy say `user haproxy`.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libmicrohttpd12 libpcre2-8-0 libssl3 libuv1 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin \
    && groupadd --system --gid 99 haftp \
    && groupadd --system --gid 99 --non-unique haproxy \
    && useradd --system --uid 99 --gid 99 --home-dir /var/lib/haftp --create-home haftp \
    && useradd --system --uid 99 --gid 99 --non-unique --home-dir /var/lib/haftp haproxy \
    && mkdir -p /usr/local/etc/haproxy
COPY --from=build /out/usr/local /usr/local
COPY examples/docker/entrypoint /usr/local/bin/haftp-entrypoint
COPY examples/docker/healthcheck /usr/local/bin/haftp-healthcheck
COPY examples/docker/container.cfg /usr/local/share/haftp/container.cfg

# Port 21 needs no capability here: Docker lets every user of a container bind low ports
# (net.ipv4.ip_unprivileged_port_start=0).  A capability on the file would make haftp fail to start
# under --cap-drop ALL, which is how careful people run it.
USER haftp
WORKDIR /var/lib/haftp
EXPOSE 21

# Soft stop: sessions finish their work for up to three seconds (container.cfg).  SIGTERM would cut
# running transfers at once.
STOPSIGNAL SIGUSR1
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 \
    CMD ["haftp-healthcheck"]
ENTRYPOINT ["haftp-entrypoint"]
CMD ["haftp", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
