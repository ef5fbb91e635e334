# syntax=docker/dockerfile:1
# The image compiles its kernels while it is built, so that a container starts at once.

FROM python:3.13-slim AS build

WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/dedup \
    && /opt/dedup/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY dedup dedup
COPY dedup_client dedup_client
# The kernels' machine code fits any server of the last ten years, not the builder's alone.
RUN /opt/dedup/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/dedup/bin/python -P -m dedup.warm_up

FROM python:3.13-slim

LABEL org.opencontainers.image.title="dedup-service" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --home-dir /nonexistent dedup \
    && install --directory --owner dedup --group dedup /data
COPY --from=build /opt/dedup /opt/dedup
ENV PATH=/opt/dedup/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DEDUP_STORE=/data
USER 10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
CMD ["dedup", "serve", "--host", "0.0.0.0", "--port", "8000"]
