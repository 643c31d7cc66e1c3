# The other ends of the container test: an FTP server and a client, chosen by the command.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl vsftpd \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin \
    && mkdir -p /var/run/vsftpd/empty /srv/ftp/upload \
    && chown ftp:ftp /srv/ftp/upload
COPY vsftpd.conf server /etc/peer/
CMD ["/etc/peer/server"]
