# A server for a model that `chiasm export` wrote: no torch, no root, no network of its own.
# docker build --tag chiasm . ; see docs/deploy.md
FROM python:3.11.13-slim-bookworm AS build
WORKDIR /source
COPY requirements-runtime.txt requirements-serve.txt constraints.txt ./
RUN python -m venv /opt/chiasm \
    && /opt/chiasm/bin/pip install --no-cache-dir --no-compile \
        --requirement requirements-serve.txt --constraint constraints.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
# Compiled once: the image is run read-only, where each start would compile all anew.
RUN /opt/chiasm/bin/pip install --no-cache-dir --no-compile --no-deps . \
    && /opt/chiasm/bin/python -m compileall -q -j 0 /opt/chiasm/lib

FROM python:3.11.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin chiasm
COPY --from=build /opt/chiasm /opt/chiasm
# NumPy would begin a thread for each core of the machine, in each of the server's processes.
ENV PATH=/opt/chiasm/bin:$PATH PYTHONUNBUFFERED=1 OPENBLAS_NUM_THREADS=2
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD [ \
    "python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)" ]
# The exported folder is mounted at /model, read-only.
ENTRYPOINT ["chiasm", "serve", "/model", "--host", "0.0.0.0"]
